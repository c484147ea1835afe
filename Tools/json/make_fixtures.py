#!/usr/bin/env python3
"""Writes the fixtures of JSONTests: how Python's json module reads and writes numbers and values.

Uses only the standard library (made with CPython 3.11, seed 20). Run from anywhere:

    Tools/json/make_fixtures.py
"""

import json
import math
import pathlib
import random
import struct

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/JSONTests/Fixtures"
SEED = 20


def doubles(rng):
    """Bit patterns that cover every layout of repr: subnormals, powers of ten, integers, random bits."""
    values = [0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 0.3, 1 / 3, 2.5, 1e22, 1e23]
    for exponent in range(-30, 31):
        for digits in (1, 1.5, 9.999999999999999, 1.2345678901234567):
            values.append(float(f"{digits}e{exponent}"))
    for bits in range(50, 64):
        values += [float(2**bits), float(2**bits + 2), -float(2**bits - 1)]
    values += [rng.uniform(-1, 1) * 10 ** rng.uniform(-8, 20) for _ in range(300)]
    while len(values) < 900:
        value = struct.unpack("<d", rng.randbytes(8))[0]
        if math.isfinite(value):
            values.append(value)
    return values


def texts(rng):
    """JSON texts: hand-picked ones first, then random values."""
    yield from [
        "null", "true", "[]", "{}", "[[],{}]", " [1 , 2.0,\t-0 , -0.0, 1E2, 1e-7]\r\n", "9223372036854775807",
        "-9223372036854775808", '"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\"\\\\ \\u0000\\u001f\\u007f"',
        '{"b":1,"a":{"d":[],"c":{}},"é":"ü","e\u0301":2,"b":3,"\U0001f600":4,"\uffff":5}',
        json.dumps({f"key {i * 7 % 40}": i for i in range(40)}),
    ]

    def value(depth):
        kind = rng.randrange(8 if depth < 4 else 5)
        if kind == 0:
            return rng.choice([None, True, False])
        if kind == 1:
            return rng.randrange(-(10 ** rng.randrange(1, 18)), 10 ** rng.randrange(1, 18))
        if kind == 2:
            return rng.uniform(-1, 1) * 10 ** rng.uniform(-9, 20)
        if kind in (3, 4):
            return "".join(chr(rng.choice([rng.randrange(128), rng.randrange(0x600), 0x1F600 + rng.randrange(64)]))
                           for _ in range(rng.randrange(12)))
        if kind == 5:
            return [value(depth + 1) for _ in range(rng.randrange(5))]
        return {f"{rng.choice('abcé😀')}{rng.randrange(30)}": value(depth + 1) for _ in range(rng.randrange(6))}

    for _ in range(60):
        yield json.dumps(value(0), ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, 1]))


def main():
    rng = random.Random(SEED)
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = [f"{struct.unpack('<Q', struct.pack('<d', value))[0]:016x} {value!r}" for value in doubles(rng)]
    (FOLDER / "doubles.txt").write_text("\n".join(lines) + "\n")
    cases = []
    for text in texts(rng):
        value = json.loads(text)
        cases.append({
            "text": text,
            "compact": json.dumps(value, ensure_ascii=False, separators=(",", ":")),
            "python": json.dumps(value, ensure_ascii=False),
            "indented": json.dumps(value, ensure_ascii=False, indent=2),
            "sortedASCII": json.dumps(value, sort_keys=True),
        })
    document = {"generator": f"Tools/json/make_fixtures.py, seed {SEED}", "cases": cases}
    (FOLDER / "values.json").write_text(json.dumps(document, ensure_ascii=True, indent=1) + "\n")


if __name__ == "__main__":
    main()
