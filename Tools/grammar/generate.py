#!/usr/bin/env python3
"""Writes schemas with documents as JSON lines, seeded: {"schema", "documents": [text, ...]}.

    python3 Tools/grammar/generate.py --count 1000 --seed 1 > corpus.jsonl

Each schema comes with a sampler of values that are meant to satisfy it; documents are samples, and samples with one
thing changed. Whether a document does satisfy the schema is for jsonschema to say (oracle.py), not for this script.
Members stand in the schema's order, as the grammar has them.
"""

import argparse
import json
import random
from decimal import Decimal
from typing import Any

from documents import documents
from schemas import make


def plain(value: Any) -> Any:
    """The value without decimals, for the schema's own text."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return float(value) if isinstance(value, Decimal) else value


def corpus(count: int, seed: int, each: int):
    for number in range(count):
        r = random.Random(f"{seed}/{number}")
        made = make(r)
        yield {"schema": plain(made.schema), "documents": documents(r, made, each)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=12, help="documents a schema, at most two more")
    arguments = parser.parse_args()
    for case in corpus(arguments.count, arguments.seed, arguments.documents):
        print(json.dumps(case, ensure_ascii=False))


if __name__ == "__main__":
    main()
