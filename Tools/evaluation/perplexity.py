#!/usr/bin/env python3
"""Perplexity of a model by the type of its caches: what --kv-type and --state-type cost.

    python3 Tools/evaluation/perplexity.py --model F.gguf                 # Python's documentation
    python3 Tools/evaluation/perplexity.py --model F.gguf --text FILE     # any text
    python3 Tools/evaluation/perplexity.py --swiftlet                     # swiftlet, on conversations kept from its training

--swiftlet needs the package wonderwords (Tools/swiftlet/requirements.txt). States are of linear attention: models without it are
measured by the type of keys and values alone.

All tokens but the first of each sequence count. The error is that of the mean difference of log-probabilities from F32
caches, token by token: a change of less than two of it is none that can be told.
"""

import argparse
import json
import math
import pydoc_data.topics
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SWIFTLET = ROOT / "Sources/Serving/Resources/swiftlet"
VARIANTS = [("f32", "f32"), ("f16", "f32"), ("bf16", "f32"), ("int8", "f32"), ("f32", "bf16"), ("f16", "bf16")]


def run(program: Path, command: str, model: Path, *flags: str, stdin: str = "") -> str:
    done = subprocess.run([program, command, "--model", model, *flags], input=stdin, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"apus {command} failed")
    return done.stdout


def conversations(program: Path, count: int) -> list[str]:
    """Conversations of swiftlet's test split, as its template renders them."""
    sys.path.insert(0, str(ROOT / "Tools/swiftlet"))
    import generate

    texts = []
    for line in generate.build(8, count, True):
        messages = [dict(message) for message in line["messages"]]
        if line["thinking"]:
            messages[-1]["reasoning_content"] = line["reasoning"]
        request = {"messages": messages, "add_generation_prompt": False}
        if "tools" in line:
            request["tools"] = line["tools"]
        texts.append(run(program, "render", SWIFTLET, "--input", "-", stdin=json.dumps(request)))
    return texts


def tokens(program: Path, model: Path, texts: list[str]) -> list[list[int]]:
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    return [json.loads(line) for line in run(program, "tokenize", model, stdin=lines).splitlines()]


def pieces(ids: list[int], count: int, length: int) -> list[list[int]]:
    """Evenly spread over a text."""
    step = len(ids) // count
    if step < length:
        sys.exit(f"the text has {len(ids)} tokens, {count * length} are needed")
    return [ids[index * step:index * step + length] for index in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", type=Path, help="a GGUF file or a model's folder")
    model.add_argument("--swiftlet", action="store_true", help="the embedded model, on conversations of its test split")
    parser.add_argument("--text", type=Path, help="a text; default: Python's documentation")
    parser.add_argument("--sequences", type=int, default=20, help="pieces of the text, or conversations")
    parser.add_argument("--length", type=int, default=1000, help="tokens of each piece of the text")
    parser.add_argument("--apus", type=Path, default=ROOT / ".build/release/apus", help="the program")
    arguments = parser.parse_args()
    if arguments.sequences < 1 or arguments.length < 2:
        parser.error("at least one sequence of at least two tokens is needed")

    path = SWIFTLET if arguments.swiftlet else arguments.model
    if arguments.swiftlet:
        sequences = tokens(arguments.apus, path, conversations(arguments.apus, arguments.sequences))
    else:
        text = arguments.text.read_text() if arguments.text else "\n".join(pydoc_data.topics.topics.values())
        [ids] = tokens(arguments.apus, path, [text])
        sequences = pieces(ids, arguments.sequences, arguments.length)
    request = json.dumps({"sequences": sequences})

    has_states = json.loads(run(arguments.apus, "inspect", path, "--json"))["layers"]["linear_attention"] > 0
    print(f"{path.name}: {sum(map(len, sequences))} tokens in {len(sequences)} sequences")
    print(f"{'keys, values':>12} {'states':>7} {'perplexity':>11} {'change':>9} {'error':>8}")
    exact = None
    for kv, state in VARIANTS:
        if state != "f32" and not has_states:
            continue
        out = run(arguments.apus, "score", path, "--input", "-", "--kv-type", kv, "--state-type", state, stdin=request)
        found = [value for sequence in json.loads(out)["sequences"] for value in sequence["logprobs"]]
        exact = exact or found
        differences = [a - b for a, b in zip(exact, found)]
        error = statistics.stdev(differences) / math.sqrt(len(differences))
        print(f"{kv:>12} {state:>7} {math.exp(-statistics.fmean(found)):>11.4f} "
              f"{math.exp(statistics.fmean(differences)) - 1:>+9.4%} {error:>8.4%}", flush=True)


if __name__ == "__main__":
    main()
