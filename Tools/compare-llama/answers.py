#!/usr/bin/env python3
"""Compares apus's answers with llama.cpp's on one GGUF file; exits 1 where they differ too much.

    python3 Tools/compare-llama/answers.py --model F.gguf [--greedy] [--divergence] [--bound 0.002]

--greedy: tokenizes prompts and continues each by 64 tokens in both. The ids have to be the same up to the first token
where llama.cpp's own two best logits are closer than 0.05, or than llama.cpp moves them itself when it reads the same
text in one piece instead of token by token: from there on the texts may part.
--exact: takes the file's weights as F32, so that neither program rounds activations, and F32 keys and values.
--divergence: the mean Kullback-Leibler divergence of apus's next-token distributions from llama.cpp's, over 2,000
tokens; --random takes random ids for models without a tokenizer. Both are done where neither is named.
--loss: how far either program's distributions are from those of the file's weights as F32, nothing rounded: what its way
of rounding activations costs. It judges neither. It takes four bytes of memory and disk a weight.
"""

import argparse
import json
import os
import pydoc_data.topics
import random
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

from llama import ROOT, Llama, Model

PROMPTS = [
    "The capital of France is",
    "<|im_start|>user\nWrite a short poem about swifts.<|im_end|>\n<|im_start|>assistant\n",
    "def fibonacci(n):\n    \"\"\"The n-th Fibonacci number.\"\"\"\n",
    "<|im_start|>user\nHow many legs have 3 spiders and 2 birds?<|im_end|>\n<|im_start|>assistant\n",
    "In 1969, 20 July:",
    "Les martinets dorment en volant, parce que",
    "1. Preheat the oven to 180°C.\n2.",
    "Once upon a time there was a small bird that could not",
]
GREEDY_TOKENS = 64
LEAST_GAP = 0.05


class Apus:
    """The commands that are compared."""

    def __init__(self, arguments):
        self.program = arguments.apus
        self.flags = ["--model", str(arguments.model)]
        self.engine_flags = ["--threads", str(arguments.threads), *shlex.split(arguments.apus_flags)]

    def _run(self, command: str, *flags: str, stdin: str = "") -> str:
        done = subprocess.run([self.program, command, *self.flags, *flags], input=stdin, stdout=subprocess.PIPE,
                              text=True)
        if done.returncode != 0:
            sys.exit(f"apus {command} failed")
        return done.stdout

    def tokenize(self, text: str) -> list[int]:
        return json.loads(self._run("tokenize", stdin=json.dumps(text) + "\n"))

    def generate(self, ids: list[int], count: int) -> list[int]:
        out = self._run("generate", "--tokens", ",".join(map(str, ids)), "--max-tokens", str(count), "--temperature",
                        "0", "--ignore-eos", "--json", *self.engine_flags)
        return json.loads(out)["ids"]

    def logits(self, ids: list[int], size: int) -> numpy.ndarray:
        with tempfile.NamedTemporaryFile(suffix=".f32") as file:
            self._run("score", "--input", "-", "--logits", file.name, *self.engine_flags,
                      stdin=json.dumps({"sequences": [ids]}))
            return numpy.fromfile(file.name, dtype=numpy.float32).reshape(len(ids), size)


def greedy(model: Model, ids: list[int], count: int) -> tuple[list[int], list[float]]:
    """llama.cpp's continuation, and for each of its tokens how far the second best logit was below the best."""
    model.clear()
    found, gaps = [], []
    pending = ids
    for _ in range(count):
        row = model.logits(pending)[-1]
        best = int(row.argmax())
        second, first = numpy.partition(row, -2)[-2:]
        found.append(best)
        gaps.append(float(first - second))
        pending = [best]
    return found, gaps


def own_noise(model: Model, ids: list[int], found: list[int], gaps: list[float]) -> float:
    """How far llama.cpp's gaps move when it reads prompt and continuation in one piece."""
    model.clear()
    rows = model.logits(ids + found[:-1])[-len(found):]
    moved = []
    for row, best, gap in zip(rows, found, gaps):
        rest = numpy.delete(row, best)
        moved.append(abs(float(row[best] - rest.max()) - gap))
    return max(moved)


def compare_greedy(apus: Apus, model: Model) -> bool:
    runs = []
    for prompt in PROMPTS:
        ids = model.tokenize(prompt)
        theirs, gaps = greedy(model, ids, GREEDY_TOKENS)
        runs.append((prompt, ids, theirs, gaps, own_noise(model, ids, theirs, gaps)))
    least_gap = max(LEAST_GAP, *(run[-1] for run in runs))
    print(f"texts may part where llama.cpp's best two logits are closer than {least_gap:.3f}", flush=True)
    good = True
    for prompt, ids, theirs, gaps, _ in runs:
        own = apus.tokenize(prompt)
        # llama.cpp puts a token before the text where the model wants one; a plain tokenizer does not.
        same_ids = own == ids or own == ids[1:]
        ours = apus.generate(ids, GREEDY_TOKENS)
        first = next((i for i in range(GREEDY_TOKENS) if ours[i] != theirs[i]), None)
        if first is None:
            verdict = f"{GREEDY_TOKENS} tokens equal"
        else:
            verdict = f"{first} tokens equal, then a gap of {gaps[first]:.3f}"
        fine = same_ids and (first is None or gaps[first] < least_gap)
        within_noise = fine and first is not None and gaps[first] >= LEAST_GAP
        print(f"{'ok   ' if fine and not within_noise else 'noise' if fine else 'BAD  '} {verdict}{'' if same_ids else ', other prompt ids'}: {prompt[:50]!r}",
              flush=True)
        good = good and fine
    return good


