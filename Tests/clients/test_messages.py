"""The official Anthropic client against a running server."""
import anthropic
import pytest

ASK = [{"role": "user", "content": "What is Apus?"}]
SUM = [{"role": "user", "content": "What is 12 + 30?"}]
WEATHER = [{"role": "user", "content": "What is the weather in Paris?"}]
TOOLS = [{"name": "get_weather", "description": "Current weather of a city.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]
GREEDY = {"temperature": 0}


@pytest.fixture(scope="module")
def claude(server):
    return anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=120)


def create(claude, messages=ASK, **options):
    return claude.messages.create(model="swiftlet", messages=messages, extra_body=GREEDY,
                                  **{"max_tokens": 200, **options})


def test_a_message(claude):
    message = create(claude, system="You are a helpful assistant.")
    assert [block.type for block in message.content] == ["text"] and "Swift" in message.content[0].text
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    assert message.usage.input_tokens > 10 and message.usage.output_tokens > 5


def test_thinking_is_a_block_of_its_own(claude):
    message = create(claude, SUM, thinking={"type": "enabled", "budget_tokens": 150})
    thought, text = message.content
    assert thought.type == "thinking" and thought.thinking.strip() and thought.signature
    assert "42" in text.text
    assert 0 < message.usage.output_tokens_details.thinking_tokens < message.usage.output_tokens
    off = create(claude, SUM, thinking={"type": "disabled"})
    assert [block.type for block in off.content] == ["text"]


def test_a_budget_ends_thinking(claude):
    message = create(claude, SUM, thinking={"type": "enabled", "budget_tokens": 10})
    assert message.usage.output_tokens_details.thinking_tokens == 10
    assert message.content[-1].type == "text"


def test_a_tool_loop_from_call_to_answer(claude):
    with claude.messages.stream(model="swiftlet", max_tokens=200, messages=WEATHER, tools=TOOLS,
                                extra_body=GREEDY) as stream:
        events = list(stream)
        message = stream.get_final_message()
    assert message.stop_reason == "tool_use"
    use = message.content[-1]
    assert use.name == "get_weather" and isinstance(use.input["city"], str)
    kinds = [event.type for event in events]
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == len(message.content)

    whole = create(claude, WEATHER, tools=TOOLS)
    assert whole.content[-1].input == use.input

    turns = WEATHER + [
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id,
                                      "content": '{"temperature": 21, "sky": "sunny"}'}]}]
    answer = create(claude, turns, tools=TOOLS)
    assert answer.stop_reason == "end_turn" and answer.content[0].text.strip()


@pytest.mark.parametrize("thinking", [None, {"type": "enabled", "budget_tokens": 150}])
def test_a_stream_adds_up_to_the_whole_message(claude, thinking):
    options = {"thinking": thinking} if thinking else {}
    whole = create(claude, SUM, **options)
    with claude.messages.stream(model="swiftlet", max_tokens=200, messages=SUM, extra_body=GREEDY, **options) as stream:
        streamed = stream.get_final_message()

    def told(message):
        return [(block.type, getattr(block, "text", None) or block.thinking) for block in message.content]
    assert told(streamed) == told(whole)
    assert streamed.usage.output_tokens == whole.usage.output_tokens
    assert streamed.stop_reason == whole.stop_reason


def test_limits_and_stop_sequences(claude):
    assert create(claude, max_tokens=3).stop_reason == "max_tokens"
    message = create(claude, stop_sequences=["never said", "inference"])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "inference")
    assert "inference" not in message.content[0].text


def test_tokens_are_counted_as_the_message_counts_them(claude):
    count = claude.messages.count_tokens(model="swiftlet", messages=WEATHER, tools=TOOLS, system="Be brief.")
    message = create(claude, WEATHER, tools=TOOLS, system=[{"type": "text", "text": "Be brief.",
                                                           "cache_control": {"type": "ephemeral"}}])
    usage = message.usage
    assert count.input_tokens == (usage.input_tokens + usage.cache_read_input_tokens
                                  + usage.cache_creation_input_tokens)


@pytest.mark.parametrize("options, error, named", [
    ({"max_tokens": 0}, anthropic.BadRequestError, "max_tokens"),
    ({"model": "unknown"}, anthropic.NotFoundError, "unknown"),
    ({"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}, anthropic.BadRequestError, "image"),
    ({"messages": [{"role": "user", "content": "word " * 6000}]}, anthropic.BadRequestError, "4096"),
])
def test_errors_are_anthropics(claude, options, error, named):
    with pytest.raises(error) as caught:
        claude.messages.create(**{"model": "swiftlet", "max_tokens": 10, "messages": ASK, **options})
    assert caught.value.body["type"] == "error" and named in caught.value.body["error"]["message"]
