"""A corpus of varied requests, made from tables: conversations, options and faults of every API that generates.

Each request that succeeds is there twice, to be answered whole and streamed. Replies are short and repeatable, so that
the two can be compared.
"""
import dataclasses
import itertools

import corpus_conversations as said
import corpus_options as options


@dataclasses.dataclass(frozen=True)
class Case:
    """One request: what it is called, where it goes, and the status it has to be answered with."""
    name: str
    path: str
    body: dict
    status: int = 200
    # Of an error: the field it names.
    parameter: str | None = None

    @property
    def is_streamed(self):
        return self.body.get("stream") is True


CHAT, RESPONSES, MESSAGES, COMPLETIONS = "/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/completions"

BASES = {
    CHAT: {"model": "swiftlet", "messages": said.ASK, "max_completion_tokens": 8, "temperature": 0},
    RESPONSES: {"model": "swiftlet", "input": "What is Apus?", "max_output_tokens": 8, "temperature": 0},
    MESSAGES: {"model": "swiftlet", "messages": said.ASK, "max_tokens": 8, "temperature": 0},
    COMPLETIONS: {"model": "swiftlet", "prompt": "Apus is", "max_tokens": 8, "temperature": 0},
}

# What stands in a base, by path: conversations, and options of a request about the same question.
TABLES = {
    CHAT: (said.CHAT, options.CHAT, options.CHAT_THINKING),
    RESPONSES: (said.RESPONSES, options.RESPONSES),
    MESSAGES: (said.MESSAGES, options.MESSAGES),
    COMPLETIONS: (options.COMPLETIONS,),
}

# Options that only a stream may have.
ONLY_STREAMED = {
    CHAT: {"usage": {"stream_options": {"include_usage": True}},
           "no-usage": {"stream_options": {"include_usage": False}},
           "obfuscation": {"stream_options": {"include_usage": True, "include_obfuscation": True}}},
    RESPONSES: {"obfuscation": {"stream_options": {"include_obfuscation": False}}, "background": {"background": True}},
    COMPLETIONS: {"usage": {"stream_options": {"include_usage": True}}},
}


def answered():
    """Requests that get a reply, whole and streamed."""
    for path, tables in TABLES.items():
        for name, members in itertools.chain.from_iterable(table.items() for table in tables):
            for delivery, stream in [("whole", False), ("streamed", True)]:
                if stream and "background" in members:
                    continue
                body = {**BASES[path], **members, "stream": stream}
                if path == COMPLETIONS and stream and body.get("best_of", 1) > body.get("n", 1):
                    continue
                yield Case(f"{path[4:]}/{name}/{delivery}", path, body)
        for name, members in ONLY_STREAMED.get(path, {}).items():
            yield Case(f"{path[4:]}/stream-{name}", path, {**BASES[path], "stream": True, **members})


def refused():
    """Requests with something wrong; the answer is an error whether they ask for a stream or not."""
    for path, faults in options.FAULTS.items():
        for stream, (name, (members, status, parameter)) in itertools.product([False, True], faults.items()):
            body = {key: value for key, value in {**BASES[path], **members, "stream": stream}.items()
                    if value is not options.ABSENT}
            yield Case(f"{path[4:]}/wrong-{name}/{'streamed' if stream else 'whole'}", path, body, status, parameter)


def counted():
    """Requests that make no tokens."""
    for path, table in options.COUNTED.items():
        for name, body in table.items():
            yield Case(f"{path[4:]}/{name}", path, {"model": "swiftlet", **body})


CASES = [*answered(), *refused(), *counted()]
