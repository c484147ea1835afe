#!/usr/bin/env python3
"""Calibrates `apus simulate` on one trace, and compares it with runs of three others.

    python3 Tools/load/simulation.py --model F.gguf [--rounds N] [--json FILE]

1. `apus simulate calibrate` times single steps of the engine.
2. traces/calibration.jsonl is run on `apus serve` at half and nine tenths of its capacity. Three numbers are then chosen
   so that the simulated runs agree best: a factor on all steps, what a step takes besides, and what a request takes
   besides.
3. The other traces are run on the server and simulated, at half and nine tenths of their capacity. Before each, the
   calibration trace at nine tenths says anew how fast the machine is: the factor on all steps is chosen again.

A trace's capacity is its throughput, simulated, when all of it comes at once. At nine tenths of it a machine that is slower by
a tenth for some seconds doubles the queue. So step 3 is done --rounds times, and for each trace and load the median over the
rounds of the ratio of simulated to measured counts: for the median TTFT and for throughput it has to be within 15%.

The client has a core to itself: --threads is one less than there are cores unless it is given. Otherwise client and engine
take turns on one, which is in no cost model.
"""

import argparse
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from servers import APUS, Apus, bench, conditions

TRACES = Path(__file__).parent / "traces"
COMPARED = ["chat", "prefixes", "bursts"]
SHARES = [0.5, 0.9]
BOUND = 0.15
# So many that at nine tenths of capacity hardly anyone waits for a place: the edge of that queue is where medians jump.
RUNNING = 32
STEP_TOKENS = 512


class Simulation:
    """`apus simulate` with the server's resources and some cost model."""

    def __init__(self, apus: Path, cost: Path, counts: dict):
        self.apus = apus
        self.cost = cost
        self.counts = counts
        self.fitted = {"time-scale": 1.0, "step-seconds": 0.0, "request-seconds": 0.0}

    def run(self, trace: Path, speed: float, fitted: dict | None = None) -> dict:
        flags = {"trace": trace, "cost": self.cost, "speed": speed, "max-running": RUNNING, "step-tokens": STEP_TOKENS,
                 "max-queued": 100_000, **self.counts, **(fitted or self.fitted)}
        done = subprocess.run([self.apus, "simulate", "--json",
                               *(str(part) for name, value in flags.items() for part in (f"--{name}", value))],
                              stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"apus simulate ended with {done.returncode}")
        return json.loads(done.stdout)

    def capacity(self, trace: Path) -> float:
        """Requests a second where all come at once."""
        return self.run(trace, 1e6)["requests_per_second"]

    def fit(self, trace: Path, runs: list[tuple[float, dict]], names=("time-scale", "step-seconds", "request-seconds")
            ) -> float:
        """Chooses the named numbers for runs of a trace, each with its speed; returns the error that is left, a mean of
        logarithms."""
        keys = ("ttft", "seconds_per_token", "end_to_end")

        def error(fitted: dict) -> float:
            total = 0.0
            for speed, measured in runs:
                simulated = self.run(trace, speed, fitted)
                total += sum(abs(math.log(simulated[key]["p50"] / measured[key]["p50"])) for key in keys)
            return total / len(keys) / len(runs)

        best, least = dict(self.fitted), error(self.fitted)
        factor = {"time-scale": 1.6, "step-seconds": 0.004, "request-seconds": 0.016}
        for _ in range(8):
            for name in names:
                amount = factor[name]
                for direction in (1, -1):
                    tried = dict(best)
                    tried[name] = (best[name] * amount ** direction if name == "time-scale"
                                   else max(0.0, best[name] + direction * amount))
                    if tried != best and (remaining := error(tried)) < least:
                        best, least = tried, remaining
            factor = {"time-scale": factor["time-scale"] ** 0.6, "step-seconds": factor["step-seconds"] * 0.6,
                      "request-seconds": factor["request-seconds"] * 0.6}
        self.fitted = best
        return least


