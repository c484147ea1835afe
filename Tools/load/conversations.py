#!/usr/bin/env python3
"""Conversations on Apus and llama-server: what each turn prefills, and how long its first token takes.

    python3 Tools/load/conversations.py --model F.gguf --scenario agent
    python3 Tools/load/conversations.py --model F.gguf --scenario shared --json FILE

`agent` is one conversation that grows over 20 turns to 16,000 tokens. `shared` is fifty conversations on one system
prompt of 8,192 tokens, whose turns alternate; more of them than can run at once. README.md says more.
"""

import argparse
import contextlib
import itertools
import json
import os
import shlex
import statistics
import sys
from pathlib import Path

from servers import APUS, ROOT, Apus, LlamaServer, bench, conditions, trace_text

sys.path.insert(0, str(ROOT / "Tools/compare-llama"))
from llama import Llama  # noqa: E402


def agent(turns: int = 20, tokens: int = 16_000, reply: int = 64) -> list[dict]:
    """A system prompt of 1,000 tokens, then equal turns."""
    new = (tokens - 1000) // turns - reply
    return [{"arrival": 0, "prefix": {"id": 0, "tokens": 1000},
             "turns": [{"prompt": new, "output": reply, "pause": 0.5}] * turns}]


def shared(head_start: float, conversations: int = 50, turns: int = 3, reply: int = 32) -> list[dict]:
    """The first comes alone, so that the system prompt is there; then all others, a turn of each after the other."""
    return [{"arrival": 0 if number == 0 else head_start + 0.1 * number, "prefix": {"id": 0, "tokens": 8192},
             "turns": [{"prompt": 100, "output": reply, "pause": 5}] * turns} for number in range(conversations)]


def run(server, scenario: str, arguments) -> list[dict]:
    conversations = agent() if scenario == "agent" else shared(arguments.head_start)
    with server:
        print(f"{server.name}: {shlex.join(server.command)}", file=sys.stderr, flush=True)
        _, entries = bench(server.url, trace_text(conversations), "--timeout", 3600, "--body", server.endless(),
                           apus=arguments.apus)
    return entries


def excess(entries: list[dict]) -> list[int]:
    """Tokens each turn of one conversation prefilled beyond those that the turn before, with its reply, did not have."""
    return [after["prefilled_tokens"] - (after["prompt_tokens"] - before["prompt_tokens"] - before["output_tokens"])
            for before, after in zip(entries, entries[1:])]


def show_agent(results: dict[str, list[dict]]) -> None:
    names = list(results)
    print(f"{'turn':>4}" + "".join(f"  | {name:>12}: prompt prefilled    TTFT s" for name in names))
    # A turn that was refused, because the conversation outgrew the context, has no usage and ends its conversation.
    results = {name: list(itertools.takewhile(lambda entry: "ttft" in entry, results[name])) for name in names}
    for turn in range(max(len(entries) for entries in results.values())):
        line = f"{turn + 1:>4}"
        for name in names:
            if turn >= len(results[name]):
                line += f"  | {'':>12}  {'refused':>26}"
                continue
            entry = results[name][turn]
            line += f"  | {'':>12}  {entry['prompt_tokens']:>6} {entry['prefilled_tokens']:>9} {entry['ttft']:>9.3f}"
        print(line)
    for name in names:
        entries = results[name]
        if len(entries) < 2:
            print(f"{name}: fewer than two turns were answered")
            continue
        worst = max(excess(entries))
        print(f"{name}: TTFT of turn {len(entries)} is {entries[-1]['ttft'] / entries[1]['ttft']:.2f} times turn 2's; "
              f"no turn after the first prefilled more than {worst} tokens beyond its new ones")


def show_shared(results: dict[str, list[dict]]) -> None:
    print(f"{'':14} {'turn':>4} {'requests':>8} {'prompt':>8} {'prefilled: median':>18} {'most':>6} {'total':>9} "
          f"{'TTFT s: median':>15} {'most':>8}")
    for name, entries in results.items():
        for turn in sorted({entry["turn"] for entry in entries}):
            # The first request of all reads the system prompt; it is no example of the rest.
            of_turn = [entry for entry in entries if entry["turn"] == turn and "ttft" in entry
                       and (entry["conversation"] > 0 or turn > 0)]
            prefilled = [entry["prefilled_tokens"] for entry in of_turn]
            ttft = [entry["ttft"] for entry in of_turn]
            print(f"{name:14} {turn + 1:>4} {len(of_turn):>8} "
                  f"{statistics.median(entry['prompt_tokens'] for entry in of_turn):>8.0f} "
                  f"{statistics.median(prefilled):>18.0f} {max(prefilled):>6} {sum(prefilled):>9} "
                  f"{statistics.median(ttft):>15.3f} {max(ttft):>8.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--scenario", choices=["agent", "shared"], required=True)
    parser.add_argument("--apus", type=Path, default=APUS, help="the program")
    parser.add_argument("--apus-flags", default="", help="further flags of apus serve")
    parser.add_argument("--llama", type=Path, default=ROOT / ".build/llama.cpp", help="folder of source and build")
    parser.add_argument("--llama-package", type=Path, help="the source package, where it is not to be downloaded")
    parser.add_argument("--llama-server", type=Path, help="a llama-server that is there already; then none is built")
    parser.add_argument("--llama-flags", default="", help="further flags of llama-server")
    parser.add_argument("--only", choices=["apus", "llama"], help="run one of them")
    parser.add_argument("--slots", type=int, default=8, help="sequences that run at once")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--head-start", type=float, default=60, help="seconds the first of fifty has for the prompt")
    parser.add_argument("--json", type=Path, help="write all requests to this file, too")
    arguments = parser.parse_args()

    context = 28_672 if arguments.scenario == "agent" else 12_288
    before = conditions()
    results = {}
    if arguments.only != "llama":
        flags = ["--max-running", arguments.slots, "--threads", arguments.threads, "--context-length", context,
                 *shlex.split(arguments.apus_flags)]
        results["Apus"] = run(Apus(arguments.model, *flags, apus=arguments.apus), arguments.scenario, arguments)
    if arguments.only != "apus":
        program = arguments.llama_server
        if program is None:
            llama = Llama(arguments.llama)
            llama.build(arguments.llama_package)
            program = llama.programs / "llama-server"
        server = LlamaServer(program, arguments.model, slots=arguments.slots, context=context,
                             threads=arguments.threads, flags=shlex.split(arguments.llama_flags))
        results["llama-server"] = run(server, arguments.scenario, arguments)
    print(f"{arguments.model.name}, {arguments.threads} threads, {before}")
    (show_agent if arguments.scenario == "agent" else show_shared)(results)
    if arguments.json:
        arguments.json.write_text(json.dumps({"conditions": before, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
