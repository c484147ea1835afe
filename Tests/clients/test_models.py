"""Several models in one server: loaded on demand, unloaded when idle, within a bound of memory."""
import concurrent.futures
import http.client
import json
import pathlib
import re
import shutil
import threading
import time
import urllib.request

import openai
import pytest

from conftest import SWIFTLET, run, serving
from several import ASKED, memory_of, metric, random_model, say, settings, states, wait_until  # noqa: F401


def resident(server):
    """Resident memory of the process in bytes."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


def test_models_are_loaded_on_demand_and_told_apart(tmp_path, random_model):
    models = [{"name": "first", "aliases": ["gpt-4o"]}, {"name": "org/second", "path": str(SWIFTLET), "load": "demand"},
              {"name": "random", "path": str(random_model), "load": "demand", "max-running": 1}]
    with serving("--config", settings(tmp_path, models)) as server:
        client = server.client()
        assert states(server) == {"first": "loaded", "gpt-4o": "loaded", "org/second": "unloaded", "random": "unloaded"}
        assert [model.root for model in client.models.list()] == ["first", "first", "org/second", "random"]
        assert json.load(urllib.request.urlopen(server.url + "/ready")) == {"status": "ready"}
        # The same model and seed say the same under any name; the random one says something else.
        said = {name: say(server, name).content for name in ["first", "gpt-4o", "org/second", "org/second:instruct"]}
        assert len(set(said.values())) == 1 and say(server, "random").content != said["first"]
        assert say(server, "gpt-4o:thinking").reasoning_content
        assert set(states(server).values()) == {"loaded"}
        assert metric(server, "apus_model_loads_total") == {
            'model_name="first"': 1, 'model_name="org/second"': 1, 'model_name="random"': 1}
        assert metric(server, "vllm:generation_tokens_total")['model_name="random"'] == 24
        with pytest.raises(openai.NotFoundError) as caught:
            say(server, "third")
        assert caught.value.code == "model_not_found" and "org/second" in caught.value.message
        assert server.stop() == 0


def test_requests_wait_for_one_load_and_others_go_on(tmp_path, random_model):
    models = [{"name": "here"}, {"name": "there", "path": str(random_model), "load": "demand"}]
    with serving("--config", settings(tmp_path, models)) as server, concurrent.futures.ThreadPoolExecutor(8) as pool:
        stream = server.client().chat.completions.create(
            model="here", stream=True, temperature=2, max_tokens=400, messages=ASKED["messages"],
            extra_body={"enable_thinking": True})
        next(stream)
        asked = [pool.submit(say, server, "there", stream=False) for _ in range(6)]
        assert sum(1 for _ in stream) > 1
        assert len({reply.result().content for reply in asked}) == 1
        assert metric(server, "apus_model_loads_total")['model_name="there"'] == 1
        # A stream waits for its model, too.
        assert [chunk for chunk in server.client().chat.completions.create(model="there", stream=True, **ASKED)]
        assert server.stop() == 0


def test_an_idle_model_gives_its_memory_back_and_comes_again(tmp_path, random_model):
    models = [{"name": "first"}, {"name": "random", "path": str(random_model), "load": "demand", "idle-unload": 1,
                                  "weights": "huge-pages"}]
    with serving("--config", settings(tmp_path, models)) as server:
        say(server, "first")
        before, threads = resident(server), metric(server, "process_threads")[""]
        assert memory_of(server, "random") == 0
        reply = say(server, "random")
        loaded, taken = resident(server), memory_of(server, "random")
        assert taken > 100e6 and loaded - before > 0.8 * (taken - 20e6)
        wait_until(lambda: states(server)["random"] == "unloaded")
        assert memory_of(server, "random") == 0
        assert resident(server) - before < 0.15 * (loaded - before)
        # Its step loop and workers are gone with it; the machine's pools of threads may differ by a few.
        assert metric(server, "process_threads")[""] <= threads + 2
        assert say(server, "random").content == reply.content
        assert metric(server, "apus_model_unloads_total")['model_name="random"'] == 1
        # What was counted goes on.
        assert metric(server, "vllm:generation_tokens_total")['model_name="random"'] == 48
        assert server.stop() == 0


def test_who_was_used_least_recently_makes_room(tmp_path):
    names = ["a", "b", "c"]
    models = [{"name": name, "load": "demand"} for name in names]
    with serving("--config", settings(tmp_path, models)) as server:
        say(server, "a")
        one = memory_of(server, "a")
        assert server.stop() == 0
    with serving("--config", settings(tmp_path, models, **{"model-memory": int(2.5 * one)})) as server:
        for name in ["a", "b", "a", "c"]:
            say(server, name)
        assert states(server) == {"a": "loaded", "b": "unloaded", "c": "loaded"}
        assert metric(server, "apus_models_memory_bytes")[""] == 2 * one
        assert metric(server, "apus_models_memory_limit_bytes")[""] == int(2.5 * one)
        for name in names * 3:
            assert say(server, name).content
        assert server.stop() == 0


def test_a_model_that_cannot_be_loaded_is_told_and_tried_again(tmp_path, random_model):
    path = tmp_path / "copy.gguf"
    shutil.copy(random_model, path)
    models = [{"name": "good"}, {"name": "bad", "path": str(path), "load": "demand"}]
    with serving("--config", settings(tmp_path, models)) as server:
        path.rename(tmp_path / "elsewhere.gguf")
        for _ in range(2):
            with pytest.raises(openai.InternalServerError) as caught:
                say(server, "bad")
            assert caught.value.status_code == 503 and caught.value.code == "model_load_failed"
            assert 1 <= int(caught.value.response.headers["retry-after"]) <= 10
            assert "from 'copy.gguf'" in caught.value.message and str(tmp_path) not in caught.value.message
        assert str(path) in server.wait_for_log("not loaded model=bad")
        status = {model.id: model.status for model in server.client().models.list()}
        assert status == {"good": {"value": "loaded"}, "bad": {"value": "unloaded", "failed": True}}
        assert metric(server, "apus_model_load_failures_total")['model_name="bad"'] == 1
        assert say(server, "good").content
        (tmp_path / "elsewhere.gguf").rename(path)
        time.sleep(10.5)
        assert say(server, "bad").content
        assert "failed" not in server.client().models.retrieve("bad").status
        assert server.stop() == 0


def test_a_client_that_leaves_while_a_model_is_loaded(tmp_path, random_model):
    models = [{"name": "here"}, {"name": "there", "path": str(random_model), "load": "demand"}]
    with serving("--config", settings(tmp_path, models)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/v1/chat/completions", json.dumps({"model": "there", **ASKED}),
                           {"Content-Type": "application/json"})
        connection.close()
        assert "status=499" in server.wait_for_log("chat request_id.*model=there")
        wait_until(lambda: states(server)["there"] in ("loaded", "unloaded"))
        assert say(server, "there").content
        assert server.stop() == 0


def test_responses_and_caches_outlive_a_models_life(tmp_path):
    models = [{"name": "a", "idle-unload": 0.5}, {"name": "b", "idle-unload": 0.5}]
    folder = tmp_path / "cache"
    with serving("--config", settings(tmp_path, models, **{"cache-folder": folder})) as server:
        client = server.client()
        first = client.responses.create(model="a", input="My name is Ada. " * 20, max_output_tokens=16)
        wait_until(lambda: set(states(server).values()) == {"unloaded"})
        second = client.responses.create(
            model="a", input="And my name?", previous_response_id=first.id, max_output_tokens=16)
        assert second.usage.input_tokens_details.cached_tokens > first.usage.input_tokens / 2
        # The other model is the same, and has its own.
        other = client.responses.create(model="b", input="My name is Ada. " * 20, max_output_tokens=16)
        assert other.usage.input_tokens_details.cached_tokens == 0
        assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]
        assert server.stop() == 0


def test_a_key_may_use_its_models_only(tmp_path):
    keys = tmp_path / "keys.yaml"
    made = run("key", "alice")
    secret = re.search(r"sk-apus-[0-9a-f]{64}", made.stderr).group()
    keys.write_text(made.stdout + "  models: [a]\n")
    models = [{"name": "a"}, {"name": "b", "load": "demand"}]
    with serving("--config", settings(tmp_path, models), "--api-keys-file", keys, "--open-metrics", "true") as server:
        client = openai.OpenAI(base_url=server.url + "/v1", api_key=secret, max_retries=0)
        assert client.chat.completions.create(model="a", **ASKED).choices
        refused = [lambda: client.chat.completions.create(model="b", **ASKED),
                   lambda: client.post("/tokenize", body={"model": "b", "prompt": "x"}, cast_to=object),
                   lambda: client.post("/responses/input_tokens", body={"model": "b", "input": "x"}, cast_to=object)]
        for ask in refused:
            with pytest.raises(openai.PermissionDeniedError):
                ask()
        assert client.models.retrieve("b").status["value"] == "unloaded"
        assert server.stop() == 0


def test_tokens_are_those_of_the_model_that_is_named(tmp_path, random_model):
    models = [{"name": "a", "load": "demand"}, {"name": "random", "path": str(random_model), "load": "demand"}]
    with serving("--config", settings(tmp_path, models)) as server:
        client = server.client()
        tokens = {name: client.post("/tokenize", body={"prompt": "What is Apus?", **which}, cast_to=object)["tokens"]
                  for name, which in {"none": {}, "a": {"model": "a"}, "random": {"model": "random"}}.items()}
        assert tokens["none"] == tokens["a"] != tokens["random"]
        info = [json.load(urllib.request.urlopen(server.url + "/tokenizer_info" + query)) for query in ["", "?model=random"]]
        assert info[0]["chat_template"] != info[1]["chat_template"]
        assert server.stop() == 0


def test_terminating_drains_all_models(tmp_path):
    models = [{"name": name} for name in "ab"]
    with serving("--config", settings(tmp_path, models)) as server, concurrent.futures.ThreadPoolExecutor(2) as pool:
        def follow(name):
            chunks = server.client().chat.completions.create(
                model=name, stream=True, temperature=2, max_tokens=300, messages=ASKED["messages"],
                extra_body={"enable_thinking": True})
            reasons = []
            for chunk in chunks:
                began[name].set()
                reasons.append(chunk.choices[0].finish_reason)
            return reasons[-1]
        began = {name: threading.Event() for name in "ab"}
        ends = [pool.submit(follow, name) for name in "ab"]
        assert all(event.wait(30) for event in began.values())
        assert server.stop() == 0
        assert {end.result() for end in ends} <= {"stop", "length"}


@pytest.mark.parametrize("flags, text, said", [
    (["--models", "a=", "--model", "/some/where"], "", "model and models are both set"),
    (["--models", "a=", "--models", "a="], "", 'is "a"; expected a name that no other model has'),
    (["--models", "nothing"], "", '--models is "nothing"; expected NAME=PATH'),
    (["--models", "a=/does/not/exist", "--load", "demand"], "", "/does/not/exist"),
    (["--models", "a=", "--models", "b=", "--model-memory", "1MiB"], "", "the model 'a': the key-value cache.* needs"),
    (["--models", "a=", "--model-memory", "16MiB", "--kv-cache-bytes", "16MiB", "--context-length", "512"], "",
     r"model-memory: the model 'a' needs \d+ bytes, and 16777216 are"),
    (["--models", "a=", "--models", "b=", "--model-memory", "90MiB", "--kv-cache-bytes", "32MiB", "--context-length", "512"],
     "", "'a', 'b' loaded together at the start .load: demand"),
    ([], "models:\n  - name: a\n    sped: 1\n", 'line 3: a model has no setting of its own named "sped"'),
    ([], "models:\n  - path: /x\n", "name of models in .*line 2.* expected one name"),
    ([], "models:\n  - name: a\n    context-length: long\n", 'context-length of models in .*line 2.* is "long"; expected a whole'),
])
def test_bad_settings_of_models_are_explained(tmp_path, flags, text, said):
    path = tmp_path / "apus.yaml"
    path.write_text(text)
    done = run("serve", "--port", "0", *flags, "--config", path, check=False)
    assert done.returncode != 0 and re.search(said, done.stderr), done.stderr


def test_models_are_named_by_flags_and_environment():
    with serving("--load", "demand", env={"APUS_MODELS": f"one=,two={SWIFTLET}"}) as server:
        assert states(server) == {"one": "unloaded", "two": "unloaded"}
        assert say(server, "two").content
        assert server.stop() == 0
