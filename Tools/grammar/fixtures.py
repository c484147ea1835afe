#!/usr/bin/env python3
"""Writes Tests/GrammarTests/Fixtures: generated schemas with jsonschema's verdicts, and patterns with Python's.

    python3 Tools/grammar/fixtures.py
"""

import json
import random
import re
from pathlib import Path

import differences
import oracle
from generate import corpus
from texts import PATTERNS

FOLDER = Path(__file__).resolve().parents[2] / "Tests/GrammarTests/Fixtures"

# Patterns on which ECMA-262 and Python's re agree.
MORE_PATTERNS = [
    "", "a", "^a|b$", "(^a|b)c", "a(b|$)", "a*", "^(?:a|ab)(?:c|bcd)(?:d*)$", "^[^a-c]$", "^[\\]\\-^]+$", "^[a\\-z]+$", "[\\d.]+",
    "^a{0}b$", "^a{2}$", "^a{2,}$", "^(a{1,2}){2}$", "^x?y?z?$", "^\\u0041\\x42$", "^\\t\\n$", "^(?=.*\\d)(?=.*[a-z]).{3,5}$",
    "^(?!ab).*$", "^(?!.*--)[a-z-]+$", "^\\(\\)\\[\\]\\{\\}$", "^a{,x$", "^.$", "^\\S+\\s\\S+$", "^(a|(b|(c|d)e)f)$", "^[+-]?\\d+$",
    "^$|^a$", "^日本?$", "(?:^|,)a(?:,|$)", "\\$\\.", "^[\\w-]+\\.[a-z]{2,3}$", "^(?<year>\\d{4})$", "a.c", "^a+?b*?$",
]
TEXTS = ["", "a", "b", "ab", "abc", "ac", "bc", "aab", "aa", "aaa", "aaaa", "A", "AB", "0", "12", "a1", "1a2", "a1b2", "abcd", "x y",
         " ", "xyz", "xz", "日", "日本", "a-b", "a--b", "-1", "+", "()[]{}", "]^-", "\t\n", "a\nb", "$.", "1.5", "a.b", "w-1.com",
         "b,a", "a,b", "2024", "def", "cef", "af", "a{,x", "é", "🙂", "abcabc", "ababab"]


def schemas(count: int, seed: int) -> list:
    """Cases whose verdicts are mixed; what no value satisfies is left out."""
    cases = []
    for case in corpus(count, seed, each=8):
        check = oracle.validator(case["schema"])
        verdicts = [[text, oracle.is_valid(check, text)] for text in case["documents"]]
        # Where a grammar that refuses a valid document would be right to do so, it is not asked.
        verdicts = [[t, valid] for t, valid in verdicts if not differences.reason(case["schema"], t, valid, False)]
        if any(valid for _, valid in verdicts):
            cases.append([case["schema"], verdicts])
    return cases


def patterns() -> list:
    """Each pattern with the texts in which it is found, and those in which it is not."""
    rng = random.Random(1)
    rows = []
    for pattern in MORE_PATTERNS + [pattern for pattern, _ in PATTERNS]:
        samples = dict(PATTERNS).get(pattern, [])
        texts = list(dict.fromkeys(samples + TEXTS + ["".join(rng.choice("abc-.1 ") for _ in range(4)) for _ in range(6)]))
        python = pattern.replace("(?<", "(?P<") if "(?<year" in pattern else pattern
        # Python lets $ stand before a line feed at the end.
        compiled = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", python), re.ASCII)
        found = [text for text in texts if compiled.search(text)]
        rows.append({"pattern": pattern, "found": found, "not_found": [text for text in texts if text not in found]})
    return rows


def write(name: str, value: list) -> None:
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in value)
    (FOLDER / name).write_text(f"[\n{rows}\n]\n")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    write("json-schemas.json", schemas(90, 7))
    write("patterns.json", patterns())


if __name__ == "__main__":
    main()
