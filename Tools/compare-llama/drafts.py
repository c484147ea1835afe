#!/usr/bin/env python3
"""Multi-token prediction in Apus and llama.cpp, on one GGUF file with a head.

    python3 Tools/compare-llama/agreeing_head.py draft.gguf agreeing.gguf
    python3 Tools/compare-llama/drafts.py --model agreeing.gguf [--drafts 0,1,2,3,4] [--json FILE]

Both servers get the same conversation, one request at a time, for each number of drafts. README.md says more.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from llama import ROOT, Llama

sys.path.insert(0, str(ROOT / "Tools/load"))
from servers import APUS, Apus, LlamaServer, bench, conditions, trace_text  # noqa: E402

CONTEXT = 4096


def apus(arguments, drafts: int) -> Apus:
    flags = ["--draft", "mtp", "--drafts", drafts] if drafts else []
    return Apus(arguments.model, "--threads", arguments.threads, *flags, apus=arguments.apus)


def llama(arguments, drafts: int) -> LlamaServer:
    flags = ["--spec-type", "draft-mtp", "--spec-draft-n-max", drafts] if drafts else []
    return LlamaServer(arguments.program, arguments.model, slots=1, context=CONTEXT, threads=arguments.threads,
                       flags=flags)


def measure(server, arguments) -> dict:
    conversation = {"arrival": 0, "turns": [{"prompt": 32, "output": arguments.output, "pause": 0}] * arguments.turns}
    with server:
        result, _ = bench(server.url, trace_text([conversation]), "--body", server.endless(), apus=arguments.apus)
    drafted = result["accepted_draft_tokens"] + result["rejected_draft_tokens"]
    return {
        "tokens_per_second": 1 / result["seconds_per_token"]["mean"],
        "acceptance": result["accepted_draft_tokens"] / drafted if drafted else None,
        "tokens_per_step": result["tokens_per_step"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file with a multi-token-prediction head")
    parser.add_argument("--drafts", default="0,1,2,3,4", help="numbers of drafts, separated by commas, 0 first")
    parser.add_argument("--turns", type=int, default=2, help="requests of the conversation")
    parser.add_argument("--output", type=int, default=128, help="tokens of each reply")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--apus", type=Path, default=APUS, help="the program")
    parser.add_argument("--llama", type=Path, default=ROOT / ".build/llama.cpp", help="folder of source and build")
    parser.add_argument("--json", type=Path, help="write the results to this file too")
    arguments = parser.parse_args()
    numbers = [int(number) for number in arguments.drafts.split(",")]
    folder = Llama(arguments.llama)
    folder.build()
    arguments.program = folder.programs / "llama-server"

    rows = []
    for drafts in numbers:
        row = {"drafts": drafts}
        for name, start in (("apus", apus), ("llama", llama)):
            row[name] = measure(start(arguments, drafts), arguments)
            print(f"{drafts} drafts, {name}: {row[name]}", file=sys.stderr, flush=True)
        rows.append(row)
    print(f"{arguments.model.name}, {arguments.threads} threads")
    print(f"{'drafts':>6}" + "".join(f"  {name:>10} tok/s   gain  right  a step" for name in ("Apus", "llama.cpp")))
    for row in rows:
        line = f"{row['drafts']:>6}"
        for name in ("apus", "llama"):
            result, base = row[name], rows[0][name]
            right = "-" if result["acceptance"] is None else f"{100 * result['acceptance']:.0f}%"
            line += (f"  {result['tokens_per_second']:>16.1f} {result['tokens_per_second'] / base['tokens_per_second']:>6.2f}"
                     f" {right:>6} {result['tokens_per_step']:>7.2f}")
        print(line)
    if arguments.json:
        summary = {"model": arguments.model.name, "threads": arguments.threads, "llama": folder.version,
                   "conditions": conditions(), "results": rows}
        arguments.json.write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
