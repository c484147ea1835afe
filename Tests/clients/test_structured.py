"""Structured output from the embedded model, through the openai package, beside Python's jsonschema."""
import json
import re

import jsonschema
import openai
import pydantic
import pytest

SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 12},
                                           "age": {"type": "integer", "minimum": 0, "maximum": 150},
                                           "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3}},
          "required": ["name", "age"], "additionalProperties": False}


class Person(pydantic.BaseModel):
    name: str
    age: int


def ask(client, text="Anna is 31 years old.", model="swiftlet", **options):
    reply = client.chat.completions.create(
        model=model, max_tokens=300, messages=[{"role": "user", "content": text}], **options)
    return reply.choices[0]


def wanting(schema):
    return {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema}}


@pytest.mark.parametrize("model", ["swiftlet:instruct", "swiftlet:thinking"])
@pytest.mark.parametrize("temperature", [0, 1, 2])
def test_replies_satisfy_the_schema(client, model, temperature):
    for seed in range(3):
        choice = ask(client, model=model, temperature=temperature, seed=seed, response_format=wanting(SCHEMA))
        if choice.finish_reason == "length":
            continue
        jsonschema.validate(json.loads(choice.message.content), SCHEMA)


def test_a_stream_is_the_same_document(client):
    options = {"model": "swiftlet", "messages": [{"role": "user", "content": "Anna is 31."}], "temperature": 0,
               "response_format": wanting(SCHEMA)}
    whole = client.chat.completions.create(**options).choices[0].message.content
    chunks = client.chat.completions.create(stream=True, **options)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole
    jsonschema.validate(json.loads(whole), SCHEMA)


def test_pydantic_models_are_parsed(client):
    reply = client.chat.completions.parse(
        model="swiftlet", messages=[{"role": "user", "content": "Anna is 31."}], temperature=0, response_format=Person)
    assert isinstance(reply.choices[0].message.parsed, Person)


def test_other_dialects(client):
    assert re.fullmatch(r"[0-9]{3}-[a-f]{2}", ask(client, extra_body={"guided_regex": "[0-9]{3}-[a-f]{2}"}).message.content)
    assert ask(client, extra_body={"structured_outputs": {"choice": ["yes", "no"]}}).message.content in ("yes", "no")
    free = ask(client, response_format={"type": "json_object"}, temperature=0)
    assert free.finish_reason == "length" or isinstance(json.loads(free.message.content), dict)


GBNF = """
# a list of small numbers
root ::= "[" num ("," num){1,3} "]"
num  ::= [1-9] [0-9]?
"""
LARK = """
start: "[" NUM ("," NUM)~1..3 "]"
NUM: /[1-9][0-9]?/
"""


@pytest.mark.parametrize("fields", [
    {"grammar": GBNF}, {"guided_grammar": GBNF}, {"guided_grammar": LARK}, {"structured_outputs": {"grammar": LARK}},
    {"structured_outputs": {"grammar": GBNF}}, {"grammar": "%llguidance {}\n" + LARK},
    {"response_format": {"type": "grammar", "grammar": GBNF}},
])
@pytest.mark.parametrize("temperature", [0, 1.5])
def test_grammars_are_kept(client, fields, temperature):
    choice = ask(client, text="Two numbers, please.", temperature=temperature, seed=1, extra_body=fields)
    assert choice.finish_reason == "stop"
    assert re.fullmatch(r"\[[1-9][0-9]?(,[1-9][0-9]?){1,3}\]", choice.message.content)


@pytest.mark.parametrize("fields, param, place", [
    ({"grammar": 'root ::= "a" |\n  <think>'}, "grammar", "line 2, column 3"),
    ({"guided_grammar": "start: A\nA: /[/"}, "guided_grammar", "line 2, column 5"),
    ({"structured_outputs": {"grammar": "root ::= other"}}, "structured_outputs.grammar", "line 1, column 10"),
    ({"response_format": {"type": "grammar", "grammar": "x: y"}}, "response_format.grammar", "column 4"),
    ({"grammar": "root ::= root"}, "grammar", "no text at all"),
])
def test_faults_in_grammars_have_places(client, fields, param, place):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, extra_body=fields)
    assert error.value.param == param and place in error.value.message


def test_two_constraints_contradict(client):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, extra_body={"grammar": GBNF, "guided_regex": "a"})
    assert "grammar" in error.value.message and "guided_regex" in error.value.message


@pytest.mark.parametrize("schema, place", [
    ({"type": "object", "properties": {"a": {"type": "nothing"}}}, "/properties/a"),
    ({"type": "string", "pattern": "(?<=a)b"}, "pattern"),
    ({"$ref": "#/$defs/missing"}, "$ref"),
])
def test_what_cannot_be_kept_is_named(client, schema, place):
    with pytest.raises(openai.BadRequestError) as error:
        ask(client, response_format=wanting(schema))
    assert error.value.param == "response_format.json_schema.schema" and place in error.value.message
