"""Options of the corpus: members of a request beside what is asked, and members with faults."""
from corpus_conversations import ASK, CHAT_TOOLS, MESSAGE_TOOLS, PARAMETERS, RESPONSE_TOOLS, WEATHER, user

# In place of a member that is to be left out.
ABSENT = object()

LONGER = {"max_completion_tokens": 60}
COUNTRY = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 6}, "size": {"type": "integer"}},
           "required": ["name"], "additionalProperties": False}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "country", "schema": COUNTRY, "strict": True}}
SUM = [user("What is 12 + 30?")]
SAMPLED = {"seed": 7, "temperature": 1}

# What any API for text has, in OpenAI's names.
SAMPLING = {
    "seed": SAMPLED, "hot": {"seed": 1, "temperature": 2}, "cold": {"seed": 1, "temperature": 0.3},
    "top-p": {**SAMPLED, "top_p": 0.5}, "top-p-zero": {**SAMPLED, "top_p": 0}, "top-k": {**SAMPLED, "top_k": 3},
    "top-k-all": {**SAMPLED, "top_k": -1}, "min-p": {**SAMPLED, "min_p": 0.2},
}
PENALTIES = {
    "frequency": {"frequency_penalty": 1.5}, "presence": {"presence_penalty": -1},
    "repetition": {"repetition_penalty": 1.3}, "bias": {"logit_bias": {"5": -100, "6": 3}},
}
STOPS = {"stop": {"stop": "a"}, "stops": {"stop": ["qq", " is", "x", "y"]}, "no-stop": {"stop": None}}

CHAT = {
    "plain": {}, **SAMPLING, **PENALTIES, **STOPS,
    "nulls": {"top_p": None, "n": None, "tools": None, "response_format": None, "user": None},
    "max-tokens": {"max_tokens": 3, "max_completion_tokens": None}, "one-token": {"max_completion_tokens": 1},
    "to-the-end": {"max_completion_tokens": 100},
    "two-choices": {**SAMPLED, "n": 2}, "five-choices": {**SAMPLED, "n": 5, "max_completion_tokens": 4},
    "logprobs": {"logprobs": True}, "top-0": {"logprobs": True, "top_logprobs": 0},
    "top-5": {"logprobs": True, "top_logprobs": 5}, "top-20": {"logprobs": True, "top_logprobs": 20},
    "choices-with-logprobs": {**SAMPLED, "n": 2, "logprobs": True, "top_logprobs": 2},
    "logprobs-of-other-scripts": {"messages": [user("Repeat after me: żółć 世界 👋")], "logprobs": True, **LONGER},
    "text": {"response_format": {"type": "text"}}, "json": {"response_format": {"type": "json_object"}},
    "schema": {"response_format": JSON_SCHEMA, **LONGER},
    "schema-after-thinking": {"response_format": JSON_SCHEMA, "thinking_budget": 8, **LONGER},
    "regex": {"structured_outputs": {"regex": "[0-9]{3}"}}, "choice": {"structured_outputs": {"choice": ["yes", "no"]}},
    "guided-json": {"guided_json": COUNTRY, **LONGER}, "guided-choice": {"guided_choice": ["red", "blue"]},
    "guided-regex": {"guided_regex": "a+b"},
    "tools": {"messages": [WEATHER], "tools": CHAT_TOOLS, **LONGER},
    "tools-unused": {"tools": CHAT_TOOLS},
    "tools-and-thinking": {"messages": [WEATHER], "tools": CHAT_TOOLS, "enable_thinking": True, **LONGER},
    "tool-cut": {"messages": [WEATHER], "tools": CHAT_TOOLS, "max_completion_tokens": 12},
    "one-tool-at-a-time": {"messages": [WEATHER], "tools": CHAT_TOOLS, "parallel_tool_calls": False, **LONGER},
    "tools-with-logprobs": {"messages": [WEATHER], "tools": CHAT_TOOLS, "logprobs": True, **LONGER},
    "no-tools": {"messages": [WEATHER], "tools": CHAT_TOOLS, "tool_choice": "none"},
    "auto-tools": {"messages": [WEATHER], "tools": CHAT_TOOLS, "tool_choice": "auto", **LONGER},
    "allowed-tools": {"messages": [WEATHER], "tools": CHAT_TOOLS, **LONGER, "tool_choice": {
        "type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [
            {"type": "function", "function": {"name": "get_weather"}}]}}},
    "two-choices-of-tools": {"messages": [WEATHER], "tools": CHAT_TOOLS, "n": 2, **SAMPLED, **LONGER},
    "cache-report": {"cache_report": True}, "cache-salt": {"cache_salt": "mine"},
    "noted": {"store": True, "metadata": {"a": "b"}, "user": "u", "safety_identifier": "s", "prompt_cache_key": "k",
              "verbosity": "low", "prediction": {"type": "content", "content": "Apus"}, "modalities": ["text"]},
    **{f"tier-{tier}": {"service_tier": tier} for tier in ("auto", "default", "flex", "priority")},
}

