"""The official OpenAI client's Responses API and completions against a running server."""
import json
import time

import openai
import pytest

SUM = "What is 12 + 30?"
TOOLS = [{"type": "function", "name": "get_weather", "description": "Current weather of a city.", "strict": False,
          "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


def create(client, text=SUM, **options):
    return client.responses.create(**{"model": "swiftlet", "input": text, "temperature": 0, **options})


def test_a_response(client):
    response = create(client, "What is Apus?", instructions="You are a helpful assistant.", metadata={"a": "b"})
    assert "Swift" in response.output_text and response.status == "completed"
    assert response.metadata == {"a": "b"} and response.instructions == "You are a helpful assistant."
    assert response.usage.input_tokens + response.usage.output_tokens == response.usage.total_tokens


def test_reasoning_is_an_item(client):
    response = create(client, reasoning={"effort": "low"})
    thought, message = response.output
    assert thought.type == "reasoning" and thought.content[0].text.strip()
    assert "42" in message.content[0].text
    assert 0 < response.usage.output_tokens_details.reasoning_tokens < response.usage.output_tokens


@pytest.mark.parametrize("options", [{}, {"reasoning": {"effort": "low"}},
                                     {"input": "What is the weather in Paris?", "tools": TOOLS}])
def test_a_stream_adds_up_to_the_whole_response(client, options):
    whole = create(client, **options)
    events = list(create(client, stream=True, **options))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
    streamed = events[-1].response

    def told(response):
        return [(item.type, getattr(item, "arguments", None) or item.content[0].text) for item in response.output]
    assert events[-1].type == "response.completed" and told(streamed) == told(whole)
    # What was reused depends on the requests before.
    assert (streamed.usage.input_tokens, streamed.usage.output_tokens) == (
        whole.usage.input_tokens, whole.usage.output_tokens)
    deltas = {}
    for event in events:
        if event.type.endswith(".delta"):
            deltas[event.output_index] = deltas.get(event.output_index, "") + event.delta
    assert [deltas[index] for index in sorted(deltas)] == [text for _, text in told(whole)]


def test_the_client_follows_a_stream(client):
    with client.responses.stream(model="swiftlet", input=SUM, temperature=0) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert stream.get_final_response().output_text == text == create(client).output_text


def test_a_tool_loop_over_stored_responses(client):
    first = create(client, "What is the weather in Paris?", tools=TOOLS)
    call = first.output[-1]
    assert call.type == "function_call" and isinstance(json.loads(call.arguments)["city"], str)
    result = {"type": "function_call_output", "call_id": call.call_id, "output": '{"temperature": 21}'}
    second = create(client, [result], previous_response_id=first.id, tools=TOOLS)
    assert second.output_text.strip()
    # The same conversation, sent whole.
    sent = [{"role": "user", "content": "What is the weather in Paris?"},
            *[item.model_dump(exclude_none=True) for item in first.output], result]
    assert create(client, sent, store=False, tools=TOOLS).output_text == second.output_text


def test_stored_responses_can_be_had_and_deleted(client):
    response = create(client)
    assert client.responses.retrieve(response.id).output_text == response.output_text
    items = client.responses.input_items.list(response.id).data
    assert [item.content[0].text for item in items] == [SUM]
    client.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)
    with pytest.raises(openai.BadRequestError) as error:
        create(client, previous_response_id=response.id)
    assert error.value.code == "previous_response_not_found"


def test_background_responses(client):
    response = create(client, background=True)
    while response.status in ("queued", "in_progress"):
        time.sleep(0.05)
        response = client.responses.retrieve(response.id)
    assert response.status == "completed" and response.output_text == create(client).output_text
    long = create(client, "Count from 1 to 500.", background=True, temperature=2, reasoning={"effort": "high"})
    assert client.responses.cancel(long.id).status == "cancelled"
    assert client.responses.retrieve(long.id).status == "cancelled"


def test_a_background_stream_is_taken_up_again(client):
    def count_up():
        return create(client, "Count from 1 to 9.", background=True, stream=True, max_output_tokens=40)

    stream = count_up()
    first = [event for event, _ in zip(stream, range(5))]
    stream.close()
    rest = list(client.responses.retrieve(first[0].response.id, stream=True, starting_after=4))
    events = first + rest
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    final = client.responses.retrieve(first[0].response.id)
    assert final.output_text == text and final == rest[-1].response
    # The helper of the client, too.
    with client.responses.stream(response_id=final.id) as again:
        assert "".join(event.delta for event in again if event.type == "response.output_text.delta") == text

    long = create(client, "Count from 1 to 500.", background=True, stream=True, temperature=2,
                  reasoning={"effort": "high"}, extra_body={"seed": 1})
    identifier = next(iter(long)).response.id
    assert client.responses.cancel(identifier).status == "cancelled"
    assert all(event.type != "response.completed" for event in long)


def test_limits_scores_and_counts(client):
    cut = create(client, max_output_tokens=3)
    assert cut.status == "incomplete" and cut.incomplete_details.reason == "max_output_tokens"
    scored = create(client, include=["message.output_text.logprobs"], top_logprobs=2)
    logprobs = scored.output[0].content[0].logprobs
    assert "".join(entry.token for entry in logprobs) == scored.output_text
    assert all(len(entry.top_logprobs) == 2 for entry in logprobs)
    assert client.responses.input_tokens.count(model="swiftlet", input=SUM).input_tokens == cut.usage.input_tokens


def test_completions(client):
    def complete(prompt, **options):
        return client.completions.create(model="swiftlet", prompt=prompt, **{"temperature": 0, "max_tokens": 8, **options})
    one = complete("Apus is")
    other = complete("The answer")
    both = complete(["Apus is", "The answer"], n=2)
    assert [choice.index for choice in both.choices] == [0, 1, 2, 3]
    texts = [one.choices[0].text, other.choices[0].text]
    assert [choice.text for choice in both.choices] == [texts[0], texts[0], texts[1], texts[1]]
    assert both.usage.completion_tokens == 2 * (one.usage.completion_tokens + other.usage.completion_tokens)
    streamed = list(complete("Apus is", stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].text for chunk in streamed[:-1]) == one.choices[0].text
    assert streamed[-1].usage.completion_tokens == one.usage.completion_tokens
    scored = complete("Apus is", echo=True, logprobs=3, max_tokens=1)
    logprobs = scored.choices[0].logprobs
    assert scored.choices[0].text.startswith("Apus is") and logprobs.token_logprobs[0] is None
    assert all(token in top for token, top in zip(logprobs.tokens[1:], logprobs.top_logprobs[1:]))
    with pytest.raises(openai.BadRequestError) as error:
        complete("a", suffix="b")
    assert error.value.param == "suffix"
