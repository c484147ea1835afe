"""The official OpenAI client against a running server: both modes, streamed and whole."""
import json
import math
import threading

import openai
import pytest

from conftest import serving

ASK = [{"role": "user", "content": "What is Apus?"}]
SUM = [{"role": "user", "content": "What is 12 + 30?"}]


def chat(client, messages=ASK, **options):
    options = {"model": "swiftlet", "temperature": 0, **options}
    return client.chat.completions.create(messages=messages, **options)


def collect(stream):
    """Chunks of a stream, and the text it adds up to."""
    chunks = list(stream)
    content = reasoning = ""
    for chunk in chunks:
        for choice in chunk.choices:
            content += choice.delta.content or ""
            reasoning += getattr(choice.delta, "reasoning_content", None) or ""
    return chunks, content, reasoning


def test_instruct_answers_without_thinking(client):
    reply = chat(client)
    message = reply.choices[0].message
    assert "Swift" in message.content
    assert getattr(message, "reasoning_content", None) is None
    assert reply.choices[0].finish_reason == "stop"
    assert reply.object == "chat.completion"
    assert reply.usage.completion_tokens_details.reasoning_tokens == 0
    assert reply.usage.prompt_tokens + reply.usage.completion_tokens == reply.usage.total_tokens


@pytest.mark.parametrize("switch", [
    {"extra_body": {"enable_thinking": True}},
    {"extra_body": {"chat_template_kwargs": {"enable_thinking": True}}},
    {"reasoning_effort": "medium"},
    {"model": "swiftlet:thinking"},
    {"extra_body": {"reasoning": {"effort": "high"}}},
    {"extra_body": {"thinking": {"type": "enabled", "budget_tokens": 1000}}},
    {"extra_body": {"thinking_token_budget": 1000}},
])
def test_every_dialect_switches_thinking_on(client, switch):
    reply = chat(client, SUM, **switch)
    message = reply.choices[0].message
    assert message.reasoning_content.strip()
    assert "42" in message.content
    assert "<think>" not in message.content and "</think>" not in message.content
    details = reply.usage.completion_tokens_details
    assert 0 < details.reasoning_tokens < reply.usage.completion_tokens


@pytest.mark.parametrize("switch", [
    {"extra_body": {"enable_thinking": False}},
    {"reasoning_effort": "none"},
    {"model": "swiftlet:instruct"},
    {"extra_body": {"thinking": {"type": "disabled"}}},
    {"extra_body": {"thinking_budget": 0}},
])
def test_every_dialect_switches_thinking_off(client, switch):
    reply = chat(client, **switch)
    assert getattr(reply.choices[0].message, "reasoning_content", None) is None
    assert reply.usage.completion_tokens_details.reasoning_tokens == 0


def test_contradicting_dialects_are_refused_by_name(client):
    with pytest.raises(openai.BadRequestError) as error:
        chat(client, model="swiftlet:instruct", extra_body={"enable_thinking": True})
    assert "enable_thinking" in error.value.body["message"]
    assert "model" in error.value.body["message"]


@pytest.mark.parametrize("thinking", [False, True])
def test_a_stream_adds_up_to_the_whole_reply(client, thinking):
    options = {"extra_body": {"enable_thinking": thinking}}
    whole = chat(client, **options)
    chunks, content, reasoning = collect(
        chat(client, stream=True, stream_options={"include_usage": True}, **options))
    assert content == whole.choices[0].message.content
    assert reasoning == (getattr(whole.choices[0].message, "reasoning_content", None) or "")
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert [c.choices[0].finish_reason for c in chunks[:-1]] == [None] * (len(chunks) - 2) + ["stop"]


def test_a_reply_cut_inside_thinking_has_no_content(client):
    reply = chat(client, max_tokens=5, extra_body={"enable_thinking": True})
    assert reply.choices[0].finish_reason == "length"
    assert not reply.choices[0].message.content
    assert reply.choices[0].message.reasoning_content
    assert reply.usage.completion_tokens == 5
    assert reply.usage.completion_tokens_details.reasoning_tokens == 5


def test_max_tokens_and_stop(client):
    assert chat(client, max_tokens=3).usage.completion_tokens == 3
    assert chat(client, max_completion_tokens=3).choices[0].finish_reason == "length"
    reply = chat(client, messages=[{"role": "user", "content": "Repeat after me: one two three four"}], stop=["three"])
    assert "three" not in reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"


