#!/usr/bin/env python3
"""Compares the speed of `apus bench` with llama.cpp's on one GGUF file.

    python3 Tools/compare-llama/compare.py --model F.gguf [--threads 2] [--rounds 3] [--tests NAMES] [--json FILE]

Both programs run in turn, so that a machine that slows down slows both; the table shows medians of the rounds and
their ratio. README.md says what each test is.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from llama import ROOT, Llama


@dataclass
class Test:
    """One comparison: sizes as both programs understand them."""

    prompt: int = 0
    generate: int = 0
    depth: int = 0
    sequences: int = 1

    def apus(self, command: list[str], model: Path, threads: int) -> dict:
        """The result of one run of `apus bench`."""
        sizes = {"prompt": self.prompt, "generate": self.generate, "depth": self.depth, "batch": self.sequences,
                 "threads": threads, "repetitions": 1}
        flags = [text for name, value in sizes.items() for text in (f"--{name}", str(value))]
        done = subprocess.run([command[0], "bench", "--model", model, *flags, "--json", *command[1:]], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return json.loads(done.stdout)[0]

    def llama(self, llama: Llama, model: Path, threads: int) -> float:
        """Tokens a second of one run of llama.cpp."""
        if self.sequences == 1:
            return llama.bench(model, threads, prompt=self.prompt, generate=self.generate, depth=self.depth)
        return llama.batched(model, threads, sequences=self.sequences, prompt=self.depth, generate=self.generate)

    @property
    def what(self) -> str:
        return "prefill" if self.prompt else "decode"


TESTS = {
    "prefill-512": Test(prompt=512),
    "prefill-4096": Test(prompt=4096),
    "decode": Test(generate=64),
    "decode-16": Test(generate=64, depth=64, sequences=16),
    "decode-at-32768": Test(generate=64, depth=32768),
}


def compare(name: str, arguments, llama: Llama) -> dict:
    """Runs one test in turn, and returns its medians."""
    test = TESTS[name]
    command = [arguments.apus, *shlex.split(arguments.apus_flags)]
    ours, theirs = [], []
    for round in range(arguments.rounds):
        ours.append(test.apus(command, arguments.model, arguments.threads))
        print(f"{name} {round + 1}: apus {ours[-1][f'{test.what}_tokens_per_second']:.1f}", file=sys.stderr, flush=True)
        # Reaching a depth takes llama.cpp minutes; it has to compute every token before it.
        if not arguments.no_llama and (test.depth <= 512 or round < arguments.depth_rounds):
            theirs.append(test.llama(llama, arguments.model, arguments.threads))
            print(f"{name} {round + 1}: llama.cpp {theirs[-1]:.1f}", file=sys.stderr, flush=True)
    median = statistics.median(result[f"{test.what}_tokens_per_second"] for result in ours)
    fraction = "arithmetic_fraction" if test.what == "prefill" else "bandwidth_fraction"
    result = {
        "test": name,
        "apus_tokens_per_second": median,
        "llama_tokens_per_second": statistics.median(theirs) if theirs else None,
        "ratio": median / statistics.median(theirs) if theirs else None,
        fraction: statistics.median(result[fraction] for result in ours),
        "apus_runs": [result[f"{test.what}_tokens_per_second"] for result in ours],
        "llama_runs": theirs,
        "limits": ours[-1]["limits"],
    }
    return result


def row(result: dict) -> str:
    def show(value, digits):
        return "-" if value is None else f"{value:.{digits}f}"

    prefill = "arithmetic_fraction" in result
    fraction = result["arithmetic_fraction" if prefill else "bandwidth_fraction"]
    return (f"{result['test']:16} {show(result['apus_tokens_per_second'], 1):>10} "
            f"{show(result['llama_tokens_per_second'], 1):>10} {show(result['ratio'], 2):>6}  "
            f"{100 * fraction:.0f}% of {'arithmetic' if prefill else 'bandwidth'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--apus", default=str(ROOT / ".build/release/apus"), help="the program")
    parser.add_argument("--apus-flags", default="", help="further flags of apus bench, such as '--kv-type f16'")
    parser.add_argument("--llama", type=Path, default=ROOT / ".build/llama.cpp", help="folder of source and build")
    parser.add_argument("--llama-package", type=Path, help="the source package, where it is not to be downloaded")
    parser.add_argument("--no-llama", action="store_true", help="run apus only")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--depth-rounds", type=int, default=1, help="rounds of llama.cpp at a depth above 512")
    parser.add_argument("--tests", default=",".join(TESTS), help="names, separated by commas")
    parser.add_argument("--json", type=Path, help="write the results to this file too")
    arguments = parser.parse_args()
    names = arguments.tests.split(",")
    if unknown := [name for name in names if name not in TESTS]:
        parser.error(f"no test {unknown[0]!r}; there are {', '.join(TESTS)}")

    llama = Llama(arguments.llama)
    if not arguments.no_llama:
        llama.build(arguments.llama_package)
    results = [compare(name, arguments, llama) for name in names]
    print(f"{arguments.model.name}, {arguments.threads} threads, medians of {arguments.rounds} alternating rounds")
    print(f"{'':16} {'apus tok/s':>10} {'llama.cpp':>10} {'ratio':>6}")
    for result in results:
        print(row(result))
    if arguments.json:
        summary = {"model": arguments.model.name, "threads": arguments.threads, "rounds": arguments.rounds,
                   "llama": None if arguments.no_llama else llama.version, "results": results}
        arguments.json.write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
