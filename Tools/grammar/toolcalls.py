#!/usr/bin/env python3
"""Has a running server call tools with generated schemas, and checks every call's arguments with jsonschema.

    pip install -r Tools/grammar/requirements.txt
    .build/release/apus serve
    python3 Tools/grammar/toolcalls.py --url http://127.0.0.1:8080 [--count 1000] [--seed 1] [--max-tokens 400]

Each schema is that of the one member of a strict tool's parameters; half of the calls are required, half are of the
tool by name. Exits 1 if any call that came to its end does not satisfy its schema.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import generate
import oracle


def parameters(schema):
    """Parameters with one member of the schema, or None where its references would lead elsewhere then."""
    text = json.dumps(schema)
    if '"$ref": "#"' in text or '"$ref": "#/properties' in text or '"$id"' in text or "$schema" in text:
        return None
    outer = {"type": "object", "required": ["value"], "additionalProperties": False}
    if isinstance(schema, dict):
        for key in ("$defs", "definitions"):
            if key in schema:
                schema = dict(schema)
                outer[key] = schema.pop(key)
    return {**outer, "properties": {"value": schema}}


def post(url, body):
    """The status and the body of the answer."""
    request = urllib.request.Request(url + "/v1/chat/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=600) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def check(url, schema, seed, max_tokens, temperature=1.0, **more):
    """What became of one schema: "refused", "cut off", "valid", or "INVALID" with the call's arguments."""
    tool = {"type": "function", "function": {"name": "set", "strict": True, "parameters": schema}}
    named = {"type": "function", "function": {"name": "set"}}
    status, answer = post(url, {
        "model": more.pop("model"), "messages": [{"role": "user", "content": "Set any value."}], "tools": [tool],
        "tool_choice": named if seed % 2 else "required", "temperature": temperature, "seed": seed,
        "max_tokens": max_tokens, **more})
    if status != 200:
        refused = status == 400 and answer["error"]["param"] in ("tools", "tools[0].function.parameters")
        return ("refused", None) if refused else ("INVALID", answer)
    choice = answer["choices"][0]
    if choice["finish_reason"] == "length":
        return "cut off", None
    calls = choice["message"].get("tool_calls") or []
    validator = oracle.validator(schema)
    if not calls or not all(oracle.is_valid(validator, call["function"]["arguments"]) for call in calls):
        return "INVALID", answer
    return "valid", None


def run(url, count, seed, max_tokens, threads=8):
    """Counts of what became of `count` schemas; tells of those that went wrong."""
    with urllib.request.urlopen(url + "/v1/models") as answer:
        model = json.load(answer)["data"][0]["id"]
    schemas = [parameters(case["schema"]) for case in generate.corpus(count, seed, each=1)]
    seen = Counter()
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda pair: (pair[1], *check(url, pair[1], pair[0], max_tokens, model=model)),
                         ((number, schema) for number, schema in enumerate(schemas) if schema is not None))
        for schema, what, answer in found:
            seen[what] += 1
            if what == "INVALID":
                print(json.dumps(schema, ensure_ascii=False), json.dumps(answer, ensure_ascii=False)[:2000], sep="\n")
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=400)
    arguments = parser.parse_args()
    seen = run(arguments.url, arguments.count, arguments.seed, arguments.max_tokens)
    for what, count in sorted(seen.items()):
        print(f"{count:7} {what}")
    sys.exit(1 if seen["INVALID"] else 0)


if __name__ == "__main__":
    main()
