"""lm-evaluation-harness through /v1/completions, beside what it measures with Hugging Face's model of swiftlet."""
import importlib.util
import json
import pathlib

import pytest

from conftest import SWIFTLET

HERE = pathlib.Path(__file__).resolve().parent / "evaluation"
EXPECTED = json.loads((HERE / "expected.json").read_text())
# Of natural logarithms. Hugging Face computes BF16 weights in F32, as the server does, in another order.
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def harness():
    specification = importlib.util.spec_from_file_location("harness", HERE / "harness.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("tokenized", [True, False], ids=["token-ids", "strings"])
def test_scores_are_hugging_faces(server, harness, tokenized, tmp_path):
    measured = harness.evaluate("local-completions", {
        "model": "swiftlet", "base_url": server.url + "/v1/completions", "tokenizer_backend": "huggingface",
        "tokenizer": str(SWIFTLET), "tokenized_requests": tokenized, "num_concurrent": 4, "max_length": 4096}, tmp_path)
    assert measured["scores"] == EXPECTED["scores"] and measured["scores"]["acc"] > 0.5
    assert len(measured["questions"]) == len(EXPECTED["questions"]) >= 40
    for ours, theirs in zip(measured["questions"], EXPECTED["questions"], strict=True):
        for (likelihood, is_greedy), (expected, was_greedy) in zip(ours, theirs, strict=True):
            assert likelihood == pytest.approx(expected, abs=TOLERANCE) and is_greedy == was_greedy
