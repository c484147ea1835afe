"""Conversations of the corpus, in the form of each API."""

ASK = [{"role": "user", "content": "What is Apus?"}]
WEATHER = {"role": "user", "content": "What is the weather in Paris?"}
SYSTEM = {"role": "system", "content": "You are a helpful assistant."}


def user(content):
    return {"role": "user", "content": content}


def assistant(content, **members):
    return {"role": "assistant", "content": content, **members}


def call(identifier, city="Paris"):
    return {"id": identifier, "type": "function",
            "function": {"name": "get_weather", "arguments": f'{{"city": "{city}"}}'}}


def result(identifier):
    return {"role": "tool", "tool_call_id": identifier, "content": '{"temperature": 21}'}


PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"name": "get_weather", "description": "Current weather of a city.", "parameters": PARAMETERS}
CHAT_TOOLS = [{"type": "function", "function": FUNCTION}]
RESPONSE_TOOLS = [{"type": "function", **FUNCTION, "strict": False}]
MESSAGE_TOOLS = [{"name": "get_weather", "description": "Current weather of a city.", "input_schema": PARAMETERS}]

CHAT = {name: {"messages": messages, **more} for name, messages, more in [
    ("system", [SYSTEM, *ASK], {}),
    ("developer", [{"role": "developer", "content": "Be brief."}, *ASK], {}),
    ("named-user", [{**ASK[0], "name": "ada"}], {}),
    ("parts", [user([{"type": "text", "text": "What is "}, {"type": "text", "text": "Apus?"}])], {}),
    ("system-parts", [{"role": "system", "content": [{"type": "text", "text": "Be brief."}]}, *ASK], {}),
    ("two-turns", [user("Hello!"), assistant("Hello! How can I help?"), *ASK], {}),
    ("assistant-parts", [user("Hello!"), assistant([{"type": "text", "text": "Hi."}]), *ASK], {}),
    ("refusal", [user("Hello!"), assistant([{"type": "refusal", "refusal": "No."}]), *ASK], {}),
    ("thoughts-in-history", [user("Hi"), assistant("Hi.", reasoning_content="A greeting."), *ASK], {}),
    ("reasoning-in-history", [user("Hi"), assistant("Hi.", reasoning="A greeting."), *ASK], {}),
    ("five-turns", [*[turn for index in range(4) for turn in (user(f"What is {index} + 1?"),
                                                              assistant(str(index + 1)))], *ASK], {}),
    ("other-scripts", [user("Grüße, 世界! 👋🏽 — what is Apus?")], {}),
    ("empty", [user("")], {}),
    ("code", [user("```swift\nlet x = \"<think>\"\n```\nWhat is x?")], {}),
    ("tool-round", [WEATHER, assistant(None, tool_calls=[call("call_1")]), result("call_1")], {"tools": CHAT_TOOLS}),
    ("two-tool-results", [WEATHER, assistant(None, tool_calls=[call("call_1"), call("call_2", "Rome")]),
                          result("call_1"), result("call_2")], {"tools": CHAT_TOOLS}),
    ("thoughts-between-tools", [
        WEATHER, assistant(None, reasoning_content="I look.", tool_calls=[call("call_1")]), result("call_1")],
     {"tools": CHAT_TOOLS, "enable_thinking": True}),
    ("continued", [*ASK, assistant("Apus is")], {"continue_final_message": True}),
    ("breakpoint", [user([{"type": "text", "text": "What is Apus?",
                           "prompt_cache_breakpoint": {"mode": "explicit"}}])], {}),
]}


def item(role, content):
    return {"type": "message", "role": role, "content": content}


RESPONSES = {name: {"input": given, **more} for name, given, more in [
    ("items", [item("user", "What is Apus?")], {}),
    ("untyped-item", [{"role": "user", "content": "What is Apus?"}], {}),
    ("parts", [item("user", [{"type": "input_text", "text": "What is Apus?"}])], {}),
    ("developer", [item("developer", "Be brief."), item("user", "What is Apus?")], {}),
    ("instructions", "What is Apus?", {"instructions": "Be brief."}),
    ("two-turns", [item("user", "Hello!"), item("assistant", "Hello!"), item("user", "What is Apus?")], {}),
    ("output-in-history", [
        item("user", "Hello!"), {**item("assistant", [{"type": "output_text", "text": "Hello!", "annotations": []}]),
                                 "id": "msg_1", "status": "completed"}, item("user", "What is Apus?")], {}),
    ("reasoning-in-history", [
        item("user", "Hello!"), {"type": "reasoning", "id": "rs_1", "summary": [],
                                 "content": [{"type": "reasoning_text", "text": "A greeting."}]},
        item("assistant", "Hello!"), item("user", "What is Apus?")], {}),
    ("tool-round", [
        item("user", "What is the weather in Paris?"),
        {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": '{"city": "Paris"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": '{"temperature": 21}'}],
     {"tools": RESPONSE_TOOLS}),
    ("tool-output-parts", [
        item("user", "What is the weather in Paris?"),
        {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "sunny"}]}],
     {"tools": RESPONSE_TOOLS}),
]}

USE = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
MESSAGES = {name: {"messages": messages, **more} for name, messages, more in [
    ("plain", ASK, {}),
    ("system", ASK, {"system": "Be brief."}),
    ("system-blocks", ASK, {"system": [{"type": "text", "text": "Be brief."}]}),
    ("blocks", [user([{"type": "text", "text": "What is Apus?"}])], {}),
    ("two-turns", [user("Hello!"), assistant("Hello!"), *ASK], {}),
    ("prefilled", [*ASK, assistant("Apus is")], {}),
    ("document", [user([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Apus."}},
                        {"type": "text", "text": "What is it?"}])], {}),
    ("cached", [user([{"type": "text", "text": "What is Apus?", "cache_control": {"type": "ephemeral"}}])], {}),
    ("thoughts-in-history", [user("Hi"), assistant([
        {"type": "thinking", "thinking": "A greeting.", "signature": "x"}, {"type": "text", "text": "Hi."}]), *ASK], {}),
    ("tool-round", [WEATHER, assistant([USE]), user([{"type": "tool_result", "tool_use_id": "toolu_1",
                                                      "content": "sunny"}])], {"tools": MESSAGE_TOOLS}),
    ("tool-error", [WEATHER, assistant([USE]), user([{
        "type": "tool_result", "tool_use_id": "toolu_1", "is_error": True,
        "content": [{"type": "text", "text": "no such city"}]}])], {"tools": MESSAGE_TOOLS}),
]}
