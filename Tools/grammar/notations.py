#!/usr/bin/env python3
"""Writes random grammars in GBNF and Lark's notation, and checks which texts `apus grammar` takes against a recogniser.

    python3 Tools/grammar/notations.py [--count 2000] [--seed 1]

A grammar is a few rules over few characters, recursive in any way. The recogniser computes, for every expression and
place of a text, where a text of the expression may end, until nothing changes. Exits 1 where the two differ.
"""

import argparse
import json
import random
import subprocess
import sys
from collections import Counter

ALPHABET = "ab1é "


def make(r: random.Random, depth: int, rules: list[str]) -> tuple:
    kind = r.randrange(4 if depth == 0 else 9)
    if kind == 0:
        return ("text", "".join(r.choice(ALPHABET) for _ in range(r.randrange(1, 3))))
    if kind == 1:
        return ("class", "".join(sorted(set(r.choices(ALPHABET, k=2)))), r.random() < 0.3)
    if kind == 2:
        return ("range", "a", r.choice("ab"))
    if kind == 3:
        return ("rule", r.choice(rules))
    if kind in (4, 5):
        return ("sequence", [make(r, depth - 1, rules) for _ in range(r.randrange(1, 4))])
    if kind in (6, 7):
        return ("choice", [make(r, depth - 1, rules) for _ in range(r.randrange(1, 4))])
    least = r.randrange(3)
    most = r.choice([None, least + r.randrange(3)])
    return ("repeat", make(r, depth - 1, rules), least, max(most, 1) if most is not None else None)


def bounds(least: int, most: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if (least, most) in short:
        return short[least, most]
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def gbnf(node: tuple) -> str:
    match node:
        case ("text", text):
            return json.dumps(text)
        case ("class", members, negated):
            return f"[{'^' if negated else ''}{members}]"
        case ("range", first, last):
            return f"[{first}-{last}]"
        case ("rule", name):
            return name
        case ("sequence", parts):
            return "(" + " ".join(map(gbnf, parts)) + ")"
        case ("choice", parts):
            return "(" + " | ".join(map(gbnf, parts)) + ")"
        case ("repeat", unit, least, most):
            return f"({gbnf(unit)}){bounds(least, most)}"


def lark(node: tuple) -> str:
    match node:
        case ("class", members, negated):
            return f"/[{'^' if negated else ''}{members}]/s"
        case ("range", first, last):
            return f'"{first}".."{last}"'
        case ("rule", "root"):
            return "start"
        case ("sequence", parts):
            return "(" + " ".join(map(lark, parts)) + ")"
        case ("choice", parts):
            return "(" + " | ".join(map(lark, parts)) + ")"
        case ("repeat", unit, 0, 1):
            return f"[{lark(unit)}]"
        case ("repeat", unit, least, most) if most is not None:
            return f"({lark(unit)}) ~ {least}..{most}"
        case ("repeat", unit, least, most):
            return f"({lark(unit)}){bounds(least, most)}"
    return gbnf(node)


class Recogniser:
    """Which texts a grammar has."""

    def __init__(self, rules: dict[str, tuple]):
        self.rules = rules

    def accepts(self, text: str) -> bool:
        self.text, self.found = text, {}
        while True:
            self.changed = False
            for name in self.rules:
                for start in range(len(text) + 1):
                    self.update((name, start), self.ends(self.rules[name], start))
            if not self.changed:
                return len(text) in self.found.get(("root", 0), set())

    def update(self, key: tuple, ends: set[int]) -> None:
        known = self.found.setdefault(key, set())
        if not ends <= known:
            known |= ends
            self.changed = True

    def ends(self, node: tuple, start: int) -> set[int]:
        following = self.text[start : start + 1]
        match node:
            case ("text", text):
                return {start + len(text)} if self.text.startswith(text, start) else set()
            case ("class", members, negated):
                return {start + 1} if following and (following in members) != negated else set()
            case ("range", first, last):
                return {start + 1} if following and first <= following <= last else set()
            case ("rule", name):
                return set(self.found.get((name, start), ()))
            case ("choice", parts):
                return set().union(*(self.ends(part, start) for part in parts))
            case ("sequence", parts):
                ends = {start}
                for part in parts:
                    ends = set().union(*(self.ends(part, end) for end in ends))
                return ends
            case ("repeat", unit, least, most):
                ends, all_ends, count = {start}, set(), 0
                # More repetitions than characters add only empty ones.
                while ends and count <= (least + len(self.text) + 1 if most is None else most):
                    if count >= least:
                        all_ends |= ends
                    ends = set().union(*(self.ends(unit, end) for end in ends))
                    count += 1
                return all_ends
        raise ValueError(node)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--texts", type=int, default=20)
    arguments = parser.parse_args()
    r = random.Random(arguments.seed)
    requests, wanted = [], []
    for _ in range(arguments.count):
        names = ["root"] + [f"r-{letter}" for letter in "xyz"[: r.randrange(3)]]
        rules = {name: make(r, 3, names) for name in names}
        texts = ["".join(r.choice(ALPHABET) for _ in range(r.randrange(7))) for _ in range(arguments.texts)]
        expected = [Recogniser(rules).accepts(text) for text in texts]
        for form, write, sign in (("gbnf", gbnf, "::="), ("lark", lark, ":")):
            source = "\n".join(f"{write(('rule', name))} {sign} {write(node)}" for name, node in rules.items())
            requests.append({"format": form, "grammar": source, "documents": texts, "sample": 2, "max_tokens": 30})
            wanted.append((rules, texts, expected))
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([arguments.apus, "grammar", "--lines"], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    seen: Counter = Counter()
    for request, answer, (rules, texts, expected) in zip(requests, map(json.loads, done.stdout.splitlines()), wanted):
        if "error" in answer:
            is_empty = "no text at all" in answer["error"] and not any(expected)
            seen["grammars without texts" if is_empty else "WRONG"] += 1
            if not is_empty:
                print(request["grammar"], answer["error"], sep="\n")
            continue
        seen[f"{request['format']} grammars"] += 1
        samples = [sample["text"] for sample in answer["samples"] if sample["finished"]]
        verdicts = [document["accepted"] for document in answer["documents"]]
        for text, is_taken, is_right in [
            *zip(texts, verdicts, expected), *((text, True, Recogniser(rules).accepts(text)) for text in samples)
        ]:
            seen["taken" if is_taken and is_right else "refused" if is_taken == is_right else "WRONG"] += 1
            if is_taken != is_right:
                print(request["grammar"], repr(text), "taken" if is_taken else "refused", sep="\n")
    for what, count in sorted(seen.items()):
        print(f"{count:7} {what}")
    sys.exit(1 if seen["WRONG"] else 0)


if __name__ == "__main__":
    main()
