#!/usr/bin/env python3
"""A long prompt arrives while streams run: how long they stall, and what it costs, by the server's settings.

    python3 Tools/load/stalls.py --model F.gguf --chunks 512,2048 --bounds 4,10

Four streams run; after a while a prompt of 32,768 tokens comes. Between its arrival and its first token the gaps of the
four streams are counted, and all tokens computed. The decode-only step is the median gap before it comes.

Each of --chunks is tried as --step-tokens, without a bound on gaps. Then each of --bounds is tried: --max-gap is so many
decode-only steps, as the runs before measured them, with the largest of the chunks. The 99th percentile of the gaps has
to stay within the bound, and at the largest bound throughput within 10% of the best chunk's.
"""

import argparse
import json
import os
import shlex
import statistics
import sys
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
                           server.endless(), apus=arguments.apus)
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
    if not before or not during:
        sys.exit("the streams ended before the prompt was read: give them more --stream-tokens")
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
    parser.add_argument("--chunks", default="512,2048", help="values of --step-tokens to try")
    parser.add_argument("--bounds", default="4,10", help="values of --max-gap to try, in decode-only steps")
    parser.add_argument("--prompt", type=int, default=32_768, help="tokens of the long prompt")
    parser.add_argument("--stream-tokens", type=int, default=3000, help="tokens of each stream")
    parser.add_argument("--after", type=float, default=5, help="seconds until the long prompt comes")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path, help="write the results to this file, too")
    arguments = parser.parse_args()

    chunks = [int(size) for size in arguments.chunks.split(",")]
    bounds = sorted(float(bound) for bound in arguments.bounds.split(","))
    before = conditions()
    print(f"{arguments.model.name}, {arguments.threads} threads, {before}")
    print(f"{'settings':36} {'step ms':>8} {'p50 ms':>8} {'p99 ms':>8} {'p99/step':>8} {'max ms':>8} {'prompt s':>8} "
          f"{'tokens/s':>8}")
    results = []

    def show(flags: list) -> dict:
        result = measure(arguments, [str(flag) for flag in flags])
        results.append(result)
        short = "" if result["streams_outlasted_it"] else "  streams ended before the prompt was read"
        print(f"{result['flags']:36} {result['decode_step'] * 1e3:>8.1f} {result['p50'] * 1e3:>8.1f} "
              f"{result['p99'] * 1e3:>8.1f} {result['p99_in_steps']:>8.1f} {result['max'] * 1e3:>8.1f} "
              f"{result['seconds']:>8.1f} {result['tokens_per_second']:>8.1f}{short}", flush=True)
        return result

    tried = [show(["--step-tokens", size]) for size in chunks]
    step = statistics.median(result["decode_step"] for result in tried)
    best = max(result["tokens_per_second"] for result in tried)
    failed = False
    for bound in bounds:
        result = show(["--step-tokens", max(chunks), "--max-gap", f"{bound * step:.4f}"])
        share = result["tokens_per_second"] / best
        kept = result["p99"] <= bound * step and (bound < bounds[-1] or share >= 0.9)
        failed |= not kept
        print(f"bound {bound:g} steps: p99 is {result['p99'] / (bound * step):.0%} of it, throughput {share:.0%} of the "
              f"best chunk's: {'kept' if kept else 'NOT KEPT'}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"conditions": before, "results": results}, indent=1) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
