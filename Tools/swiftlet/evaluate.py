#!/usr/bin/env python3
"""Scores swiftlet through a running server, over HTTP.

    python evaluate.py                                       # http://127.0.0.1:8080/v1, 100 requests a cell
    python evaluate.py -n 20 --rows sort --wrong 3           # a quick look at some rows, with wrong answers
    python evaluate.py --markdown results.md                 # also write the table to a file
    python evaluate.py -n 50 --seed 1                        # other requests, to choose between weights with

Each row asks the same held-out requests in Thinking and in Instruct mode, greedy, and checks the answers. Words,
three-digit number pairs, names, cities and phrasings of FAQ questions were kept out of the training data. An FAQ
answer counts only if it is the reference answer word for word. The twenty first questions of first_questions.json
are what a new user asks; they are not held out.
"""

import argparse
import json
import os
import random
import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from dialogue import gen_chat, gen_faq, gen_memory
from facts import FAQ
from sums import gen_sum
from toolcalls import gen_tools
from words import gen_count, gen_extract, gen_repeat, gen_sort, gen_word

HERE = os.path.dirname(os.path.abspath(__file__))
REPORTED = 100  # requests a cell in the README's table


def only(make, *tasks):
    """Draws from a generator until the line belongs to one of the tasks and can be checked."""

    def draw(r, thinking):
        while True:
            line = make(r, True, thinking)
            if line["task"] in tasks and (line.get("check") or line["task"] == "tool_none"):
                return line

    return draw


# Row name -> (generator of one held-out line, target in Thinking mode or None)
ROWS = {
    "3-digit addition": (lambda r, t: gen_sum(r, True, t, "+", 3, False), 90),
    "3-digit subtraction": (lambda r, t: gen_sum(r, True, t, "-", 3, False), 90),
    "3x1-digit multiplication": (lambda r, t: gen_sum(r, True, t, "*", 3, False), 90),
    "letter counting": (lambda r, t: gen_count(r, True, t), 90),
    "FAQ": (lambda r, t: gen_faq(r, True, t), 95),
    "tool call": (only(gen_tools, "tool_call"), 85),
    "copying": (lambda r, t: gen_repeat(r, True, t), 85),
    "spelling": (only(gen_word, "word_spell"), 85),
    "sorting": (lambda r, t: gen_sort(r, True, t), 85),
    "JSON extraction": (lambda r, t: gen_extract(r, True, t), 85),
    "memory over turns": (only(gen_memory, "memory"), 90),
    "sums told as a story": (lambda r, t: gen_sum(r, True, t, None, 3, True), None),
    "reverse, upper-case, first, last, length": (
        only(gen_word, "word_reverse", "word_upper", "word_first", "word_last", "word_length"),
        None,
    ),
    "answer from a tool result": (only(gen_tools, "tool_answer"), None),
    "no tool needed": (only(gen_tools, "tool_none"), None),
    "capitals, small talk": (only(gen_chat, "capital", "chat"), None),
    "says that it does not know": (only(gen_chat, "unknown"), None),
}


def held_out(row, seed, count, skipped=frozenset()):
    """So many held-out lines of a row, drawn with a seed; gives up on new ones when the row has no more."""
    r = random.Random("held-out " + row + (f" {seed}" if seed else ""))
    out = []
    for _ in range(count):
        line = ROWS[row][0](r, True)
        for _ in range(1000):
            if conversation(line) not in skipped:
                break
            line = ROWS[row][0](r, True)
        out.append(line)
    return out


def conversation(line):
    return json.dumps([m["content"] for m in line["messages"] if m["role"] == "user"])


def cases(row, count, seed=0):
    """The same requests for both modes: {thinking: [line]}. Seed 0 gives the reported ones, others avoid those."""
    skipped = {conversation(line) for line in held_out(row, 0, REPORTED)} if seed else frozenset()
    lines = held_out(row, seed, count, skipped)
    return {thinking: [{**line, "thinking": thinking} for line in lines] for thinking in (True, False)}


def right(line, content, calls):
    """Whether an answer is what the line's check asks for."""
    want = line.get("check") or {}
    text = " ".join(content.split())
    if "call" in want:
        return len(calls) == 1 and calls[0] == want["call"]
    if calls:
        return False
    if "number" in want:
        found = re.findall(r"-?\d+", text)
        return bool(found) and int(found[-1]) == want["number"]
    if "exact" in want:
        return text == " ".join(want["exact"].split())
    if "contains" in want:
        return want["contains"] in text
    if "any" in want:
        return text in [" ".join(a.split()) for a in want["any"]]
    if "all" in want:
        return all(a in text for a in want["all"])
    if "faq" in want:
        return text == " ".join(FAQ[want["faq"]][3].split())
    if "json" in want:
        try:
            return json.loads(text) == want["json"]
        except ValueError:
            return False
    return bool(text)


