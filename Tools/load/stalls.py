#!/usr/bin/env python3
"""A long prompt arrives while streams run: how long they stall, and what it costs, by the server's settings.

    python3 Tools/load/stalls.py --model F.gguf --variants "--step-tokens 128;--step-tokens 512;--step-tokens 2048"

Four streams run; after a while a prompt of 32,768 tokens comes. Between its arrival and its first token the gaps of the
four streams are counted, and all tokens computed. The decode-only step is the median gap before it comes.
"""

import argparse
import json
import os
import shlex
from pathlib import Path

from servers import APUS, Apus, bench, conditions, trace_text


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(arguments, flags: list[str]) -> dict:
    """One variant's run."""
    streams = [{"arrival": 0, "turns": [{"prompt": 64, "output": arguments.stream_tokens}]} for _ in range(4)]
    long = {"arrival": arguments.after, "turns": [{"prompt": arguments.prompt, "output": 2}]}
    context = arguments.prompt + arguments.prompt // 8 + 1024
    with Apus(arguments.model, "--threads", arguments.threads, "--max-running", 8, "--context-length", context, *flags,
              apus=arguments.apus) as server:
        _, entries = bench(server.url, trace_text([*streams, long]), "--timeout", 3600, "--body",
                           json.dumps({"ignore_eos": True}), apus=arguments.apus)
    reading = next(entry for entry in entries if entry["conversation"] == 4)
    start, end = reading["sent"], reading["sent"] + reading["ttft"]
    before, during, streamed, running = [], [], 0, True
    for entry in entries:
        if entry["conversation"] == 4:
            continue
        pieces = entry["pieces"]
        running = running and pieces[-1] >= end
        streamed += sum(start <= time <= end for time in pieces)
        for earlier, later in zip(pieces, pieces[1:]):
            if later <= start:
                before.append(later - earlier)
            elif earlier >= start and later <= end:
                during.append(later - earlier)
    step = quantile(before, 0.5)
    return {
        "flags": shlex.join(flags), "decode_step": step, "seconds": end - start,
        "p50": quantile(during, 0.5), "p99": quantile(during, 0.99), "max": max(during),
        "p99_in_steps": quantile(during, 0.99) / step,
        "tokens_per_second": (reading["prefilled_tokens"] + streamed) / (end - start),
        "streams_outlasted_it": running,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--apus", type=Path, default=APUS, help="the program")
    parser.add_argument("--variants", required=True, help="flags of apus serve to try, separated by semicolons")
    parser.add_argument("--prompt", type=int, default=32_768, help="tokens of the long prompt")
    parser.add_argument("--stream-tokens", type=int, default=2000, help="tokens of each stream")
    parser.add_argument("--after", type=float, default=5, help="seconds until the long prompt comes")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path, help="write the results to this file, too")
    arguments = parser.parse_args()

    before = conditions()
    print(f"{arguments.model.name}, {arguments.threads} threads, {before}")
    print(f"{'settings':36} {'step ms':>8} {'p50 ms':>8} {'p99 ms':>8} {'p99/step':>8} {'max ms':>8} {'prompt s':>8} "
          f"{'tokens/s':>8}")
    results = []
    for variant in arguments.variants.split(";"):
        result = measure(arguments, shlex.split(variant))
        results.append(result)
        short = "" if result["streams_outlasted_it"] else "  streams ended before the prompt was read"
        print(f"{result['flags']:36} {result['decode_step'] * 1e3:>8.1f} {result['p50'] * 1e3:>8.1f} "
              f"{result['p99'] * 1e3:>8.1f} {result['p99_in_steps']:>8.1f} {result['max'] * 1e3:>8.1f} "
              f"{result['seconds']:>8.1f} {result['tokens_per_second']:>8.1f}{short}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"conditions": before, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
