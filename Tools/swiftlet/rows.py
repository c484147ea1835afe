"""Conversations as rows of tokens, and batches of rows."""

import json
import re

import torch
from fast_forms import CHUNK


def render(tok, line):
    """Text in alternating pieces: prompt, answer, prompt, answer. Every assistant turn is an answer to learn;
    the empty or opened <think> block in front of one is given, as in serving."""
    messages = [dict(x) for x in line["messages"]]
    if line["thinking"]:
        messages[-1]["reasoning_content"] = line["reasoning"]
        if messages[-2]["role"] == "tool":
            messages[-3]["reasoning_content"] = line["call_reasoning"]
    text = tok.apply_chat_template(messages, tools=line.get("tools"), tokenize=False)
    pieces, at = [], 0
    for head in re.finditer(r"<\|im_start\|>assistant\n(<think>\n\n</think>\n\n|<think>\n)?", text):
        end = text.index("<|im_end|>\n", head.end()) + len("<|im_end|>")
        pieces += [text[at : head.end()], text[head.end() : end]]
        at = end
    return pieces


def load(path, folder, part, parts, limit=None):
    """Rows of (token ids, 1 where the token belongs to an answer)."""
    from transformers import AutoTokenizer

    tok = AutoTokenizer.from_pretrained(folder)
    raw = tok.backend_tokenizer
    rows = []
    with open(path, encoding="utf-8") as f:
        for i, text in enumerate(f):
            if limit and i >= limit:
                break
            if i % parts == part:
                rows.append(render(tok, json.loads(text)))
    return encode(raw, rows)


def encode(raw, rows):
    flat = iter(raw.encode_batch([p for row in rows for p in row], add_special_tokens=False))
    out = []
    for row in rows:
        ids, learn = [], []
        for i in range(len(row)):
            piece = next(flat).ids
            ids += piece
            learn += [i % 2] * len(piece)
        out.append((ids, learn))
    return out


def batches(rows, tokens, r, pad, prompt_weight):
    """Rows of one length class together; endless; every row starts at position 0, as in serving."""
    while True:
        r.shuffle(rows)
        bins = {}
        for row in rows:
            n = len(row[0]) - 1
            if n > 768:
                continue
            size = -(-n // CHUNK) * CHUNK
            bins.setdefault(size, []).append(row)
            if len(bins[size]) * size >= tokens:
                group = bins.pop(size)
                x = torch.full((len(group), size + 1), pad)
                w = torch.zeros(len(group), size + 1)
                for i, (ids, learn) in enumerate(group):
                    x[i, : len(ids)] = torch.tensor(ids)
                    w[i, : len(ids)] = torch.tensor(learn, dtype=torch.float).clamp(min=prompt_weight)
                yield x[:, :-1], x[:, 1:], w[:, 1:]
