"""Several models in one server, and one whose file is changed, cut short or replaced by a larger one while it serves."""
import os
import shutil
import time

import openai
import pytest

from conftest import serving
from several import ASKED, SIZES, metric, random_model, say, settings, states, wait_until  # noqa: F401


@pytest.fixture
def mapped(tmp_path, random_model):
    """A server of two models that go on from their files, and the file of the second, which is the test's own."""
    path = shutil.copy(random_model, tmp_path / "own.gguf")
    models = [{"name": "good"}, {"name": "own", "path": str(path)}]
    more = {"weights": "mapped", "cache-folder": tmp_path / "cache", "checkpoint-bytes": "64MiB"}
    with serving("--config", settings(tmp_path, models, **more)) as server:
        yield server, path
        # Whatever became of the file, the server is none the worse.
        assert say(server, "good").content
        assert server.stop() == 0


def overwrite(path):
    """Other weights in the middle of a file, where they are no norms or scales of everything."""
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(1 << 20))


def fails_since_its_file_was_changed(server, path, **more):
    with pytest.raises(openai.InternalServerError) as caught:
        say(server, "own", **more)
    assert caught.value.status_code == 500 and caught.value.code == "model_file_changed"
    assert f"'{path.name}' was changed" in caught.value.message and str(path.parent) not in caught.value.message


def test_a_model_whose_file_is_overwritten_fails_alone_and_comes_back_as_it_is_now(mapped):
    server, path = mapped
    prompt = [{"role": "user", "content": "What is Apus? " * 20}]
    asked = dict(model="own", messages=prompt, seed=1, max_tokens=16, logprobs=True)
    before = server.client().chat.completions.create(**asked)
    again = server.client().chat.completions.create(**asked)
    assert again.usage.prompt_tokens_details.cached_tokens > 64
    long = dict(stream=True, temperature=2, max_tokens=400, messages=ASKED["messages"])
    streams = {name: [server.client().chat.completions.create(model=name, extra_body=more, **long) for _ in range(2)]
               for name, more in [("good", {"enable_thinking": True}), ("own", {})]}
    for stream in [*streams["good"], *streams["own"]]:
        next(stream)
    overwrite(path)
    for stream in streams["own"]:
        with pytest.raises(openai.APIError, match=r"'own\.gguf' was changed") as caught:
            for _ in stream:
                pass
        assert caught.value.code == "model_file_changed"
    for stream in streams["good"]:
        assert [chunk.choices[0].finish_reason for chunk in stream][-1] in ("stop", "length")
    assert f"lost model=own: {path} was changed" in server.wait_for_log("lost model")
    wait_until(lambda: states(server)["own"] == "unloaded")
    # The same request gets what the file says now, and nothing of what was cached of the other weights.
    after = server.client().chat.completions.create(**asked)
    assert after.usage.prompt_tokens_details.cached_tokens == 0
    values = [[token.logprob for token in reply.choices[0].logprobs.content] for reply in (before, again, after)]
    assert values[0] == values[1] != values[2]
    sizes = [flag for name, value in {**SIZES, "checkpoint-bytes": "64MiB"}.items() for flag in (f"--{name}", value)]
    with serving("--model", path, *sizes) as other:
        fresh = other.client().chat.completions.create(**asked)
        assert [token.logprob for token in fresh.choices[0].logprobs.content] == values[2]
    assert metric(server, "apus_model_file_changes_total") == {'model_name="good"': 0, 'model_name="own"': 1}
    assert states(server) == {"good": "loaded", "own": "loaded"}


def test_a_model_whose_file_is_cut_short_between_requests_fails_alone(mapped, random_model):
    server, path = mapped
    right = say(server, "own").content
    os.truncate(path, 4096)
    fails_since_its_file_was_changed(server, path)
    for _ in range(2):
        with pytest.raises(openai.InternalServerError) as caught:
            say(server, "own")
        assert caught.value.status_code == 503 and caught.value.code == "model_load_failed"
        assert "from 'own.gguf'" in caught.value.message and int(caught.value.response.headers["retry-after"]) >= 1
    assert states(server) == {"good": "loaded", "own": "unloaded"} and say(server, "good").content
    shutil.copy(random_model, path)
    time.sleep(10.5)
    assert say(server, "own").content == right


def test_a_model_whose_file_has_grown_is_not_given_more_memory(mapped):
    server, path = mapped
    say(server, "own")
    with open(path, "ab") as file:
        file.write(bytes(1 << 20))
    fails_since_its_file_was_changed(server, path)
    with pytest.raises(openai.InternalServerError) as caught:
        say(server, "own")
    assert caught.value.status_code == 503 and caught.value.code == "model_load_failed"
    assert "changed since the server started" in server.wait_for_log("not loaded model=own")
