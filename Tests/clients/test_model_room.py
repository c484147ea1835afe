"""Requests for models that wait until others, which are in use, leave them room."""
import concurrent.futures
import contextlib
import http.client
import json
import time

import openai
import pytest

from conftest import serving
from several import ASKED, memory_of, metric, random_model, say, settings, states, wait_until  # noqa: F401


@pytest.fixture(scope="module")
def need(tmp_path_factory, random_model):
    """Bytes that a model takes: one of random weights, whose replies end where they have to."""
    with serving("--config", settings(tmp_path_factory.mktemp("need"), [{"name": "a", "path": str(random_model)}])) as server:
        return int(memory_of(server, "a"))


@pytest.fixture
def place(tmp_path, random_model, need):
    """What the server of a test is made of."""
    return tmp_path, str(random_model), need


@contextlib.contextmanager
def crowded(place, names="ab", room=1, **more):
    """A server with room for some of its models; the last one has settings of its own."""
    tmp_path, path, need = place
    models = [{"name": name, "path": path, "load": "demand"} for name in names]
    models[-1] |= more
    with serving("--config", settings(tmp_path, models, **{"model-memory": room * need + 1000})) as server:
        yield server
        assert server.stop() == 0


def busy(server, model, choices=2):
    """A stream that has begun, of several long replies, or of so many that it goes on until it is closed."""
    stream = server.client().chat.completions.create(
        model=model, stream=True, max_tokens=400, n=choices, messages=ASKED["messages"])
    next(stream)
    return stream


def waiting(server, model):
    return metric(server, "apus_model_waiting")[f'model_name="{model}"']


def test_requests_wait_until_models_in_use_are_idle(place):
    with crowded(place) as server, concurrent.futures.ThreadPoolExecutor(4) as pool:
        stream = busy(server, "a")
        asked = [pool.submit(say, server, "b") for _ in range(3)]
        wait_until(lambda: waiting(server, "b") == 3)
        assert states(server) == {"a": "loaded", "b": "unloaded"} and memory_of(server, "b") == 0
        # Whoever is being served is not cut off.
        ends = {choice.finish_reason for chunk in stream for choice in chunk.choices} - {None}
        assert ends and ends <= {"stop", "length"}
        assert len({reply.result().content for reply in asked}) == 1
        assert states(server) == {"a": "unloaded", "b": "loaded"}
        assert metric(server, "apus_model_loads_total") == {'model_name="a"': 1, 'model_name="b"': 1}


def test_requests_are_answered_in_the_order_in_which_they_came(place):
    with crowded(place, "abcd") as server, concurrent.futures.ThreadPoolExecutor(4) as pool:
        stream, ends = busy(server, "a", 64), []
        for model in "cdb":
            reply = pool.submit(say, server, model)
            reply.add_done_callback(lambda _, model=model: ends.append(model))
            wait_until(lambda: waiting(server, model) == 1)
        stream.close()
        wait_until(lambda: len(ends) == 3)
        assert ends == ["c", "d", "b"]


def test_a_wait_for_room_is_bounded(place):
    bounds = {"max-queue-seconds": 3, "max-queued": 2}
    with crowded(place, **bounds) as server, concurrent.futures.ThreadPoolExecutor(4) as pool:
        stream = busy(server, "a", 64)

        def refused():
            begin = time.monotonic()
            with pytest.raises(openai.InternalServerError) as caught:
                say(server, "b")
            assert caught.value.status_code == 503 and caught.value.code == "model_memory_in_use"
            assert "'a' with" in caught.value.message and int(caught.value.response.headers["retry-after"]) >= 1
            return time.monotonic() - begin

        asked = [pool.submit(refused) for _ in range(4)]
        wait_until(lambda: waiting(server, "b") == 4, seconds=2.5)
        # As many wait as may, so that this one does not.
        assert refused() < 2
        assert all(2.9 < reply.result() < 10 for reply in asked)
        assert states(server) == {"a": "loaded", "b": "unloaded"} and waiting(server, "b") == 0
        stream.close()
        wait_until(lambda: metric(server, "vllm:num_requests_running")['model_name="a"'] == 0)
        assert say(server, "b").content
        assert states(server) == {"a": "unloaded", "b": "loaded"}


def test_a_client_that_leaves_does_not_wait_for_room(place):
    with crowded(place) as server:
        stream = busy(server, "a", 64)
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("POST", "/v1/chat/completions", json.dumps({"model": "b", **ASKED}),
                           {"Content-Type": "application/json"})
        wait_until(lambda: waiting(server, "b") == 1)
        connection.close()
        wait_until(lambda: waiting(server, "b") == 0)
        assert "status=499" in server.wait_for_log("chat request_id.*model=b")
        stream.close()
        wait_until(lambda: metric(server, "vllm:num_requests_running")['model_name="a"'] == 0)
        assert states(server) == {"a": "loaded", "b": "unloaded"}


def test_clients_that_make_models_swap_disturb_no_reply_and_take_no_more_memory(place):
    with crowded(place, "abc", room=2) as server, concurrent.futures.ThreadPoolExecutor(6) as pool:
        stream = busy(server, "a", 64)

        def ask(number):
            for turn in range(4):
                say(server, "bc"[(number + turn) % 2])
            return metric(server, "apus_models_memory_bytes")[""]

        taken = [asked.result() for asked in [pool.submit(ask, number) for number in range(6)]]
        assert max(taken) <= 2 * place[-1]
        loads = metric(server, "apus_model_loads_total")
        assert loads['model_name="a"'] == 1 and 1 < loads['model_name="b"'] + loads['model_name="c"'] <= 24
        assert next(stream).choices
        stream.close()