def rate(trace: Path) -> float:
    """Requests a second as the trace has them."""
    lines = [json.loads(line) for line in trace.read_text().splitlines()[1:]]
    return sum(len(line["turns"]) for line in lines) / max(line["arrival"] for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--apus", type=Path, default=APUS, help="the program")
    parser.add_argument("--apus-flags", nargs=argparse.REMAINDER, default=[], help="further flags of apus serve")
    parser.add_argument("--threads", type=int, default=max(1, len(os.sched_getaffinity(0)) - 1))
    parser.add_argument("--rounds", type=int, default=3, help="how often each trace is run at each load")
    parser.add_argument("--cost", type=Path, help="a cost model of apus simulate calibrate, if there is one already")
    parser.add_argument("--json", type=Path, help="write the results to this file, too")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds is {arguments.rounds}; at least one is needed")

    before = conditions()
    with tempfile.TemporaryDirectory() as folder:
        cost = arguments.cost or Path(folder) / "cost.json"
        if arguments.cost is None:
            done = subprocess.run([arguments.apus, "simulate", "calibrate", "--model", arguments.model, "-o", cost,
                                   "--sequences", str(RUNNING), "--step-tokens", str(STEP_TOKENS), "--threads",
                                   str(arguments.threads)], stdout=sys.stderr)
            if done.returncode:
                sys.exit(f"apus simulate calibrate ended with {done.returncode}")
        runs = compare(arguments, cost, before)
    summaries = [summary(name, share, [run for run in runs if (run["trace"], run["load"]) == (name, share)])
                 for name in COMPARED for share in SHARES]
    print(f"\nmedians of {arguments.rounds} rounds, simulated to measured:")
    for row in summaries:
        print(f"{row['trace']:12} {row['load']:>5}  TTFT {row['ttft_ratio'] - 1:>+5.0%}, tokens/s "
              f"{row['throughput_ratio'] - 1:>+5.0%}  {'agrees' if row['agrees'] else 'DOES NOT AGREE'}")
    failed = [row for row in summaries if not row["agrees"]]
    print(f"{len(summaries) - len(failed)} of {len(summaries)} agree within {BOUND:.0%}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"conditions": before, "summaries": summaries, "runs": runs}, indent=1) + "\n")
    sys.exit(1 if failed else 0)


def compare(arguments, cost: Path, before: dict) -> list[dict]:
    server = Apus(arguments.model, "--max-running", RUNNING, "--step-tokens", STEP_TOKENS, "--threads",
                  arguments.threads, "--max-queued", 10_000, *arguments.apus_flags, apus=arguments.apus)
    rows = []
    with server:
        simulation = Simulation(arguments.apus, cost, server.counts())

        number = itertools.count()

        def measure(trace: Path, share: float) -> tuple[float, dict]:
            speed = share * simulation.capacity(trace) / rate(trace)
            # A simulated run starts with empty caches.
            body = json.loads(server.endless()) | {"cache_salt": f"{trace.stem} {next(number)}"}
            measured, _ = bench(server.url, trace.read_text(), "--speed", speed, "--timeout", 3600, "--body",
                                json.dumps(body), apus=arguments.apus)
            return speed, measured

        calibration = TRACES / "calibration.jsonl"
        # First at half: only a fitted model knows the capacity.
        simulation.fit(calibration, [measure(calibration, SHARES[0])])
        left = simulation.fit(calibration, [measure(calibration, share) for share in SHARES])
        print(f"{arguments.model.name}, {arguments.threads} threads, {before}")
        print(f"fitted: {simulation.fitted}, error left {left:.1%}")
        print(f"{'trace':12} {'load':>5} {'requests':>8} {'tokens':>7}  {'TTFT ms':>8} {'simulated':>9} {'':>6}  "
              f"{'tokens/s':>8} {'simulated':>9}")
        for _, name in itertools.product(range(arguments.rounds), COMPARED):
            simulation.fit(calibration, [measure(calibration, SHARES[-1])], ["time-scale"])
            for share in SHARES:
                trace = TRACES / f"{name}.jsonl"
                speed, measured = measure(trace, share)
                simulated = simulation.run(trace, speed)
                row = compared(name, share, measured, simulated)
                rows.append(row)
                print(f"{name:12} {share:>5} {measured['answered']:>8} {row['prompt_ratio']:>7.2f}  "
                      f"{measured['ttft']['p50'] * 1e3:>8.0f} {simulated['ttft']['p50'] * 1e3:>9.0f} "
                      f"{row['ttft_ratio'] - 1:>+6.0%}  {measured['output_tokens_per_second']:>8.1f} "
                      f"{simulated['output_tokens_per_second']:>9.1f} {row['throughput_ratio'] - 1:>+6.0%}", flush=True)
    return rows


def compared(name: str, share: float, measured: dict, simulated: dict) -> dict:
    """One run beside its simulation."""
    return {
        "trace": name, "load": share,
        "ttft_ratio": simulated["ttft"]["p50"] / measured["ttft"]["p50"],
        "throughput_ratio": simulated["output_tokens_per_second"] / measured["output_tokens_per_second"],
        # How near the text came to the trace's lengths, and what was cached.
        "prompt_ratio": measured["prompt_tokens"] / simulated["prompt_tokens"],
        "measured": measured, "simulated": simulated,
    }


def summary(name: str, share: float, runs: list[dict]) -> dict:
    """What all runs of a trace at one load come to."""
    ratios = {key: statistics.median(run[key] for run in runs) for key in ("ttft_ratio", "throughput_ratio")}
    agrees = (all(abs(ratio - 1) <= BOUND for ratio in ratios.values())
              and all(run["measured"]["answered"] >= 200 for run in runs))
    return {"trace": name, "load": share, **ratios, "agrees": agrees}


if __name__ == "__main__":
    main()
