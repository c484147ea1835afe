"""Checks what the server sends against the types OpenAI and Anthropic publish in their packages, strictly: required
members are there, types and literals are right (an integer is no string, a number no boolean), and there is no member the
types do not have, but for those docs/api.md names."""
import functools
import json
import typing

import anthropic.types
import openai.types
import openai.types.chat
import openai.types.responses
import pydantic
from anthropic.types.shared import ErrorResponse
from openai.types import completion_choice
from openai.types.responses import input_token_count_response
from openai.types.shared import ErrorObject

# Members beyond the published types, by type. docs/api.md names each of them.
EXTENSIONS = {
    "ChatCompletion": {"apus"}, "ChatCompletionChunk": {"apus"},
    "ChatCompletionMessage": {"reasoning_content"}, "ChoiceDelta": {"reasoning_content"},
    "Model": {"root", "max_model_len", "modes", "default_mode", "status"},
    # OpenAI's own server sends these, too.
    "Response": {"store"}, "ResponseFunctionCallArgumentsDoneEvent": {"name"},
}


# The published type of a completion's choice is that of a whole one without echo. OpenAI's server, like this one, sends
# null as the reason of a choice that goes on, and as the log-probability of a token that nothing precedes.
class Logprobs(completion_choice.Logprobs):
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None


class EchoedChoice(openai.types.CompletionChoice):
    logprobs: Logprobs | None = None


class StreamedChoice(EchoedChoice):
    finish_reason: typing.Literal["stop", "length", "content_filter"] | None


class EchoedCompletion(openai.types.Completion):
    choices: list[EchoedChoice]


class CompletionChunk(openai.types.Completion):
    choices: list[StreamedChoice]


class Ping(pydantic.BaseModel):
    """An event that Anthropic's streams have, and its package swallows."""
    model_config = pydantic.ConfigDict(extra="allow")
    type: typing.Literal["ping"]


class Error(pydantic.BaseModel):
    """OpenAI's envelope, whose content alone the package has a type for."""
    model_config = pydantic.ConfigDict(extra="allow")
    error: ErrorObject


WHOLE = {
    "/v1/chat/completions": openai.types.chat.ChatCompletion,
    "/v1/responses": openai.types.responses.Response,
    "/v1/messages": anthropic.types.Message,
    "/v1/completions": EchoedCompletion,
    "/v1/responses/input_tokens": input_token_count_response.InputTokenCountResponse,
    "/v1/messages/count_tokens": anthropic.types.MessageTokensCount,
    "/v1/models": openai.types.Model,
}
EVENTS = {
    "/v1/chat/completions": openai.types.chat.ChatCompletionChunk,
    "/v1/responses": openai.types.responses.ResponseStreamEvent,
    "/v1/messages": anthropic.types.RawMessageStreamEvent | Ping,
    "/v1/completions": CompletionChunk,
}


def error_type(path):
    return ErrorResponse if path.startswith("/v1/messages") else Error


adapter = functools.cache(pydantic.TypeAdapter)


def complaints(published, text):
    """What is wrong with a JSON text beside its published type; empty if nothing is."""
    try:
        value = adapter(published).validate_json(text, strict=True)
    except pydantic.ValidationError as error:
        return [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()] + [text[:400]]
    return list(strangers(value, json.loads(text), ""))


def strangers(value, sent, place):
    """Places of members that the types do not have."""
    if isinstance(value, pydantic.BaseModel):
        for name in (value.model_extra or {}).keys() - EXTENSIONS.get(type(value).__name__, set()):
            yield f"{place}{name}: not in {type(value).__name__}"
        for name, field in type(value).model_fields.items():
            key = field.alias or name
            if isinstance(sent, dict) and key in sent:
                yield from strangers(getattr(value, name), sent[key], f"{place}{key}.")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from strangers(element, sent[index], f"{place}{index}.")