THOUGHTS = {"max_completion_tokens": 40, "messages": SUM}
CHAT_THINKING = {f"thinking-{name}": {**THOUGHTS, **members} for name, members in {
    **{f"effort-{effort}": {"reasoning_effort": effort}
       for effort in ("none", "minimal", "low", "medium", "high", "xhigh", "max")},
    "on": {"enable_thinking": True}, "off": {"enable_thinking": False},
    "suffix": {"model": "swiftlet:thinking"}, "instruct-suffix": {"model": "swiftlet:instruct"},
    "template": {"chat_template_kwargs": {"enable_thinking": True}},
    "template-off": {"chat_template_kwargs": {"enable_thinking": False}},
    "openrouter": {"reasoning": {"effort": "low"}}, "openrouter-enabled": {"reasoning": {"enabled": True}},
    "openrouter-tokens": {"reasoning": {"max_tokens": 9}},
    "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 12}},
    "anthropic-off": {"thinking": {"type": "disabled"}}, "anthropic-adaptive": {"thinking": {"type": "adaptive"}},
    "budget-0": {"thinking_budget": 0}, "budget-3": {"thinking_budget": 3}, "budget-9": {"thinking_budget": 9},
    "token-budget": {"thinking_token_budget": 6}, "cut": {"enable_thinking": True, "max_completion_tokens": 4},
    "choices": {"enable_thinking": True, "n": 2, **SAMPLED},
    "logprobs": {"thinking_budget": 6, "logprobs": True, "top_logprobs": 1},
    "stop": {"thinking_budget": 6, "stop": "4"},
    "excluded": {"reasoning": {"max_tokens": 6, "exclude": True}},
    "not-included": {"thinking_budget": 6, "include_reasoning": False},
}.items()}

TOOLS = {"input": "What is the weather in Paris?", "tools": RESPONSE_TOOLS, "max_output_tokens": 60}
RESPONSES = {
    "plain": {}, **SAMPLING, "one-token": {"max_output_tokens": 1}, "to-the-end": {"max_output_tokens": 100},
    "unstored": {"store": False}, "truncated": {"truncation": "auto"},
    "logprobs": {"include": ["message.output_text.logprobs"]},
    "top-3": {"include": ["message.output_text.logprobs"], "top_logprobs": 3},
    "encrypted": {"include": ["reasoning.encrypted_content"]},
    **{f"effort-{effort}": {"reasoning": {"effort": effort}, "max_output_tokens": 40}
       for effort in ("none", "minimal", "low", "medium", "high", "xhigh", "max")},
    "summary": {"reasoning": {"effort": "low", "summary": "auto"}, "max_output_tokens": 100},
    "budget": {"thinking_budget": 6, "max_output_tokens": 40},
    "thinking-cut": {"enable_thinking": True},
    "text": {"text": {"format": {"type": "text"}, "verbosity": "low"}},
    "json": {"text": {"format": {"type": "json_object"}}},
    "schema": {"text": {"format": {"type": "json_schema", "name": "country", "schema": COUNTRY, "strict": True}},
               "max_output_tokens": 60},
    "tools": TOOLS, "tools-and-thinking": {**TOOLS, "reasoning": {"effort": "low"}},
    "tool-cut": {**TOOLS, "max_output_tokens": 12}, "one-tool": {**TOOLS, "parallel_tool_calls": False},
    "no-tools": {**TOOLS, "tool_choice": "none"}, "auto-tools": {**TOOLS, "tool_choice": "auto"},
    "allowed-tools": {**TOOLS, "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [
        {"type": "function", "name": "get_weather"}]}},
    "plain-tool": {**TOOLS, "tools": [{"type": "function", "name": "get_weather", "parameters": PARAMETERS,
                                       "strict": None}]},
    "noted": {"metadata": {"a": "b"}, "user": "u", "safety_identifier": "s", "prompt_cache_key": "k",
              "max_tool_calls": 3},
    **{f"tier-{tier}": {"service_tier": tier} for tier in ("auto", "default", "flex", "priority")},
    "background": {"background": True},
}

