#!/usr/bin/env python3
"""Compares which documents `apus grammar` accepts with jsonschema, llguidance and xgrammar.

    pip install -r Tools/grammar/requirements.txt
    python3 Tools/grammar/compare.py --tokenizer tokenizer.json [--suite jsonschema-4.26.0] [--count 1000] [--seed 1]

Schemas are generated (generate.py), and those of the JSON Schema Test Suite where its folder is given (suite.py). Each
document is followed byte by byte and, by Apus and the two packages, token by token. Exits 1 where Apus and jsonschema
differ without a reason that differences.py knows, or where Apus's masks and its matcher do.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import differences
import generate
import oracle
import suite
from engines import Apus, LLGuidance, XGrammar, tokenizer


def judge(schema: object, text: str, is_valid: bool, is_accepted: bool, seen: Counter, place: str) -> bool:
    """Counts one verdict; false, with a message, where it cannot be explained."""
    if is_valid == is_accepted:
        seen["valid, accepted" if is_valid else "invalid, refused"] += 1
        return True
    why = differences.reason(schema, text, is_valid, is_accepted)
    if why:
        seen[f"valid, refused; {why}"] += 1
        return True
    seen["UNEXPLAINED"] += 1
    print(f"{place}: {'valid' if is_valid else 'invalid'}, {'accepted' if is_accepted else 'refused'}")
    print(f"  schema   {json.dumps(schema, ensure_ascii=False)[:600]}\n  document {text[:300]!r}")
    return False


def is_unsatisfiable(error: str) -> bool:
    return "no text at all" in error or "no value satisfies" in error


def report(title: str, seen: Counter) -> None:
    print(title)
    for what, count in sorted(seen.items()):
        print(f"  {count:7} {what}")
    print(flush=True)


def compare_suite(apus: Apus, folder: Path) -> bool:
    """The test suite, whose own verdicts count; formats are checked there, too."""
    cases = list(suite.cases(folder))
    requests = [
        {"grammar": case["schema"], "documents": [text for way in case["documents"] for text in way]} for case in cases
    ]
    seen, is_right = Counter(), True
    for case, answer in zip(cases, apus.run(requests)):
        if "error" in answer:
            kind = "unsatisfiable" if is_unsatisfiable(answer["error"]) else "refused by name"
            seen[f"schemas {kind}"] += 1
            if kind == "unsatisfiable" and any(case["expected"]):
                print(f"{case['place']}: called unsatisfiable")
                is_right = False
            continue
        seen["schemas compared"] += 1
        check = oracle.validator(case["schema"])
        verdicts = iter(answer["documents"])
        for texts in case["documents"]:
            accepted = [next(verdicts)["accepted"] for _ in texts]
            # A document counts as accepted if one order of its members is.
            valid = oracle.is_valid(check, texts[0])
            is_right &= judge(case["schema"], texts[0], valid, any(accepted), seen, case["place"])
    report("JSON Schema Test Suite (drafts 6, 7, 2019-09, 2020-12), each document in every order of members", seen)
    return is_right


def compare_generated(apus: Apus, hf, count: int, seed: int) -> bool:
    cases = list(generate.corpus(count, seed, each=12))
    requests = [{"grammar": case["schema"], "documents": case["documents"]} for case in cases]
    whole = list(apus.run(requests))
    stepwise = list(apus.run([request | {"tokens": True} for request in requests]))
    peers = [LLGuidance(hf), XGrammar(hf)]
    seen = {name: Counter() for name in ["apus"] + [peer.name for peer in peers]}
    steps = {peer.name: Counter() for peer in peers}
    is_right = True
    for case, answer, walk in zip(cases, whole, stepwise):
        schema = case["schema"]
        check = oracle.validator(schema)
        valid = [oracle.is_valid(check, text) for text in case["documents"]]
        ids = [hf.encode(text, add_special_tokens=False) for text in case["documents"]]
        if "error" in answer:
            seen["apus"]["schemas unsatisfiable" if is_unsatisfiable(answer["error"]) else "schemas refused"] += 1
            if not is_unsatisfiable(answer["error"]) or any(valid):
                print(f"refused: {answer['error']}\n  {json.dumps(schema, ensure_ascii=False)[:500]}")
                is_right &= not is_unsatisfiable(answer["error"])
        else:
            seen["apus"]["schemas compiled"] += 1
            for text, is_valid, bytewise, tokenwise in zip(
                case["documents"], valid, answer["documents"], walk["documents"]
            ):
                is_right &= judge(schema, text, is_valid, bytewise["accepted"], seen["apus"], "generated")
                if tokenwise["accepted"] != bytewise["accepted"] or tokenwise["disagree"]:
                    print(f"tokens and bytes disagree: {json.dumps(schema)[:500]} {text!r} {tokenwise}")
                    is_right = False
        for peer in peers:
            matcher = peer.compile(schema)
            if isinstance(matcher, str):
                seen[peer.name]["schemas refused"] += 1
                continue
            seen[peer.name]["schemas compiled"] += 1
            for number, (is_valid, row) in enumerate(zip(valid, ids)):
                accepted_tokens, is_accepted = peer.walk(matcher, row)
                seen[peer.name][f"{'valid' if is_valid else 'invalid'}, {'accepted' if is_accepted else 'refused'}"] += 1
                if "error" in answer:
                    continue
                mine = walk["documents"][number]
                refused = mine.get("refused", len(row) + 1)
                theirs = len(row) + 1 if is_accepted else accepted_tokens
                order = "same token" if refused == theirs else ("apus earlier" if refused < theirs else "apus later")
                verdict = "jsonschema agrees with apus" if is_valid == mine["accepted"] else "jsonschema differs from apus"
                same = "" if mine["accepted"] == is_accepted else f"; {verdict}"
                steps[peer.name][f"refused at {order}{same}"] += 1
    for name, counter in seen.items():
        report(f"{name}, {count} generated schemas, beside jsonschema", counter)
    for name, counter in steps.items():
        report(f"apus beside {name}, token by token", counter)
    return is_right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--tokenizer", type=Path, required=True, help="Qwen3's tokenizer.json")
    parser.add_argument("--suite", type=Path, help="the unpacked source distribution of jsonschema")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    is_right = True
    if arguments.suite:
        is_right &= compare_suite(Apus(arguments.apus, None), arguments.suite)
    is_right &= compare_generated(
        Apus(arguments.apus, arguments.tokenizer), tokenizer(arguments.tokenizer), arguments.count, arguments.seed
    )
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
