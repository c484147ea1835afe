#!/usr/bin/env python3
"""Has `apus grammar` make random documents by walking over its masks, and checks each with jsonschema.

    pip install -r Tools/grammar/requirements.txt
    python3 Tools/grammar/sample.py [--tokenizer tokenizer.json] [--count 1000] [--samples 3] [--seed 1]

A walk that comes to its end has to be JSON that satisfies its schema; one that does not end within the limit has to
be at a place where it could go on. Exits 1 at the first that is not so.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import generate
import oracle
from engines import Apus


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json; default: the embedded model's")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=2000)
    arguments = parser.parse_args()
    cases = list(generate.corpus(arguments.count, arguments.seed, each=1))
    requests = [
        {"grammar": case["schema"], "sample": arguments.samples, "seed": number, "max_tokens": arguments.max_tokens}
        for number, case in enumerate(cases)
    ]
    seen: Counter = Counter()
    for case, answer in zip(cases, Apus(arguments.apus, arguments.tokenizer).run(requests)):
        if "error" in answer:
            seen["schemas refused or unsatisfiable"] += 1
            continue
        seen["schemas"] += 1
        check = oracle.validator(case["schema"])
        for sample in answer["samples"]:
            if not sample["finished"]:
                seen["cut off"] += 1
                if sample["tokens"] < arguments.max_tokens:
                    sys.exit(f"stuck: {json.dumps(case['schema'])}\n{sample}")
            elif oracle.is_valid(check, sample["text"]):
                seen["valid"] += 1
            else:
                seen["INVALID"] += 1
                print(json.dumps(case["schema"], ensure_ascii=False)[:600], sample["text"][:400], sep="\n")
    for what, count in sorted(seen.items()):
        print(f"{count:7} {what}")
    sys.exit(1 if seen["INVALID"] else 0)


if __name__ == "__main__":
    main()