MESSAGES = {
    "one-token": {"max_tokens": 1}, "to-the-end": {"max_tokens": 100}, "warm": {"temperature": 1, "top_k": 1},
    "top-p": {"top_p": 0}, "stop": {"stop_sequences": ["never", " is"]},
    "thinking": {"messages": SUM, "thinking": {"type": "enabled", "budget_tokens": 20}, "max_tokens": 60},
    "thinking-cut": {"thinking": {"type": "enabled", "budget_tokens": 7}},
    "thinking-off": {"thinking": {"type": "disabled"}},
    **{f"effort-{effort}": {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}, "max_tokens": 40}
       for effort in ("low", "medium", "high", "xhigh", "max")},
    "schema": {"output_config": {"format": {"type": "json_schema", "schema": COUNTRY}}, "max_tokens": 60},
    "tools": {"messages": [WEATHER], "tools": MESSAGE_TOOLS, "max_tokens": 60},
    "tools-and-thinking": {"messages": [WEATHER], "tools": MESSAGE_TOOLS, "max_tokens": 80,
                           "thinking": {"type": "enabled", "budget_tokens": 20}},
    "tool-cut": {"messages": [WEATHER], "tools": MESSAGE_TOOLS, "max_tokens": 12},
    "auto-tools": {"messages": [WEATHER], "tools": MESSAGE_TOOLS, "max_tokens": 60,
                   "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    "no-tools": {"messages": [WEATHER], "tools": MESSAGE_TOOLS, "tool_choice": {"type": "none"}},
    "noted": {"metadata": {"user_id": "u"}, "service_tier": "auto"}, "model-suffix": {"model": "swiftlet:instruct"},
}

COMPLETIONS = {
    "plain": {}, **SAMPLING, **PENALTIES, **STOPS, "one-token": {"max_tokens": 1},
    "to-the-end": {"max_tokens": 100}, "standard-length": {"max_tokens": None},
    "two-prompts": {"prompt": ["Apus is", "The answer"]}, "tokens": {"prompt": [5, 6, 7]},
    "two-token-prompts": {"prompt": [[5, 6], [7]]}, "two-choices": {**SAMPLED, "n": 2},
    "choices-of-prompts": {**SAMPLED, "n": 2, "prompt": ["Apus is", "The answer"]}, "best": {**SAMPLED, "best_of": 3},
    "best-two": {**SAMPLED, "best_of": 3, "n": 2, "logprobs": 1},
    "echo": {"echo": True}, "logprobs": {"logprobs": 0}, "top-5": {"logprobs": 5}, "top-20": {"logprobs": 20},
    "echo-with-logprobs": {"echo": True, "logprobs": 2}, "scored": {"echo": True, "logprobs": 1, "max_tokens": 0},
    "echo-of-prompts": {"echo": True, "logprobs": 1, "prompt": ["Apus is", "The answer"]},
    "special-tokens": {"skip_special_tokens": False, "max_tokens": 40}, "user": {"user": "u"},
    "other-scripts": {"prompt": "世界 👋🏽", "echo": True, "logprobs": 1},
}

