"""What the clients ask, and what a right answer looks like."""

import json
import random

TOPICS = ["Apus", "a swift", "the number 12", "Wales", "a pot of tea", "seven bridges", "an inference server", "rain"]
SYSTEM = "You are a patient assistant who answers in short sentences. " * 6
TOOLS = [{"name": name, "parameters": {
    "type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"],
    "additionalProperties": False}} for name in ["add", "multiply"]]
SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 12}, "count": {"type": "integer"},
                                           "kind": {"enum": ["bird", "number", "other"]}},
          "required": ["name", "count", "kind"], "additionalProperties": False}
ENDS = {"stop", "length", "tool_calls"}
MODEL = "swiftlet"


class Wrong(Exception):
    """An answer that cannot be right."""


def demand(holds, what: str) -> None:
    if not holds:
        raise Wrong(what)


class Ask:
    """A request of one of the APIs. The same `number` and seed of the run are the same request, and have one right answer."""

    def __init__(self, seed: int, number: int):
        self.number = number
        random_ = random.Random(f"ask {seed} {number}")
        self.kind = random_.choices(["chat", "completions", "responses", "messages"], [5, 2, 2, 2])[0]
        self.most = random_.choice([1, 8, 20, 40, 60, 90])
        self.question = f"{random_.choice(['What is', 'Tell me about', 'Count beside'])} {random_.choice(TOPICS)}? ({number})"
        self.seed = random_.randrange(1 << 30)
        self.temperature = random_.choice([0, 0, 0.7, 1.2])
        self.has_system = random_.random() < 0.5
        self.thinks = random_.random() < 0.3
        self.form = random_.choices(["text", "tools", "schema"], [6, 2, 2])[0]
        self.choices = random_.choice([1, 1, 1, 2, 3])
        self.prompts = random_.choice([1, 1, 2])
        self.has_scores = random_.random() < 0.2
        getattr(self, "_" + self.kind)()

    def _chat(self) -> None:
        messages = [{"role": "system", "content": SYSTEM}] if self.has_system else []
        self.path = "/v1/chat/completions"
        self.body = {"model": MODEL, "messages": messages + [{"role": "user", "content": self.question}], "n": self.choices,
                     "max_tokens": self.most, "seed": self.seed, "temperature": self.temperature}
        if self.thinks:
            self.body |= {"enable_thinking": True, "thinking_budget": max(1, self.most // 2)}
        if self.has_scores:
            self.body |= {"logprobs": True, "top_logprobs": 2}
        if self.form == "tools":
            self.body |= {"tools": [{"type": "function", "function": tool} for tool in TOOLS], "tool_choice": "required"}
        elif self.form == "schema":
            self.body["response_format"] = {"type": "json_schema", "json_schema": {"name": "thing", "schema": SCHEMA}}

    def _completions(self) -> None:
        self.form, self.thinks = "text", False
        prompts = [self.question + " It is" * (place + 1) for place in range(self.prompts)]
        self.path = "/v1/completions"
        self.body = {"model": MODEL, "prompt": prompts, "n": self.choices, "max_tokens": self.most, "seed": self.seed,
                     "temperature": self.temperature}
        if self.has_scores:
            self.body["logprobs"] = 1

    def _responses(self) -> None:
        self.path = "/v1/responses"
        self.body = {"model": MODEL, "input": self.question, "max_output_tokens": self.most, "seed": self.seed,
                     "temperature": self.temperature}
        if self.has_system:
            self.body["instructions"] = SYSTEM
        if self.thinks:
            self.body |= {"enable_thinking": True, "thinking_budget": max(1, self.most // 2)}
        if self.form == "tools":
            self.body |= {"tools": [{"type": "function"} | tool for tool in TOOLS], "tool_choice": "required"}
        elif self.form == "schema":
            self.body["text"] = {"format": {"type": "json_schema", "name": "thing", "schema": SCHEMA}}

    def _messages(self) -> None:
        self.path = "/v1/messages"
        # Without a seed among its fields, only the most likely tokens are always the same.
        self.form = "text" if self.form == "schema" else self.form
        self.thinks = False
        self.body = {"model": MODEL, "messages": [{"role": "user", "content": self.question}], "max_tokens": self.most,
                     "temperature": 0}
        if self.has_system:
            self.body["system"] = SYSTEM
        if self.form == "tools":
            self.body |= {"tools": [{"name": tool["name"], "input_schema": tool["parameters"]} for tool in TOOLS],
                          "tool_choice": {"type": "any"}}

    def streamed(self) -> dict:
        """The body that asks for a stream."""
        usage = {"stream_options": {"include_usage": True}} if self.kind in ("chat", "completions") else {}
        return self.body | {"stream": True} | usage

    # What has to be the same each time is returned: text, thoughts, calls and the end of each choice, and counts of tokens.

    def check(self, response, is_streamed: bool) -> list:
        """What was answered, in a form that is the same for streams. Raises `Wrong` for what cannot be."""
        try:
            read = getattr(self, f"_read_{self.kind}")
            choices, prompt, tokens = read(response.events() if is_streamed else response.json(), is_streamed)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Wrong(f"cannot be read: {type(error).__name__} {error}") from error
        wanted = self.choices * (self.prompts if self.kind == "completions" else 1)
        if self.kind in ("responses", "messages"):
            wanted = 1
        demand(len(choices) == wanted, f"{len(choices)} choices instead of {wanted}")
        demand(prompt > 0 and 0 < tokens <= wanted * self.most, f"{prompt} and {tokens} tokens")
        for choice in choices:
            demand(choice["end"] in ENDS, f"finish_reason {choice['end']}")
            if choice["end"] == "length":
                continue
            if self.form == "schema":
                self._check_schema(choice["text"])
            elif self.form == "tools":
                self._check_calls(choice)
        if all(choice["end"] == "length" for choice in choices):
            demand(tokens == wanted * self.most, f"{tokens} tokens, though all choices ended at {self.most}")
        return [choices, prompt, tokens]

    def _check_schema(self, text: str) -> None:
        try:
            value = json.loads(text)
        except ValueError:
            raise Wrong(f"no JSON: {text!r}") from None
        demand(set(value) == {"name", "count", "kind"} and isinstance(value["name"], str)
               and isinstance(value["count"], int) and value["kind"] in SCHEMA["properties"]["kind"]["enum"],
               f"against the schema: {text}")

    def _check_calls(self, choice: dict) -> None:
        demand(choice["calls"], "no call, though one is required")
        for name, arguments in choice["calls"]:
            value = json.loads(arguments)
            demand(name in ("add", "multiply") and set(value) == {"a", "b"}
                   and all(isinstance(number, int) for number in value.values()), f"call {name} {arguments}")

    def _usage(self, usage: dict) -> tuple[int, int]:
        demand(usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"], f"usage {usage}")
        return usage["prompt_tokens"], usage["completion_tokens"]

    def _read_chat(self, answer, is_streamed: bool):
        if not is_streamed:
            choices = [{"text": choice["message"]["content"] or "", "end": choice["finish_reason"],
                        "thoughts": choice["message"].get("reasoning_content") or "",
                        "calls": [[call["function"]["name"], call["function"]["arguments"]]
                                  for call in choice["message"].get("tool_calls") or []]}
                       for choice in answer["choices"]]
            return choices, *self._usage(answer["usage"])
        choices, usage = {}, None
        for chunk in self._chunks(answer):
            usage = chunk["usage"] or usage
            for piece in chunk["choices"]:
                choice = choices.setdefault(piece["index"], {"text": "", "end": None, "thoughts": "", "calls": []})
                delta = piece["delta"]
                choice["text"] += delta.get("content") or ""
                choice["thoughts"] += delta.get("reasoning_content") or ""
                for call in delta.get("tool_calls") or []:
                    if call["index"] == len(choice["calls"]):
                        choice["calls"].append([call["function"]["name"], ""])
                    choice["calls"][call["index"]][1] += call["function"].get("arguments") or ""
                self._end(choice, piece["finish_reason"])
        return [choices[index] for index in sorted(choices)], *self._usage(usage)

    def _read_completions(self, answer, is_streamed: bool):
        if not is_streamed:
            return ([{"text": choice["text"], "end": choice["finish_reason"]} for choice in answer["choices"]],
                    *self._usage(answer["usage"]))
        choices, usage = {}, None
        for chunk in self._chunks(answer):
            usage = chunk["usage"] or usage
            for piece in chunk["choices"]:
                choice = choices.setdefault(piece["index"], {"text": "", "end": None})
                choice["text"] += piece["text"]
                self._end(choice, piece["finish_reason"])
        return [choices[index] for index in sorted(choices)], *self._usage(usage)

    def _end(self, choice: dict, reason: str | None) -> None:
        demand(choice["end"] is None, "a choice goes on behind its end")
        choice["end"] = reason

    def _chunks(self, events: list[str]) -> list[dict]:
        demand(events and events[-1] == "[DONE]", "the stream does not end with [DONE]")
        chunks = [json.loads(event) for event in events[:-1]]
        for chunk in chunks:
            demand("error" not in chunk, f"error in the stream: {chunk.get('error')}")
        return chunks

    def _read_responses(self, answer, is_streamed: bool):
        if is_streamed:
            events = [json.loads(event) for event in answer]
            demand([event["sequence_number"] for event in events] == list(range(len(events))), "sequence numbers")
            demand(events[-1]["type"] in ("response.completed", "response.incomplete"), f"ends with {events[-1]}")
            answer = events[-1]["response"]
        demand(answer["status"] in ("completed", "incomplete"), f"status {answer['status']}")
        parts = [part for item in answer["output"] for part in item.get("content", [])]
        whole = "".join(part["text"] for part in parts if part["type"] == "output_text")
        if is_streamed:
            text = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
            demand(text == whole, f"deltas {text!r} are not {whole!r}")
        calls = [[item["name"], item["arguments"]] for item in answer["output"] if item["type"] == "function_call"]
        end = "length" if answer["status"] == "incomplete" else "tool_calls" if calls else "stop"
        usage = answer["usage"]
        demand(usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"], f"usage {usage}")
        choice = {"text": whole, "end": end, "calls": calls,
                  "thoughts": "".join(part["text"] for part in parts if part["type"] == "reasoning_text")}
        return [choice], usage["input_tokens"], usage["output_tokens"]

    def _read_messages(self, answer, is_streamed: bool):
        ends = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
        if not is_streamed:
            blocks, stop, usage = answer["content"], answer["stop_reason"], answer["usage"]
            text = "".join(block["text"] for block in blocks if block["type"] == "text")
            calls = [[block["name"], json.dumps(block["input"])] for block in blocks if block["type"] == "tool_use"]
        else:
            events = [json.loads(event) for event in answer]
            demand(events[-1]["type"] == "message_stop", f"ends with {events[-1]}")
            text, calls = "", []
            for event in events:
                if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use":
                    calls.append([event["content_block"]["name"], ""])
                elif event["type"] == "content_block_delta":
                    text += event["delta"].get("text", "")
                    if "partial_json" in event["delta"]:
                        calls[-1][1] += event["delta"]["partial_json"]
                elif event["type"] == "message_delta":
                    stop, usage = event["delta"]["stop_reason"], event["usage"]
            if ends[stop] != "length":
                calls = [[name, json.dumps(json.loads(arguments))] for name, arguments in calls]
        end = ends[stop]
        if end == "length":
            # A call that breaks off is text in a reply that is not streamed.
            text, calls = "", []
        prompt = usage["input_tokens"] + usage["cache_read_input_tokens"]
        return [{"text": text, "end": end, "calls": calls}], prompt, usage["output_tokens"]