def log_softmax(rows: numpy.ndarray) -> numpy.ndarray:
    rows = rows.astype(numpy.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))


def sequences(model: Model, arguments) -> list[list[int]]:
    """Sequences of equal length, with --tokens tokens in all."""
    length = arguments.length
    count = arguments.tokens // length
    if count == 0:
        sys.exit(f"--tokens {arguments.tokens} is less than one sequence of --length {length}")
    if arguments.random:
        random.seed(1)
        return [[random.randrange(model.size) for _ in range(length)] for _ in range(count)]
    text = arguments.text.read_text() if arguments.text else "\n".join(pydoc_data.topics.topics.values())
    ids = model.tokenize(text)
    step = len(ids) // count
    if step < length:
        sys.exit(f"the text has {len(ids)} tokens, {count * length} are needed")
    return [ids[i * step:i * step + length] for i in range(count)]


def divergences(reference: numpy.ndarray, rows: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The divergence of each of `rows` from `reference`, both logits, and whether their best tokens are the same."""
    found, agreements = [], []
    # Some rows at a time, so that F64 copies stay small.
    for row in range(0, len(rows), 32):
        p = log_softmax(reference[row:row + 32])
        q = log_softmax(rows[row:row + 32])
        found.append((numpy.exp(p) * (p - q)).sum(axis=1))
        agreements.append(p.argmax(axis=1) == q.argmax(axis=1))
    return numpy.concatenate(found), numpy.concatenate(agreements)


def show_loss(apus: Apus, exact: Apus, model: Model, arguments) -> None:
    lost = {"apus": [], "llama.cpp": []}
    for ids in sequences(model, arguments):
        truth = exact.logits(ids, model.size)
        model.clear()
        lost["llama.cpp"].append(divergences(truth, model.logits(ids))[0])
        lost["apus"].append(divergences(truth, apus.logits(ids, model.size))[0])
    for program, parts in lost.items():
        whole = numpy.concatenate(parts)
        print(f"{program}: mean divergence from unrounded {whole.mean():.6f} over {len(whole)} tokens, standard error "
              f"{whole.std() / len(whole) ** 0.5:.6f}; median {numpy.median(whole):.6f}", flush=True)


def compare_divergence(apus: Apus, model: Model, arguments) -> bool:
    parts = []
    for ids in sequences(model, arguments):
        model.clear()
        theirs = model.logits(ids)
        parts.append(divergences(theirs, apus.logits(ids, model.size)))
    divergence = numpy.concatenate([part[0] for part in parts])
    mean = divergence.mean()
    fine = bool(mean < arguments.bound)
    agreement = 100 * numpy.concatenate([part[1] for part in parts]).mean()
    print(f"{'ok ' if fine else 'BAD'} mean divergence {mean:.6f} over {len(divergence)} tokens (bound "
          f"{arguments.bound}); median {numpy.median(divergence):.6f}, 99% below "
          f"{numpy.quantile(divergence, 0.99):.6f}, largest {divergence.max():.6f}; "
          f"same best token: {agreement:.2f}%")
    return fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--greedy", action="store_true")
    parser.add_argument("--divergence", action="store_true")
    parser.add_argument("--exact", action="store_true", help="with weights and caches in F32; needs the package gguf")
    parser.add_argument("--loss", action="store_true", help="needs the package gguf, too")
    parser.add_argument("--bound", type=float, default=0.002, help="0.002 suits Q8_0, 0.01 Q4_K_M")
    parser.add_argument("--tokens", type=int, default=2000, help="tokens of the divergence")
    parser.add_argument("--length", type=int, default=500, help="tokens of a sequence of them")
    parser.add_argument("--random", action="store_true", help="random ids instead of a text")
    parser.add_argument("--text", type=Path, help="a text; default: Python's documentation")
    parser.add_argument("--apus", default=str(ROOT / ".build/release/apus"), help="the program")
    parser.add_argument("--apus-flags", default="", help="further flags of apus generate and score")
    parser.add_argument("--llama", type=Path, default=ROOT / ".build/llama.cpp", help="folder of source and build")
    parser.add_argument("--llama-package", type=Path, help="the source package, where it is not to be downloaded")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    both = not (arguments.greedy or arguments.divergence or arguments.loss)

    llama = Llama(arguments.llama)
    llama.build(arguments.llama_package)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.exact:
            from dequantize import dequantize

            arguments.model = dequantize(arguments.model, Path(folder) / "model.gguf")
            arguments.apus_flags += " --kv-type f32"
        model = Model(llama, arguments.model, context=max(512, arguments.length), threads=arguments.threads,
                      exact=arguments.exact)
        apus = Apus(arguments)
        good = True
        if arguments.greedy or both:
            good = compare_greedy(apus, model) and good
        if arguments.divergence or both:
            good = compare_divergence(apus, model, arguments) and good
        if arguments.loss:
            from dequantize import dequantize

            arguments.model = dequantize(arguments.model, Path(folder) / "unrounded.gguf")
            arguments.apus_flags += " --kv-type f32 --weights mapped"
            show_loss(apus, Apus(arguments), model, arguments)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
