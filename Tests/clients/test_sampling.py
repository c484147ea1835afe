"""Penalties and log-probabilities beside Hugging Face transformers; Tools/fixtures/make_sampling_replies.py made them."""
import json
import pathlib

import pytest

EXPECTED = json.loads((pathlib.Path(__file__).parent / "sampling_replies.json").read_text())


def chat(client, ask, **options):
    return client.chat.completions.create(
        model="swiftlet", messages=[{"role": "user", "content": ask}], temperature=0,
        max_tokens=EXPECTED["max_tokens"], **options).choices[0]


@pytest.mark.parametrize("case", EXPECTED["replies"], ids=lambda case: f"{case['options']} {case['ask']}")
def test_a_greedy_reply_under_penalties_is_the_references(client, case):
    assert chat(client, case["ask"], extra_body=case["options"]).message.content == case["reply"]


@pytest.mark.parametrize("options", [{}, {"logit_bias": {"100": -50}}, {"seed": 5}])
def test_log_probabilities_are_the_models_own(client, options):
    content = chat(client, EXPECTED["ask"], logprobs=True, top_logprobs=5, **options).logprobs.content
    assert [entry.token for entry in content] == [score["token"] for score in EXPECTED["scores"]]
    for entry, score in zip(content, EXPECTED["scores"]):
        assert entry.logprob == pytest.approx(score["logprob"], abs=2e-3)
        assert [top.logprob for top in entry.top_logprobs] == pytest.approx(score["top"], abs=2e-3)