def test_a_seed_repeats_a_sampled_reply(client):
    messages = [{"role": "user", "content": "Tell me a joke."}]
    texts = [chat(client, messages, temperature=1.5, seed=seed).choices[0].message.content for seed in (7, 7, 8, 9, 10)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


def test_choices_are_what_their_seeds_say(client):
    messages = [{"role": "user", "content": "Tell me a joke."}]
    options = {"temperature": 1.5, "max_tokens": 12, "seed": 7}
    three = chat(client, messages, n=3, **options)
    assert [choice.index for choice in three.choices] == [0, 1, 2]
    texts = [choice.message.content for choice in three.choices]
    assert texts[0] == chat(client, messages, **options).choices[0].message.content
    assert texts == [choice.message.content for choice in chat(client, messages, n=3, **options).choices]
    assert len(set(texts)) > 1

    streamed = ["", "", ""]
    for chunk in chat(client, messages, n=3, stream=True, **options):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == texts


def test_log_probabilities_spell_the_content(client):
    reply = chat(client, logprobs=True, top_logprobs=5)
    tokens = reply.choices[0].logprobs.content
    assert bytes(b for token in tokens for b in token.bytes).decode() == reply.choices[0].message.content
    for token in tokens:
        top = [entry.logprob for entry in token.top_logprobs]
        assert len(top) == 5 and top == sorted(top, reverse=True)
        # Greedy: the chosen token is the likeliest.
        assert token.logprob == top[0] <= 0
        assert sum(math.exp(value) for value in top) <= 1 + 1e-6
    streamed = [token for chunk in chat(client, logprobs=True, top_logprobs=5, stream=True)
                for choice in chunk.choices if choice.logprobs for token in choice.logprobs.content]
    assert streamed == tokens


def test_bias_and_penalties_change_what_is_chosen(client):
    plain = chat(client, logprobs=True, max_tokens=12).choices[0]
    # Token ids are not told, so every id is tried that the first token may have.
    banned = chat(client, max_tokens=1, logprobs=True, logit_bias={str(i): -100 for i in range(1600)})
    assert banned.choices[0].logprobs.content[:1] != plain.logprobs.content[:1]
    free = chat(client, SUM, max_tokens=40, extra_body={"repetition_penalty": 5.0})
    assert free.choices[0].message.content != chat(client, SUM, max_tokens=40).choices[0].message.content


@pytest.mark.parametrize("switch", [{"include_reasoning": False}, {"reasoning": {"exclude": True}}])
def test_thoughts_can_be_left_out(client, switch):
    options = {"messages": SUM, "model": "swiftlet:thinking"}
    shown, hidden = chat(client, **options), chat(client, **options, extra_body=switch)
    assert hidden.choices[0].message.content == shown.choices[0].message.content
    assert "reasoning_content" not in hidden.choices[0].message.model_extra
    details = hidden.usage.completion_tokens_details
    assert details.reasoning_tokens == shown.usage.completion_tokens_details.reasoning_tokens > 0
    _, content, reasoning = collect(chat(client, stream=True, **options, extra_body=switch))
    assert (content, reasoning) == (hidden.choices[0].message.content, "")


@pytest.mark.parametrize("budget", [3, 5, 9])
def test_a_thinking_budget_is_met_exactly(client, budget):
    hard = [{"role": "user", "content": "What is 768 * 7?"}]
    assert chat(client, hard, reasoning_effort="high").usage.completion_tokens_details.reasoning_tokens > 12
    reply = chat(client, hard, reasoning_effort="high", extra_body={"thinking_budget": budget})
    assert reply.usage.completion_tokens_details.reasoning_tokens == budget
    assert reply.choices[0].message.content


def test_a_tool_call_and_the_answer_from_its_result(client):
    tools = [{"type": "function", "function": {
        "name": "get_weather", "description": "Current weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
    messages = [{"role": "user", "content": "What is the weather in Paris?"}]
    reply = chat(client, messages, tools=tools)
    assert reply.choices[0].finish_reason == "tool_calls"
    call = reply.choices[0].message.tool_calls[0]
    assert call.type == "function" and call.function.name == "get_weather"
    assert isinstance(json.loads(call.function.arguments)["city"], str)

    chunks, _, _ = collect(chat(client, messages, tools=tools, stream=True))
    deltas = [t for c in chunks for choice in c.choices for t in choice.delta.tool_calls or []]
    assert "".join(d.function.arguments or "" for d in deltas) == call.function.arguments
    assert [d.function.name for d in deltas if d.function.name] == ["get_weather"]

    messages += [reply.choices[0].message.model_dump(exclude_none=True),
                 {"role": "tool", "tool_call_id": call.id, "content": '{"temperature": 21, "sky": "sunny"}'}]
    assert chat(client, messages, tools=tools).choices[0].message.content.strip()


def test_only_allowed_tools_are_told_of(client):
    def tool(name):
        return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {
            "city": {"type": "string"}}}}}

    messages = [{"role": "user", "content": "What is the weather in Paris?"}]
    both = [tool("get_weather"), tool("get_time")]
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [
        {"type": "function", "function": {"name": "get_weather"}}]}}
    reply = chat(client, messages, tools=both, tool_choice=allowed)
    assert reply.usage.prompt_tokens == chat(client, messages, tools=both[:1]).usage.prompt_tokens
    assert reply.choices[0].message.tool_calls[0].function.name == "get_weather"


