"""An Instruct and a Thinking checkpoint under one name: the embedded model twice, each with its own files and caches."""
import re
import urllib.request

from conftest import SWIFTLET, serving

ASKED = dict(messages=[{"role": "user", "content": "What is Apus?"}], max_tokens=120, seed=1)


def prompt_tokens(server):
    """Tokens of the prompts of each checkpoint, by the name that measurements go under."""
    text = urllib.request.urlopen(server.url + "/metrics").read().decode()
    return {name: float(count) for name, count in re.findall(
        r'vllm:prompt_tokens_total\{model_name="([^"]+)"\} ([0-9.e+]+)', text)}


def test_the_mode_of_a_request_chooses_the_checkpoint(tmp_path):
    flags = "--model", SWIFTLET, "--thinking-model", SWIFTLET, "--cache-folder", tmp_path / "cache"
    with serving(*flags) as server:
        client = server.client()
        at_once = client.chat.completions.create(model="swiftlet", reasoning_effort="none", **ASKED)
        assert at_once.choices[0].message.content and not hasattr(at_once.choices[0].message, "reasoning_content")
        counts = prompt_tokens(server)
        assert counts["swiftlet"] == at_once.usage.prompt_tokens and counts["swiftlet:thinking"] == 0
        thought = client.chat.completions.create(model="swiftlet:thinking", **ASKED)
        assert thought.choices[0].message.reasoning_content
        assert prompt_tokens(server)["swiftlet:thinking"] == thought.usage.prompt_tokens
        events = client.chat.completions.create(model="swiftlet", stream=True, extra_body={"enable_thinking": True}, **ASKED)
        assert any(getattr(event.choices[0].delta, "reasoning_content", None) for event in events)
        assert [model.id for model in client.models.list()] == ["swiftlet"]
        assert server.stop() == 0