LONG = "word " * 6000
FAULTS = {
    "/v1/chat/completions": {
        "no-model": ({"model": ABSENT}, 400, "model"), "unknown-model": ({"model": "gpt"}, 404, "model"),
        "no-messages": ({"messages": ABSENT}, 400, "messages"), "empty": ({"messages": []}, 400, "messages"),
        "role": ({"messages": [{"role": "x", "content": ""}]}, 400, "messages[0].role"),
        "image": ({"messages": [user([{"type": "image_url", "image_url": {"url": "x"}}])]}, 400,
                  "messages[0].content[0].type"),
        "too-long": ({"messages": [user(LONG)]}, 400, "messages"),
        "temperature": ({"temperature": 3}, 400, "temperature"), "top-p": ({"top_p": -1}, 400, "top_p"),
        "n": ({"n": 129}, 400, "n"), "stops": ({"stop": list("abcde")}, 400, "stop"),
        "bias": ({"logit_bias": {"5": 101}}, 400, "logit_bias.5"), "token": ({"logit_bias": {"99999": 1}}, 400, "logit_bias"),
        "logprobs": ({"top_logprobs": 3}, 400, "top_logprobs"), "tier": ({"service_tier": "gold"}, 400, "service_tier"),
        "metadata": ({"metadata": {"a": 1}}, 400, "metadata.a"),
        "contradiction": ({"enable_thinking": True, "reasoning_effort": "none"}, 400, "reasoning_effort"),
        "schema": ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": 3}}}}, 400,
                   "response_format.json_schema.schema"),
        "tool": ({"tools": [{"type": "web_search"}]}, 400, "tools[0].type"),
        "thoughts": ({"include_reasoning": True, "reasoning": {"exclude": True}}, 400, "reasoning.exclude"),
        "audio": ({"modalities": ["text", "audio"]}, 400, "modalities"),
    },
    "/v1/responses": {
        "no-input": ({"input": ABSENT}, 400, "input"), "unknown-model": ({"model": "gpt"}, 404, "model"),
        "previous": ({"previous_response_id": "resp_x"}, 400, "previous_response_id"),
        "tool": ({"tools": [{"type": "web_search"}]}, 400, "tools[0].type"),
        "effort": ({"reasoning": {"effort": "huge"}}, 400, "reasoning.effort"),
        "tokens": ({"max_output_tokens": 0}, 400, "max_output_tokens"), "too-long": ({"input": LONG}, 400, "input"),
        "tier": ({"service_tier": "gold"}, 400, "service_tier"), "metadata": ({"metadata": {"a": 1}}, 400, "metadata.a"),
    },
    "/v1/messages": {
        "no-max-tokens": ({"max_tokens": ABSENT}, 400, None), "unknown-model": ({"model": "gpt"}, 404, None),
        "empty": ({"messages": []}, 400, None), "image": ({"messages": [user([{"type": "image"}])]}, 400, None),
        "budget": ({"thinking": {"type": "enabled", "budget_tokens": 8}}, 400, None),
        "temperature": ({"temperature": 1.5}, 400, None), "too-long": ({"messages": [user(LONG)]}, 400, None),
    },
    "/v1/completions": {
        "no-prompt": ({"prompt": ABSENT}, 400, "prompt"), "unknown-model": ({"model": "gpt"}, 404, "model"),
        "mode": ({"model": "swiftlet:thinking"}, 400, "model"), "token": ({"prompt": [99999]}, 400, "prompt"),
        "suffix": ({"suffix": "."}, 400, "suffix"), "best": ({"best_of": 1, "n": 2}, 400, "best_of"),
        "nothing": ({"max_tokens": 0}, 400, "max_tokens"), "too-long": ({"prompt": LONG}, 400, "prompt"),
    },
}

COUNTED = {
    "/v1/responses/input_tokens": {
        "text": {"input": "What is Apus?"}, "tools": {"input": "What is the weather?", "tools": RESPONSE_TOOLS}},
    "/v1/messages/count_tokens": {
        "text": {"messages": ASK}, "tools": {"messages": [WEATHER], "tools": MESSAGE_TOOLS, "system": "Be brief."}},
}
