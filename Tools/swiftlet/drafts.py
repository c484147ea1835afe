#!/usr/bin/env python3
"""How much faster swiftlet's replies are with its multi-token-prediction head, through a running server.

    apus serve --draft mtp
    python drafts.py                       # http://127.0.0.1:8080/v1, 20 requests a row and mode
    python drafts.py --drafts 0,1,2,3,4

Asks the held-out requests of evaluate.py, one at a time and greedy, with each number of drafts, after a first reply that
leaves the prompt in the cache; the replies have to be the same. Shows tokens a second from request to reply and the share
of drafts that were right.
"""

import argparse
import time

from evaluate import ROWS, Server, cases, request_messages


def ask(server, line, drafts, limit):
    """Seconds, text, and usage of a reply."""
    body = {
        "model": server.model,
        "messages": request_messages(line),
        "max_tokens": limit,
        "temperature": 0,
        "enable_thinking": line["thinking"],
        "draft_tokens": drafts,
    }
    if line.get("tools"):
        body["tools"] = line["tools"]
    begin = time.perf_counter()
    reply = server.call("/chat/completions", body)
    message = reply["choices"][0]["message"]
    for call in message.get("tool_calls") or []:
        call.pop("id")
    return time.perf_counter() - begin, message, reply["usage"]


def measure(server, thinking, numbers, args):
    """By number of drafts: [seconds, tokens, right drafts, wrong drafts]."""
    sums = {drafts: [0.0, 0, 0, 0] for drafts in numbers}
    for row in ROWS:
        for line in cases(row, args.n)[thinking]:
            _, text, _ = ask(server, line, 0, args.limit)
            for drafts in numbers:
                seconds, other, usage = ask(server, line, drafts, args.limit)
                if other != text:
                    raise SystemExit(f"with {drafts} drafts another reply: {other}, not {text}")
                details = usage["completion_tokens_details"]
                for i, value in enumerate(
                    (
                        seconds,
                        usage["completion_tokens"],
                        details["accepted_prediction_tokens"],
                        details["rejected_prediction_tokens"],
                    )
                ):
                    sums[drafts][i] += value
    return sums


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--base-url", default="http://127.0.0.1:8080/v1")
    ap.add_argument("--api-key", default="none")
    ap.add_argument("-n", type=int, default=20, help="requests a row and mode")
    ap.add_argument("--limit", type=int, default=220, help="most tokens of an answer")
    ap.add_argument("--drafts", default="0,1,2,3,4", help="numbers of drafts, separated by commas, 0 first")
    args = ap.parse_args()
    server = Server(args.base_url, None, args.api_key, 1)
    numbers = [int(number) for number in args.drafts.split(",")]
    print("| mode | drafts at most | tokens/s | gain | right | tokens a step |\n|---|---:|---:|---:|---:|---:|")
    for thinking in (True, False):
        sums = measure(server, thinking, numbers, args)
        base = sums[numbers[0]][1] / sums[numbers[0]][0]
        for drafts, (seconds, tokens, right, wrong) in sums.items():
            share = f"{100 * right / (right + wrong):.1f}%" if right + wrong else ""
            print(
                f"| {'Thinking' if thinking else 'Instruct'} | {drafts} | {tokens / seconds:.0f} |"
                f" {tokens / seconds / base:.2f} | {share} | {tokens / (tokens - right):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
