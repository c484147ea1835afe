"""Apus and its peers behind one form: a schema and documents in, and how far each document got."""

import json
import subprocess
from pathlib import Path
from typing import Iterator

import llguidance.hf
import torch
import xgrammar
from llguidance import LLMatcher
from transformers import PreTrainedTokenizerFast


def tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """Qwen3's, from a tokenizer.json."""
    return PreTrainedTokenizerFast(tokenizer_file=str(path), eos_token="<|im_end|>")


class Apus:
    """`apus grammar --lines`, one process for all schemas."""

    def __init__(self, command: str, model: Path | None):
        self.command = [command, "grammar", "--lines"] + (["--model", str(model)] if model else [])

    def run(self, requests: list[dict]) -> Iterator[dict]:
        """One answer a request; see `apus help grammar`."""
        text = "".join(json.dumps(request) + "\n" for request in requests)
        done = subprocess.run(self.command, input=text.encode(), stdout=subprocess.PIPE, check=True)
        lines = done.stdout.splitlines()
        if len(lines) != len(requests):
            raise SystemExit(f"{self.command[0]} answered {len(lines)} of {len(requests)} lines")
        return map(json.loads, lines)


class LLGuidance:
    """llguidance with flexible white space."""

    name = "llguidance"

    def __init__(self, hf: PreTrainedTokenizerFast):
        self.tokenizer = llguidance.hf.from_tokenizer(hf)

    def compile(self, schema: object) -> LLMatcher | str:
        """A matcher, or why there is none."""
        try:
            grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), defaults={"whitespace_flexible": True})
            matcher = LLMatcher(self.tokenizer, grammar, log_level=0)
        except Exception as error:  # Whatever it does not take.
            return str(error)
        return matcher.get_error() or matcher

    def walk(self, matcher: LLMatcher, ids: list[int]) -> tuple[int, bool]:
        """Tokens accepted, and whether the document is whole after all of them."""
        matcher.reset()
        for count, token in enumerate(ids):
            if matcher.is_stopped() or matcher.validate_tokens([token]) != 1:
                return count, False
            matcher.consume_token(token)
        return len(ids), matcher.is_accepting()


class XGrammar:
    """xgrammar with any white space, and members and elements that the schema does not name."""

    name = "xgrammar"

    def __init__(self, hf: PreTrainedTokenizerFast, rows: int = 151936):
        information = xgrammar.TokenizerInfo.from_huggingface(hf, vocab_size=rows, stop_token_ids=[hf.eos_token_id])
        self.compiler = xgrammar.GrammarCompiler(information, max_threads=1, cache_enabled=False)
        self.mask = torch.full((1, (rows + 31) // 32), -1, dtype=torch.int32)

    def compile(self, schema: object) -> xgrammar.GrammarMatcher | str:
        """A matcher, or why there is none."""
        try:
            compiled = self.compiler.compile_json_schema(json.dumps(schema), any_whitespace=True, strict_mode=False)
            return xgrammar.GrammarMatcher(compiled)
        except Exception as error:  # Whatever it does not take.
            return str(error)

    def walk(self, matcher: xgrammar.GrammarMatcher, ids: list[int]) -> tuple[int, bool]:
        """Tokens accepted, and whether the document is whole after all of them."""
        matcher.reset()
        for count, token in enumerate(ids):
            if not matcher.accept_token(token):
                return count, False
        return len(ids), matcher.is_completed()
