#!/usr/bin/env python3
"""Writes Sources/Tokenizer/UnicodeData.swift: the character classes and the NFC data of Hugging Face `tokenizers`.

They are read out of the installed package itself by asking it about every scalar, so that Apus splits and normalises
text by the same Unicode version, whatever version the Swift toolchain has. Made with tokenizers 0.23.3, which is all it
needs.

    python3 Tools/tokenizer/make_unicode_tables.py
"""

import itertools
import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
NFC = normalizers.NFC().normalize_str
NFD = normalizers.NFD().normalize_str
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
HANGUL = range(0xAC00, 0xD7A4)


def base36(n: int) -> str:
    digits = ""
    while True:
        n, digit = divmod(n, 36)
        digits = DIGITS[digit] + digits
        if n == 0:
            return digits


def matching(pattern: str) -> list[int]:
    """Scalars matched by a one-scalar pattern of the regular expressions in tokenizer.json (Oniguruma)."""
    replace = normalizers.Replace(Regex(pattern), "").normalize_str
    return [c for c in SCALARS if replace(chr(c)) == ""]


def word_scalars() -> list[int]:
    r"""Scalars that keep a `single_word` added token from matching when they stand beside it (`\w` of Rust's regex)."""
    tokenizer = Tokenizer(models.BPE(vocab={}, merges=[]))
    tokenizer.add_tokens([AddedToken("\x01\x02", single_word=True, normalized=False)])
    return [c for c in SCALARS if c not in (1, 2) and not tokenizer.encode(chr(c) + "\x01\x02").ids]


def combining_classes() -> dict[int, int]:
    """Non-zero canonical combining classes, from the order into which NFD puts a scalar and one mark of each class."""
    # The two outermost classes, 1 and 240, tell marks from starters: one of them always changes places with a mark.
    low, high = "\u0334", "\u0345"
    marks = {}
    for c in SCALARS:
        s = chr(c)
        if unicodedata.combining(s) and NFD(s) == s and (NFD(high + s) != high + s or NFD(s + low) != s + low):
            marks.setdefault(unicodedata.combining(s), s)
    classes = sorted(marks)
    found = {}
    for c in SCALARS:
        if c in HANGUL or NFD(chr(c)) != chr(c):
            continue
        s = chr(c)
        if NFD(high + s) == high + s and NFD(s + low) == s + low:
            continue  # it moves neither way: a starter
        if unicodedata.combining(s) not in classes:
            sys.exit(f"U+{c:04X} reorders, but this Python's Unicode {unicodedata.unidata_version} gives it no class")
        # The class is the largest one whose mark is not moved behind the scalar.
        found[c] = max((k for k in classes if NFD(marks[k] + s) == marks[k] + s), default=classes[0])
        if found[c] != unicodedata.combining(s):
            sys.exit(f"U+{c:04X} has class {found[c]}, expected {unicodedata.combining(s)}")
    return found


def mappings() -> tuple[list[tuple[int, int, int]], list[tuple[int, list[int]]]]:
    """Pairs that compose, and decompositions that are never undone. Hangul syllables are left to arithmetic."""
    compositions, decompositions = [], []
    for c in SCALARS:
        whole = NFD(chr(c))
        if c in HANGUL or whole == chr(c):
            continue
        if NFC(chr(c)) == chr(c):
            first, second = NFC(whole[:-1]), whole[-1]
            if len(first) != 1 or NFC(first + second) != chr(c):
                sys.exit(f"U+{c:04X} does not compose from a pair")
            compositions.append((c, ord(first), ord(second)))
        else:
            decompositions.append((c, [ord(s) for s in whole]))
    return compositions, decompositions


def runs(members: list[int]) -> list[str]:
    """Alternating lengths of the runs outside and inside of a set."""
    inside = set(members)
    # Surrogates are no scalars: they count as the continuation of the run before them.
    lengths = [
        (key, len(list(group)))
        for key, group in itertools.groupby(
            (c if not 0xD800 <= c < 0xE000 else 0xD7FF for c in range(0x110000)), key=lambda c: c in inside
        )
    ]
    if lengths[0][0]:
        lengths.insert(0, (False, 0))
    return [base36(length) for _, length in lengths]


def deltas(values: list[int]) -> list[str]:
    return [base36(b - a) for a, b in zip([0] + values, values)]


def literal(name: str, comment: str, fields: list[str]) -> str:
    lines, line = [], ""
    for field in fields:
        if len(line) + len(field) + 1 > 112:
            lines.append(line)
            line = ""
        line += field + " "
    lines.append(line)
    body = " \\\n".join(f"    {text.rstrip()}" for text in lines)
    return f'  /// {comment}\n  static let {name} = """\n{body}\n    """\n'


def main() -> None:
    sets = [
        ("letters", r"`\p{L}` of Oniguruma.", matching(r"\p{L}")),
        ("marks", r"`\p{M}` of Oniguruma.", matching(r"\p{M}")),
        ("numbers", r"`\p{N}` of Oniguruma.", matching(r"\p{N}")),
        ("whitespace", r"`\s` of Oniguruma, and of Rust's regular expressions.", matching(r"\s")),
        (
            "wordCharacters",
            r"`\w` of Rust's regular expressions.",
            word_scalars(),
        ),
    ]
    literals = [
        literal(name, f"Alternating lengths of the runs outside and inside of {comment}", runs(members))
        for name, comment, members in sets
    ]

    classes = combining_classes()
    scalars = sorted(classes)
    literals.append(
        literal(
            "combiningClasses",
            "Canonical combining classes that are not 0: distance from the previous scalar, class.",
            [f for d, c in zip(deltas(scalars), scalars) for f in (d, base36(classes[c]))],
        )
    )

    compositions, decompositions = mappings()
    literals.append(
        literal(
            "compositions",
            "Primary composites: distance from the previous composite, first scalar, second scalar.",
            [
                f
                for d, (_, a, b) in zip(deltas([c for c, _, _ in compositions]), compositions)
                for f in (d, base36(a), base36(b))
            ],
        )
    )
    literals.append(
        literal(
            "decompositions",
            "Scalars that decompose for good: distance from the previous one, length, full decomposition.",
            [
                f
                for d, (_, whole) in zip(deltas([c for c, _ in decompositions]), decompositions)
                for f in (d, base36(len(whole)), *map(base36, whole))
            ],
        )
    )

    target = Path(__file__).resolve().parents[2] / "Sources/Tokenizer/UnicodeData.swift"
    target.write_text(
        f"// Made by Tools/tokenizer/make_unicode_tables.py from tokenizers {tokenizers.__version__}. Do not edit.\n\n"
        "/// Unicode data as Hugging Face `tokenizers` has it. All numbers are written in base 36.\n"
        "enum UnicodeData {\n" + "\n".join(literals) + "}\n"
    )
    print(
        f"{target.name}: {target.stat().st_size} bytes, {len(compositions)} compositions, "
        f"{len(decompositions)} decompositions, {len(classes)} combining scalars"
    )


if __name__ == "__main__":
    main()
