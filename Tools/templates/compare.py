#!/usr/bin/env python3
"""Renders real chat templates of many model families with transformers and with Apus, and compares.

The templates come from the source package of llama-cpp-python on PyPI (models/templates of its vendored
llama.cpp), which is downloaded into a temporary folder. Needs transformers and jinja2. Usage:

    Tools/templates/compare.py [--apus .build/release/apus] [--templates FOLDER] [--only NAME] [--verbose]

Every template is rendered with every conversation below. The outcomes: identical text, both fail, Apus fails
with a position where transformers renders (an unsupported construct), and wrong. Exits with 1 if any is wrong.
"""

import argparse
import collections
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

from transformers.utils.chat_template_utils import _compile_jinja_template

PACKAGE = "llama-cpp-python"


def download(folder):
    """Downloads the source package and unpacks its templates."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", PACKAGE, "-d", folder, PACKAGE],
        check=True)
    archive = next(pathlib.Path(folder).glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        members = [m for m in tar.getmembers() if "/models/templates/" in m.name and m.name.endswith(".jinja")]
        tar.extractall(folder, members=members, filter="data")
    return folder


# MARK: - Conversations

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Look up the weather of a place.\nReturns °C & <b>wind</b>.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "City, e.g. \"Łódź\""},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": "integer", "minimum": 1, "maximum": 14},
                "detail": {
                    "type": "object", "description": "What to include",
                    "properties": {"wind": {"type": "boolean"}, "places": {"type": "array", "items": {"type": "string"}}},
                    "required": ["wind"],
                },
                "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "many": {"type": ["string", "null"]},
            },
            "required": ["location", "days"],
        },
        "return": {"type": "object", "description": "temperatures"},
    },
}
CLOCK = {
    "type": "function",
    "function": {
        "name": "now", "description": "The time.",
        "parameters": {
            "type": "object", "additionalProperties": False, "required": ["zone"],
            "properties": {"zone": {"type": "string", "description": "A time zone"}, "seconds": {"type": "boolean"}},
        },
    },
}


def call(name, arguments, identifier="abcdef123"):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


def conversations():
    user = {"role": "user", "content": "Hello, 你好! 👩‍👩‍👧 <b>\"quoted\"</b>"}
    system = {"role": "system", "content": "You are terse.\n  Indented line.  "}
    answer = {"role": "assistant", "content": "Hi there.\n"}
    thinking = {"role": "assistant", "content": "<think>\nLet me see.\n</think>\n\nFour."}
    reasoned = {"role": "assistant", "content": "Four.", "reasoning_content": "Two and two make four.\n"}
    parts = {"role": "user", "content": [{"type": "text", "text": "Look "}, {"type": "text", "text": "here"}]}
    image = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}]}
    object_call = {"role": "assistant", "content": "", "tool_calls": [
        call("get_weather", {"location": "Łódź", "days": 2, "detail": {"wind": True}, "rate": 1.5, "none": None})]}
    string_call = {"role": "assistant", "content": None, "tool_calls": [
        call("get_weather", '{"location": "Paris", "days": 1}')]}
    two_calls = {"role": "assistant", "content": "Looking.", "reasoning_content": "Both.", "tool_calls": [
        call("get_weather", {"location": "Rome", "days": 3}), call("now", {}, "fedcba321")]}
    result = {"role": "tool", "tool_call_id": "abcdef123", "name": "get_weather", "content": "{\"temp\": 21.5}"}
    second = {"role": "tool", "tool_call_id": "fedcba321", "name": "now", "content": "12:00"}
    yield "user", [user]
    yield "system", [system, user]
    yield "turns", [system, user, answer, {"role": "user", "content": "2+2?"}, thinking, {"role": "user", "content": "Thanks"}]
    yield "reasoning", [user, reasoned, {"role": "user", "content": "And 3+3?"}]
    yield "reasoning-last", [user, reasoned]
    yield "parts", [system, parts, answer, image]
    yield "call", [system, user, object_call, result]
    yield "call-user", [user, object_call, result, answer, user]
    yield "string-call", [user, string_call, result]
    yield "two-calls", [system, user, two_calls, result, second, answer, user]
    yield "call-last", [user, two_calls]
    yield "developer", [{"role": "developer", "content": "Be kind."}, user]
    yield "empty", []
    yield "empty-content", [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}, user]
    yield "unknown-role", [{"role": "critic", "content": "Hm."}]
    yield "two-users", [user, user]


def contexts():
    for name, messages in conversations():
        for tools in (None, [CLOCK], [WEATHER, CLOCK]):
            if tools is None and "call" in name and name != "call":
                continue
            for options in (
                {"add_generation_prompt": True},
                {"add_generation_prompt": False, "enable_thinking": False},
                {"add_generation_prompt": True, "enable_thinking": True, "thinking": True, "reasoning_effort": "high"},
                {"add_generation_prompt": True, "enable_thinking": False, "thinking": False, "documents": None},
            ):
                context = {
                    "messages": messages, "bos_token": "<s>", "eos_token": "</s>", "functions": "[]",
                    "datetime": "Monday", **options}
                # transformers always passes tools, None included; other callers leave them out.
                if tools is not None or options["add_generation_prompt"]:
                    context["tools"] = tools
                yield f"{name}/{'no' if tools is None else len(tools)} tools/{json.dumps(options)}", context


# MARK: - Comparing

def render_python(source, context):
    """The text, or None and the error."""
    try:
        return _compile_jinja_template(source).render(**json.loads(json.dumps(context))), None
    except Exception as error:  # Whatever goes wrong inside a template counts as its failure.
        return None, f"{type(error).__name__}: {error}"


def render_apus(apus, template, context):
    """The text, or None and the error."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(context, file)
        file.flush()
        run = subprocess.run(
            [apus, "render", "--template", template, "--input", file.name], capture_output=True, timeout=60)
    if run.returncode == 0:
        return run.stdout.decode(), None
    return None, run.stderr.decode().strip()