class Server:
    """Sends a line's conversation as a chat completion; answers (content, reasoning, calls, ended)."""

    def __init__(self, base, model, key, parallel):
        self.base, self.key, self.parallel = base.rstrip("/"), key, parallel
        self.model = model or self.call("/models")["data"][0]["id"]

    def call(self, path, body=None):
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + self.key}
        request = urllib.request.Request(self.base + path, json.dumps(body).encode() if body else None, headers)
        try:
            with urllib.request.urlopen(request, timeout=600) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.code} {error.read().decode(errors='replace')}")

    def answers(self, lines, limit):
        with ThreadPoolExecutor(self.parallel) as pool:
            return list(pool.map(lambda line: self.answer(line, limit), lines))

    def answer(self, line, limit):
        body = {
            "model": self.model,
            "messages": request_messages(line),
            "max_tokens": limit,
            "temperature": 0,
            "enable_thinking": line["thinking"],
        }
        if line.get("tools"):
            body["tools"] = line["tools"]
        choice = self.call("/chat/completions", body)["choices"][0]
        message = choice["message"]
        calls = []
        for call in message.get("tool_calls") or []:
            function = call["function"]
            try:
                calls.append({"name": function["name"], "arguments": json.loads(function["arguments"])})
            except ValueError:
                calls.append({"name": function["name"], "arguments": function["arguments"]})
        return (
            (message.get("content") or "").strip(),
            (message.get("reasoning_content") or "").strip(),
            calls,
            choice["finish_reason"] != "length",
        )


def request_messages(line):
    """The conversation without its last answer, with tool calls as the API writes them."""
    messages = []
    for n, m in enumerate(line["messages"][:-1]):
        m = dict(m)
        if m.get("tool_calls"):
            m["tool_calls"] = [
                {
                    "id": f"call_{n}_{i}",
                    "type": "function",
                    "function": {
                        "name": c["function"]["name"],
                        "arguments": json.dumps(c["function"]["arguments"], ensure_ascii=False),
                    },
                }
                for i, c in enumerate(m["tool_calls"])
            ]
        if m["role"] == "tool":
            m["tool_call_id"] = f"call_{n - 1}_0"
        messages.append(m)
    return messages


def first_questions(backend, limit):
    """Asks the twenty first questions; returns [(case, content, reasoning, good)]."""
    with open(os.path.join(HERE, "first_questions.json"), encoding="utf-8") as f:
        questions = json.load(f)
    lines = [
        {
            "messages": q.get("before", []) + [{"role": "user", "content": q["question"]}, None],
            "thinking": q["mode"] == "thinking",
        }
        for q in questions
    ]
    out = []
    for q, (content, reasoning, calls, _) in zip(questions, backend.answers(lines, limit)):
        good = not calls and re.search(q["pattern"], content, re.I) is not None
        out.append((q, content, reasoning, good))
    return out


def run(backend, args):
    """Prints the table as it grows; returns its lines as Markdown."""
    begin = time.time()
    out = [f"| task ({args.n} requests each) | target | Thinking | Instruct |", "|---|---:|---:|---:|"]
    print("\n".join(out), flush=True)
    asked = ended = 0
    for row in ROWS:
        if args.rows and not re.search(args.rows, row):
            continue
        score = {}
        for thinking, lines in cases(row, args.n, args.seed).items():
            answers = backend.answers(lines, args.limit)
            good = [right(line, a[0], a[2]) for line, a in zip(lines, answers)]
            score[thinking] = 100 * sum(good) / len(good)
            asked += len(answers)
            ended += sum(a[3] for a in answers)
            wrong = [(line, a) for line, a, ok in zip(lines, answers, good) if not ok]
            for line, (content, reasoning, calls, _) in wrong[: args.wrong]:
                print(
                    "  wrong:",
                    json.dumps(
                        {
                            "thinking": thinking,
                            "question": line["messages"][-2]["content"],
                            "reasoning": reasoning,
                            "content": content,
                            "calls": calls,
                            "want": line.get("check"),
                        },
                        ensure_ascii=False,
                    ),
                )
        target = ROWS[row][1]
        out.append(f"| {row} | {f'{target}%' if target else ''} | {score[True]:.0f}% | {score[False]:.0f}% |")
        print(out[-1], flush=True)
    if not args.rows or re.search(args.rows, "first questions"):
        results = first_questions(backend, args.limit)
        good = sum(r[3] for r in results)
        out.append(f"| first questions | 18/20 | {good}/{len(results)} | (each in one of the modes) |")
        print(out[-1])
        for q, content, reasoning, ok in results:
            if args.answers or not ok:
                thought = f" <think> {reasoning} </think>".replace("\n", " | ") if reasoning else ""
                print(f"  {'ok   ' if ok else 'wrong'} [{q['mode']}] {q['question']}{thought} => {content}")
    if asked:
        out += ["", f"{ended} of {asked} answers ended by themselves."]
        print(f"{out[-1]} {time.time() - begin:.0f} s")
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--base-url", default="http://127.0.0.1:8080/v1")
    ap.add_argument("--model-name", help="default: the first model that the server lists")
    ap.add_argument("--api-key", default="none")
    ap.add_argument("--parallel", type=int, default=4, help="requests at a time")
    ap.add_argument("-n", type=int, default=100, help="requests a row and mode")
    ap.add_argument("--seed", type=int, default=0, help="0: the reported requests; others: none of those")
    ap.add_argument("--limit", type=int, default=220, help="most tokens of an answer")
    ap.add_argument("--rows", help="only rows whose name matches this pattern")
    ap.add_argument("--wrong", type=int, default=0, help="show this many wrong answers a row and mode")
    ap.add_argument("--answers", action="store_true", help="show the answers to all first questions")
    ap.add_argument("--markdown", help="write the table to this file too")
    args = ap.parse_args()
    table = run(Server(args.base_url, args.model_name, args.api_key, args.parallel), args)
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as f:
            f.write("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
