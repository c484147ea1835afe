#!/usr/bin/env python3
"""Times compiling schemas and filling masks: Apus, llguidance and xgrammar in one run, one thread each.

    pip install -r Tools/grammar/requirements.txt
    python3 Tools/grammar/timing.py --tokenizer tokenizer.json [--count 1000] [--seed 1] [--step 20]

The vocabulary is Qwen3's. Only schemas that all three compile and documents that all three accept are counted; each
engine walks the same tokens and fills a mask before each. Times are processor time, which does not depend on what else
the machine does: of the call alone for Apus, which times itself, and with a few hundred nanoseconds of Python's for
the packages. What a schema costs of a step is the time of a mask and of accepting a token, on average, beside a step
that takes --step milliseconds for one sequence.
"""

import argparse
import statistics
import time
from pathlib import Path

import generate
import oracle
import torch
from engines import Apus, LLGuidance, XGrammar, tokenizer


def line(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    rank = lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e6
    print(
        f"  {name:12} {len(ordered):7} median {statistics.median(ordered) * 1e6:10.1f} µs   90% {rank(0.9):10.1f}"
        f"   99% {rank(0.99):10.1f}   99.9% {rank(0.999):10.1f}   most {ordered[-1] * 1e6:10.1f}"
    )


def masks(peer, matcher, ids: list[int]) -> list[float] | None:
    """The time of each mask on the way through a document; nothing where the peer does not accept it."""
    matcher.reset()
    times = []
    for token in ids:
        start = time.thread_time()
        if isinstance(peer, LLGuidance):
            matcher.compute_bitmask()
        else:
            matcher.fill_next_token_bitmask(peer.mask)
        times.append(time.thread_time() - start)
        accepted = matcher.consume_token(token) if isinstance(peer, LLGuidance) else matcher.accept_token(token)
        if not accepted:
            return None
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--tokenizer", type=Path, required=True, help="Qwen3's tokenizer.json")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=float, default=20, help="milliseconds")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    hf = tokenizer(arguments.tokenizer)
    cases = []
    for case in generate.corpus(arguments.count, arguments.seed, each=8):
        check = oracle.validator(case["schema"])
        documents = [text for text in case["documents"] if oracle.is_valid(check, text)]
        if documents:
            cases.append({"grammar": case["schema"], "documents": documents, "tokens": True})
    answers = list(Apus(arguments.apus, arguments.tokenizer).run(cases))
    peers = [LLGuidance(hf), XGrammar(hf)]
    names = ["apus"] + [peer.name for peer in peers]
    compiled: dict[str, list[float]] = {name: [] for name in names}
    filled: dict[str, list[float]] = {name: [] for name in names}
    accepted: list[float] = []
    for case, answer in zip(cases, answers):
        if "error" in answer:
            continue
        matchers, seconds = [], []
        for peer in peers:
            start = time.thread_time()
            matchers.append(peer.compile(case["grammar"]))
            seconds.append(time.thread_time() - start)
        if any(isinstance(matcher, str) for matcher in matchers):
            continue
        for name, spent in zip(names, [answer["compile_seconds"]] + seconds):
            compiled[name].append(spent)
        for text, mine in zip(case["documents"], answer["documents"]):
            ids = hf.encode(text, add_special_tokens=False)
            theirs = [masks(peer, matcher, ids) for peer, matcher in zip(peers, matchers)]
            if not mine["accepted"] or None in theirs:
                continue
            for name, times in zip(names, [mine["mask_seconds"][: len(ids)]] + theirs):
                filled[name] += times
            accepted += mine["accept_seconds"][: len(ids)]
    print(f"{len(compiled['apus'])} schemas, {len(hf)} tokens in the vocabulary\ncompile")
    for name in names:
        line(name, compiled[name])
    print("mask")
    for name in names:
        line(name, filled[name])
    token = statistics.mean(filled["apus"]) + statistics.mean(accepted)
    print(
        f"a token of apus's: mask and acceptance {token * 1e6:.1f} µs on average, "
        f"{token / arguments.step * 1e5:.2f}% of a step of {arguments.step:g} ms"
    )


if __name__ == "__main__":
    main()
