"""Tool calls that are required, named or strict, from the embedded model and a random one, beside jsonschema."""
import json
import sys

import anthropic
import jsonschema
import openai
import pydantic
import pytest

from conftest import ROOT, run, serving

sys.path.insert(0, str(ROOT / "Tools/grammar"))
import toolcalls  # noqa: E402

ASK = [{"role": "user", "content": "What is Apus?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12},
                                         "days": {"type": "integer", "minimum": 1, "maximum": 7}},
        "required": ["city", "days"], "additionalProperties": False}


def tool(name, schema=CITY, **more):
    return {"type": "function", "function": {"name": name, "description": "Of a city.", "parameters": schema, **more}}


def chat(client, **options):
    return client.chat.completions.create(**{"model": "swiftlet", "messages": ASK, "temperature": 0,
                                             "max_tokens": 400, **options})


@pytest.fixture(scope="module", params=["json", "xml"])
def either(request):
    """A client of a server whose model writes calls in this format."""
    with serving("--tool-call-format", request.param) as running:
        yield running.client()


@pytest.mark.parametrize("model", ["swiftlet:instruct", "swiftlet:thinking"])
@pytest.mark.parametrize("temperature", [0, 1.5])
def test_a_required_call_satisfies_its_schema(either, model, temperature):
    choice = chat(either, model=model, tools=[tool("weather"), tool("time")], tool_choice="required",
                  parallel_tool_calls=False, temperature=temperature, seed=3).choices[0]
    assert choice.finish_reason == "tool_calls" and not choice.message.content
    [call] = choice.message.tool_calls
    assert call.function.name in ("weather", "time")
    jsonschema.validate(json.loads(call.function.arguments), CITY)
    assert bool(getattr(choice.message, "reasoning_content", None)) == model.endswith("thinking")


def test_a_named_tool_is_called_once_and_ends_the_reply(either):
    named = {"type": "function", "function": {"name": "time"}}
    choice = chat(either, tools=[tool("weather"), tool("time")], tool_choice=named).choices[0]
    assert choice.finish_reason == "stop"
    assert [call.function.name for call in choice.message.tool_calls] == ["time"]
    jsonschema.validate(json.loads(choice.message.tool_calls[0].function.arguments), CITY)


def test_arguments_are_streamed_while_they_are_written(either):
    options = dict(tools=[tool("weather")], tool_choice="required", parallel_tool_calls=False)
    whole = chat(either, **options).choices[0].message.tool_calls[0].function
    deltas = [delta for chunk in chat(either, stream=True, **options) if chunk.choices
              for delta in chunk.choices[0].delta.tool_calls or []]
    assert deltas[0].id and deltas[0].function.name == "weather"
    assert all(delta.id is None and delta.function.name is None for delta in deltas[1:])
    fragments = [delta.function.arguments for delta in deltas if delta.function.arguments]
    assert len(fragments) > 1 and "".join(fragments) == whole.arguments


def test_allowed_tools_that_are_required(either):
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
        {"type": "function", "function": {"name": "time"}}]}}
    calls = chat(either, tools=[tool("weather"), tool("time")], tool_choice=allowed).choices[0].message.tool_calls
    assert {call.function.name for call in calls} == {"time"}


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "time"}])
def test_the_responses_api(client, choice):
    tools = [{"type": "function", "name": name, "parameters": CITY, "strict": True} for name in ("weather", "time")]
    options = dict(model="swiftlet", input="What is Apus?", tools=tools, tool_choice=choice, temperature=0,
                   max_output_tokens=400, parallel_tool_calls=False)
    [item] = client.responses.create(**options).output
    assert item.type == "function_call" and item.name in ("weather", "time")
    jsonschema.validate(json.loads(item.arguments), CITY)
    events = list(client.responses.create(stream=True, **options))
    deltas = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert len(deltas) > 1 and "".join(deltas) == item.arguments


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "time"}])
def test_the_messages_api(server, choice):
    claude = anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=120)
    options = dict(model="swiftlet", messages=ASK, max_tokens=400, extra_body={"temperature": 0},
                   tools=[{"name": name, "input_schema": CITY} for name in ("weather", "time")],
                   tool_choice={**choice, "disable_parallel_tool_use": True})
    [block] = claude.messages.create(**options).content
    assert block.type == "tool_use" and block.name in ("weather", "time")
    jsonschema.validate(block.input, CITY)
    with claude.messages.stream(**options) as stream:
        parts = [event.delta.partial_json for event in stream
                 if event.type == "content_block_delta" and event.delta.type == "input_json_delta"]
    assert len(parts) > 1 and json.loads("".join(parts)) == block.input


def test_strict_pydantic_tools_are_parsed(client):
    class Weather(pydantic.BaseModel):
        city: str

    reply = client.chat.completions.parse(
        model="swiftlet", messages=[{"role": "user", "content": "What is the weather in Paris?"}], temperature=0,
        tools=[openai.pydantic_function_tool(Weather)])
    [call] = reply.choices[0].message.tool_calls
    assert isinstance(call.function.parsed_arguments, Weather)


def test_a_schema_that_cannot_be_followed_is_named(client):
    bad = {"type": "object", "properties": {"when": {"type": "string", "format": "someday"}}}
    with pytest.raises(openai.BadRequestError) as error:
        chat(client, tools=[tool("weather"), tool("remind", bad)], tool_choice="required")
    assert error.value.param == "tools[1].function.parameters"
    assert "remind" in error.value.message and "#/properties/when/format" in error.value.message
    # Without strictness, its arguments are any object then.
    chat(client, tools=[tool("remind", bad, strict=False)], tool_choice="required", max_tokens=5)


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("kind", ["swiftlet", "random"])
def test_generated_schemas(kind, format, tmp_path):
    model = []
    if kind == "random":
        path = tmp_path / "model.gguf"
        run("synth", "--layers", "2", "--hidden", "64", "--experts", "4", "--experts-per-token", "2", "--vocabulary",
            "800", "--context", "2048", "--output", path)
        model = ["--model", path]
    with serving("--tool-call-format", format, *model) as running:
        seen = toolcalls.run(running.url, count=20, seed=7, max_tokens=150)
    assert not seen["INVALID"] and seen["valid"] >= 4
