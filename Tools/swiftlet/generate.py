#!/usr/bin/env python3
"""Writes swiftlet's synthetic conversations.

    python generate.py --out data --train 90000 --seed 7

makes data/train.jsonl and data/test.jsonl, one conversation a line. --tokenizer FOLDER also trains the tokenizer anew.

A line is {"task", "thinking", "messages", "tools"?, "reasoning"?, "check"?}. The last message is the assistant's
answer. Test conversations draw words, three-digit pairs, names, cities and FAQ phrasings from a held-out part; small
talk, small sums and colours are not split.
"""

import argparse
import json
import os
import random

from dialogue import filler, gen_chat, gen_faq, gen_memory, gen_note
from sums import gen_digits, gen_sum
from toolcalls import gen_tools
from vocabulary import train_tokenizer
from words import gen_count, gen_drill, gen_extract, gen_list, gen_word

SYSTEMS = [
    "You are a helpful assistant.",
    "You are a helpful assistant.",
    "You are swiftlet.",
    "Answer briefly.",
    "You are a friendly assistant.",
    "Be concise.",
    "You are an assistant for Apus users.",
]
MIX = [
    (gen_drill, 6),
    (gen_digits, 3),
    (gen_faq, 34),
    (gen_sum, 12),
    (gen_count, 6),
    (gen_word, 7),
    (gen_list, 14),
    (gen_extract, 6),
    (gen_memory, 9),
    (gen_note, 1),
    (gen_chat, 7),
    (gen_tools, 6),
]


def one(r, test=False):
    g = r.choices([m[0] for m in MIX], [m[1] for m in MIX])[0]
    think = {gen_sum: 0.8, gen_digits: 0, gen_count: 0.75, gen_word: 0.5, gen_extract: 0.5, gen_list: 0.7}.get(g, 0.35)
    line = g(r, test, r.random() < think)
    if line["messages"][0]["role"] == "user" and "tools" not in line:
        if r.random() < 0.10 and line["task"] != "memory":
            for _ in range(r.choice([1, 1, 2])):
                line["messages"][0:0] = filler(r, False)
        if r.random() < 0.12:
            line["messages"].insert(0, {"role": "system", "content": r.choice(SYSTEMS)})
    return line


def texts_of(line):
    for t in line.get("tools") or []:
        yield json.dumps(t, ensure_ascii=False)
    for m in line["messages"]:
        yield m["content"]
        for c in m.get("tool_calls") or []:
            yield json.dumps(
                {"name": c["function"]["name"], "arguments": c["function"]["arguments"]}, ensure_ascii=False
            )
    if line.get("reasoning"):
        yield line["reasoning"]


def build(seed, count, test):
    r = random.Random(seed)
    return [one(r, test) for _ in range(count)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default="data")
    ap.add_argument("--train", type=int, default=90_000)
    ap.add_argument("--test", type=int, default=2000)
    ap.add_argument("--seed", type=int, default=7)
    ap.add_argument("--vocab", type=int, default=1664)
    ap.add_argument("--tokenizer", help="train the tokenizer anew, into this folder")
    args = ap.parse_args()
    os.makedirs(args.out, exist_ok=True)
    train = build(args.seed, args.train, False)
    test = build(args.seed + 1, args.test, True)
    for name, lines in (("train", train), ("test", test)):
        with open(os.path.join(args.out, name + ".jsonl"), "w", encoding="utf-8") as f:
            for line in lines:
                f.write(json.dumps(line, ensure_ascii=False) + "\n")
    if args.tokenizer:
        train_tokenizer((t for line in train[:25_000] for t in texts_of(line)), args.tokenizer, args.vocab)
    counts = {}
    for line in train:
        counts[line["task"]] = counts.get(line["task"], 0) + 1
    print("train:", len(train), "test:", len(test), dict(sorted(counts.items(), key=lambda kv: -kv[1])))


if __name__ == "__main__":
    main()