def render_both(apus, template, source, context):
    """What both render, on the same day."""
    while True:
        day = datetime.date.today()
        results = render_python(source, context) + render_apus(apus, template, context)
        if day == datetime.date.today():
            return results


def compare(apus, template, verbose, pool):
    """Counts of outcomes for one template, and descriptions of those that are wrong."""
    source = template.read_text()
    counts, wrong, unsupported = collections.Counter(), [], set()
    names, inputs = zip(*contexts())
    results = pool.map(lambda context: render_both(apus, template, source, context), inputs)
    for name, (expected, failure, found, error) in zip(names, results):
        if expected is None and found is None:
            outcome = "both fail"
            if verbose:
                print(f"    {name}: {failure} | {error}")
        elif expected == found:
            outcome = "identical"
        elif found is None and re.search(r"line \d+, column \d+", error):
            outcome = "positioned error"
            unsupported.add(error)
        else:
            outcome = "WRONG"
            wrong.append(f"{name}\n--- transformers\n{failure or expected}\n--- apus\n{error or found}")
        counts[outcome] += 1
    return counts, wrong, unsupported


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus", help="the executable")
    parser.add_argument("--templates", help="a folder of .jinja files to use instead of downloading")
    parser.add_argument("--only", default="", help="only templates whose name contains this")
    parser.add_argument("--verbose", action="store_true", help="show the first wrong output in full, and failures")
    options = parser.parse_args()
    total = collections.Counter()
    threads = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
    with tempfile.TemporaryDirectory() as folder, threads as pool:
        templates = options.templates or download(folder)
        for template in sorted(pathlib.Path(templates).rglob("*.jinja")):
            if options.only not in template.name:
                continue
            counts, wrong, unsupported = compare(options.apus, template, options.verbose, pool)
            total += counts
            print(f"{template.name}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
            for error in sorted(unsupported):
                print(f"    {error}")
            for text in wrong[:1]:
                print("    " + (text if options.verbose else text[:2000]))
    print("total: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(total.items())))
    sys.exit(1 if total["WRONG"] or not total else 0)


if __name__ == "__main__":
    main()
