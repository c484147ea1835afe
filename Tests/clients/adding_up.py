"""What a reply says, whole or added up from the events of a stream, in a form in which the two can be compared."""
import json


def of_whole(path, reply):
    return WHOLE[path](reply)


def of_stream(path, events):
    return STREAMED[path](events)


# Chat completions: a list of choices, each with its texts, calls, log-probabilities and end.

def whole_chat(reply):
    return [told(choice["message"], choice["logprobs"], choice["finish_reason"]) for choice in reply["choices"]]


def told(message, logprobs, finish):
    calls = [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", [])]
    return {"content": message["content"] or "", "thoughts": message.get("reasoning_content", ""), "calls": calls,
            "logprobs": (logprobs or {}).get("content") or [], "finish": finish}


def streamed_chat(events):
    choices = {}
    for event in events:
        for choice in event["choices"]:
            delta = choice["delta"]
            if choice["index"] not in choices:
                assert delta["role"] == "assistant"
                choices[choice["index"]] = {"content": "", "thoughts": "", "calls": [], "logprobs": [], "finish": None}
            sum_ = choices[choice["index"]]
            sum_["content"] += delta.get("content") or ""
            sum_["thoughts"] += delta.get("reasoning_content") or ""
            sum_["logprobs"] += (choice["logprobs"] or {}).get("content") or []
            sum_["finish"] = choice["finish_reason"] or sum_["finish"]
            for call in delta.get("tool_calls", []):
                if call["index"] == len(sum_["calls"]):
                    sum_["calls"].append((call["function"]["name"], ""))
                name, arguments = sum_["calls"][call["index"]]
                sum_["calls"][call["index"]] = (name, arguments + (call["function"].get("arguments") or ""))
    return [choices[index] for index in sorted(choices)]


# Completions.

def whole_completion(reply):
    return [(choice["text"], logprobs(choice), choice["finish_reason"]) for choice in reply["choices"]]


def logprobs(choice):
    given = choice["logprobs"] or {}
    return list(zip(*(given.get(name, []) for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"))))


def streamed_completion(events):
    choices = {}
    for event in events:
        for choice in event["choices"]:
            text, scores, finish = choices.get(choice["index"], ("", [], None))
            choices[choice["index"]] = (
                text + choice["text"], scores + logprobs(choice), choice["finish_reason"] or finish)
    return [choices[index] for index in sorted(choices)]


# Responses: items without their ids, and how the response ended.

def whole_response(reply):
    return reply["status"], reply["incomplete_details"], [anonymous(item) for item in reply["output"]]


def anonymous(item):
    return {key: value for key, value in item.items() if key not in ("id", "call_id")}


def streamed_response(events):
    texts, done = {}, {}
    for event in events:
        index = event.get("output_index")
        if event["type"].endswith(".delta"):
            texts[index] = texts.get(index, "") + event["delta"]
        elif event["type"] == "response.output_item.done":
            done[index] = event["item"]
    last = events[-1]["response"]
    assert last["output"] == [done[index] for index in sorted(done)]
    for index, item in done.items():
        assert texts.get(index, "") == (item["arguments"] if "arguments" in item else item["content"][0]["text"])
    return whole_response(last)


# Messages: blocks without ids and signatures, and how the message ended.

def whole_message(reply):
    blocks = [{key: value for key, value in block.items() if key not in ("id", "signature")}
              for block in reply["content"]]
    return blocks, reply["stop_reason"], reply["stop_sequence"], reply["usage"]["output_tokens"]


def streamed_message(events):
    blocks, inputs, ending = [], {}, None
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            index, delta = event["index"], event["delta"]
            if delta["type"] == "input_json_delta":
                inputs[index] = inputs.get(index, "") + delta["partial_json"]
            elif delta["type"] != "signature_delta":
                name = delta["type"].removesuffix("_delta")
                blocks[index][name] += delta[name]
        elif event["type"] == "message_delta":
            ending = event
    for index, text in inputs.items():
        blocks[index]["input"] = json.loads(text)
    return whole_message({"content": blocks, **ending["delta"], "usage": ending["usage"]})


WHOLE = {"/v1/chat/completions": whole_chat, "/v1/completions": whole_completion, "/v1/responses": whole_response,
         "/v1/messages": whole_message}
STREAMED = {"/v1/chat/completions": streamed_chat, "/v1/completions": streamed_completion,
            "/v1/responses": streamed_response, "/v1/messages": streamed_message}
