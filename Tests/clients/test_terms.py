"""Whose requests they are, and what becomes of those that are too many or too late, as OpenAI's client sees it."""
import openai
import pytest

from conftest import serving

ASKED = dict(model="swiftlet", max_tokens=8, seed=1)
LONG = [{"role": "user", "content": "What is Apus? " * 60}]


@pytest.mark.parametrize("stream", [False, True])
def test_a_deadline_that_cannot_be_met_is_a_rate_limit(server, stream):
    client = server.client()
    client.chat.completions.create(messages=LONG, **ASKED)
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(messages=LONG[:] + [{"role": "user", "content": "Again?" * 99}], stream=stream,
                                       extra_headers={"x-llm-d-slo-ttft-ms": "0.01"}, **ASKED)
    assert int(caught.value.response.headers["retry-after"]) >= 1
    assert "first token" in caught.value.message
    client.chat.completions.create(messages=LONG, extra_headers={"x-llm-d-slo-ttft-ms": "60000"}, **ASKED)
    with pytest.raises(openai.BadRequestError, match="x-llm-d-slo-ttft-ms"):
        client.chat.completions.create(messages=LONG, extra_headers={"x-llm-d-slo-ttft-ms": "soon"}, **ASKED)


def cached(server, key, **headers):
    client = openai.OpenAI(base_url=server.url + "/v1", api_key=key, max_retries=0)
    reply = client.chat.completions.create(messages=LONG, extra_headers=headers, **ASKED)
    return reply.usage.prompt_tokens_details.cached_tokens


def test_tenants_do_not_share_what_is_cached():
    fairness = {"x-llm-d-inference-fairness-id": "one"}
    with serving() as server:
        assert cached(server, "a") == 0 and cached(server, "a") > 100
        assert cached(server, "b") == 0
        assert cached(server, "a", **fairness) == 0 and cached(server, "a", **fairness) > 100
    with serving("--tenant-header", "") as server:
        assert cached(server, "a") == 0 and cached(server, "a", **fairness) > 100
    with serving("--cache-sharing", "all") as server:
        assert cached(server, "a") == 0 and cached(server, "b", **fairness) > 100


def test_a_tenant_has_so_many_requests_at_most():
    with serving("--max-per-tenant", "1") as server:
        client = server.client()
        for stream in [False, True]:
            with pytest.raises(openai.RateLimitError) as caught:
                client.chat.completions.create(messages=LONG, n=2, stream=stream, **ASKED)
            assert int(caught.value.response.headers["retry-after"]) >= 1
        client.chat.completions.create(messages=LONG, **ASKED)


def test_bounds_and_priorities_are_settings(tmp_path):
    file = tmp_path / "apus.yaml"
    file.write_text("max-gap: 0.2\nmax-queue-seconds: 30\npriority-aging: 0\n")
    with serving("--config", file, env={"APUS_MAX_PER_TENANT": "4"}) as server:
        reply = server.client().chat.completions.create(messages=LONG, extra_body={"priority": -3}, **ASKED)
        assert reply.usage.completion_tokens
