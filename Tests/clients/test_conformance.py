"""Every response and stream event of a corpus of requests, beside the types OpenAI and Anthropic publish."""
import concurrent.futures
import dataclasses
import http.client
import json
import pathlib
import re

import pytest

import adding_up
import published
from corpus import CASES, CHAT, COMPLETIONS, MESSAGES, RESPONSES

DOCUMENTED = (pathlib.Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
OPENAI_PATHS = (CHAT, RESPONSES, COMPLETIONS)


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back: status, header fields by lower-case name, and body."""
    status: int
    fields: dict
    body: str

    @property
    def events(self):
        """The events of a stream as pairs of name and data."""
        assert self.body.endswith("\n\n")
        for event in self.body[:-2].split("\n\n"):
            members = dict(line.split(": ", 1) for line in event.split("\n") if not line.startswith(":"))
            if members:
                assert members.keys() <= {"event", "data"}
                yield members.get("event"), members["data"]

    @property
    def data(self):
        """What the events say, without the mark of the end."""
        return [json.loads(data) for _, data in self.events if data != "[DONE]"]


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, fields, response.read().decode())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def recorded(server):
    """The reply to every request, by its name."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = pool.map(lambda case: ask(server.port, "POST", case.path, case.body), CASES)
        return dict(zip((case.name for case in CASES), replies, strict=True))


def test_the_corpus_is_large_and_varied():
    assert len({json.dumps([case.path, case.body], sort_keys=True) for case in CASES}) == len(CASES)
    assert sum(case.path in OPENAI_PATHS for case in CASES) >= 300
    assert {case.path for case in CASES} >= published.EVENTS.keys()


def test_every_extension_is_documented():
    for name in set().union(*published.EXTENSIONS.values()):
        assert f"`{name}`" in DOCUMENTED, name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_reply_is_of_the_published_type(recorded, case):
    reply = recorded[case.name]
    assert reply.status == case.status, reply.body
    assert "x-apus-ignored-fields" not in reply.fields and reply.fields["x-request-id"]
    if case.status != 200:
        assert reply.fields["content-type"] == "application/json"
        assert published.complaints(published.error_type(case.path), reply.body) == []
        if case.path in OPENAI_PATHS:
            error = json.loads(reply.body)["error"]
            assert error["param"] == case.parameter and error.keys() == {"message", "type", "param", "code"}
    elif case.is_streamed:
        assert re.fullmatch(r"text/event-stream(; charset=utf-8)?", reply.fields["content-type"])
        for name, data in reply.events:
            if data != "[DONE]":
                assert published.complaints(published.EVENTS[case.path], data) == []
                assert name == (json.loads(data)["type"] if case.path in (RESPONSES, MESSAGES) else None)
    else:
        assert reply.fields["content-type"] == "application/json"
        assert published.complaints(published.WHOLE[case.path], reply.body) == []


STREAMED = [case for case in CASES if case.status == 200 and case.is_streamed]


@pytest.mark.parametrize("case", STREAMED, ids=lambda case: case.name)
def test_a_stream_has_its_events_in_order(recorded, case):
    reply = recorded[case.name]
    kinds = [event.get("type") for event in reply.data]
    if case.path == RESPONSES:
        assert [event["sequence_number"] for event in reply.data] == list(range(len(kinds)))
        assert kinds[:2] == ["response.created", "response.in_progress"]
        assert kinds[-1] in ("response.completed", "response.incomplete")
    elif case.path == MESSAGES:
        assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
        assert kinds.count("content_block_start") == kinds.count("content_block_stop")
    else:
        assert [data for _, data in reply.events].index("[DONE]") == len(reply.data)
        assert len({(event["id"], event["created"], event["model"]) for event in reply.data}) == 1
        wanted = case.body.get("stream_options", {}).get("include_usage", False)
        assert bool(reply.data[-1].get("usage")) == wanted
        ends = [choice["index"] for event in reply.data for choice in event["choices"] if choice["finish_reason"]]
        assert sorted(ends) == list(range(len(ends))) and ends


@pytest.mark.parametrize("case", [case for case in STREAMED if case.name.endswith("/streamed")],
                         ids=lambda case: case.name)
def test_a_stream_adds_up_to_the_whole(recorded, case):
    whole = json.loads(recorded[case.name.removesuffix("streamed") + "whole"].body)
    assert adding_up.of_stream(case.path, recorded[case.name].data) == adding_up.of_whole(case.path, whole)


@pytest.mark.parametrize("case", [case for case in CASES if case.status == 200 and not case.is_streamed],
                         ids=lambda case: case.name)
def test_usage_adds_up(recorded, case):
    reply = json.loads(recorded[case.name].body)
    usage = reply.get("usage")
    if case.path in (CHAT, COMPLETIONS):
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        assert usage["completion_tokens_details"]["reasoning_tokens"] <= usage["completion_tokens"]
    elif case.path == RESPONSES and not case.body.get("background"):
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    elif case.path == MESSAGES:
        assert usage["output_tokens_details"]["thinking_tokens"] <= usage["output_tokens"]


def test_models(server):
    models = json.loads(ask(server.port, "GET", "/v1/models").body)
    assert models.keys() == {"object", "data"} and models["object"] == "list"
    for model in models["data"]:
        assert published.complaints(published.WHOLE["/v1/models"], json.dumps(model)) == []
        one = ask(server.port, "GET", f"/v1/models/{model['id']}")
        assert json.loads(one.body) == model