def test_a_reply_can_go_on_with_the_last_message(client):
    whole = chat(client).choices[0].message.content
    start = whole[:whole.index(" ", len(whole) // 2)]
    rest = chat(client, ASK + [{"role": "assistant", "content": start}], extra_body={"continue_final_message": True})
    assert start + rest.choices[0].message.content == whole


def test_the_settings_for_modes_fields_and_closing_text():
    with serving("--instruct-sampling", "temperature=0", "--thinking-sampling", "temperature=0", "--unknown-fields",
                 "refuse", "--thinking-closing-text", "\nThat is enough.\n</think>\n\n") as server:
        client = server.client()

        def ask(**options):
            return client.chat.completions.create(model="swiftlet", messages=SUM, **options)

        # Greedy by default now, so that seeds make no difference.
        assert len({ask(seed=seed).choices[0].message.content for seed in range(4)}) == 1
        free = ask(reasoning_effort="max").usage.completion_tokens_details.reasoning_tokens
        reply = ask(extra_body={"thinking_budget": free - 1})
        assert reply.usage.completion_tokens_details.reasoning_tokens == free - 1
        assert reply.choices[0].message.reasoning_content.endswith("That is enough.")
        with pytest.raises(openai.BadRequestError) as error:
            ask(extra_body={"tempratur": 1})
        assert error.value.code == "unknown_parameter" and error.value.param == "tempratur"


def test_content_parts_and_the_developer_role(client):
    parts = [{"role": "developer", "content": "You are a helpful assistant."},
             {"role": "user", "content": [{"type": "text", "text": "What is "}, {"type": "text", "text": "Apus?"}]}]
    assert "Swift" in chat(client, parts).choices[0].message.content


def test_models_and_aliases():
    with serving("--served-model-name", "demo", "--served-model-name", "org/other") as server:
        client = server.client()
        names = [model.id for model in client.models.list()]
        assert names[:2] == ["demo", "org/other"]
        assert client.models.retrieve("org/other").id == "org/other"
        assert chat(client, model="org/other").model == "org/other"
        assert chat(client, model="demo:thinking").choices[0].message.reasoning_content
        with pytest.raises(openai.NotFoundError) as error:
            chat(client, model="swiftlet")
        assert error.value.code == "model_not_found" and "swiftlet" in error.value.body["message"]


@pytest.mark.parametrize("options, param", [
    ({"temperature": 3}, "temperature"),
    ({"top_p": 1.5}, "top_p"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
    ({"extra_body": {"top_k": "many"}}, "top_k"),
    ({"logit_bias": {"5": 101}}, "logit_bias.5"),
    ({"n": 129}, "n"),
    ({"top_logprobs": 3}, "top_logprobs"),
])
def test_a_bad_or_unsupported_parameter_is_named(client, options, param):
    with pytest.raises(openai.BadRequestError) as error:
        chat(client, **options)
    assert error.value.param == param
    assert set(error.value.body) == {"message", "type", "param", "code"}


def test_a_prompt_longer_than_the_context_names_both_numbers(client):
    with pytest.raises(openai.BadRequestError) as error:
        chat(client, [{"role": "user", "content": "word " * 6000}])
    assert error.value.code == "context_length_exceeded"
    assert "4096" in error.value.body["message"]


def test_many_requests_at_once_get_what_they_get_alone(client):
    asks = [[{"role": "user", "content": f"What is {n} + {n * 7}?"}] for n in range(11, 19)]
    alone = [chat(client, ask).choices[0].message.content for ask in asks]
    together = [None] * len(asks)

    def fill(index):
        together[index] = chat(client, asks[index]).choices[0].message.content

    threads = [threading.Thread(target=fill, args=(index,)) for index in range(len(asks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_closing_a_stream_cancels_its_generation(server):
    client = server.client(default_headers={"x-request-id": "cancelled-by-test"})
    stream = chat(client, [{"role": "user", "content": "Count from 1 to 500."}], stream=True, temperature=2.0,
                  stop=["\x00"], extra_body={"enable_thinking": True})
    next(iter(stream))
    stream.close()
    line = server.wait_for_log(r"cancelled-by-test.*steps_after_cancel|steps_after_cancel.*cancelled-by-test")
    assert int(line.split("steps_after_cancel=")[1].split()[0]) <= 1


async def ask_async(url):
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="none") as client:
        stream = await client.chat.completions.create(model="swiftlet", messages=ASK, temperature=0, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])


def test_the_asynchronous_client(server):
    import asyncio
    assert "Swift" in asyncio.run(ask_async(server.url))
