#!/usr/bin/env python3
"""Asks a served model for documents of many schemas, at several temperatures, and checks each with jsonschema.

    pip install -r Tools/grammar/requirements.txt
    python3 Tools/grammar/outputs.py [--model model.gguf] [--count 1000] [--temperatures 0 1 2] [--suite jsonschema-4.26.0]

Schemas are generated (generate.py), and those of the JSON Schema Test Suite are added where its folder is given
(suite.py). A reply that ends has to be JSON that satisfies its schema; one that is cut off by `max_tokens` has to be the
beginning of such a document, which `apus grammar` tells. Exits 1 where one is not.
"""

import argparse
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import generate
import oracle
import suite
from engines import Apus

PROMPTS = ["Give me an example.", "Anna is 31 years old and lives in Paris.", "What is 12 + 30?", "Make something up."]


def ask(url: str, model: str, number: int, schema: object, temperature: float, max_tokens: int) -> dict:
    """The choice of one reply, or {"error": what the server says}."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": PROMPTS[number % len(PROMPTS)]}],
        "temperature": temperature,
        "seed": number,
        "max_tokens": max_tokens,
        "response_format": {"type": "json_schema", "json_schema": {"name": "document", "schema": schema}},
    }
    request = urllib.request.Request(
        url + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=600) as reply:
            return json.load(reply)["choices"][0]
    except urllib.error.HTTPError as error:
        return {"error": json.load(error)["error"], "status": error.code}


def serve(arguments: argparse.Namespace) -> tuple[subprocess.Popen, str]:
    """A server on a free port, and its address."""
    command = [arguments.apus, "serve", "--port", "0"] + (["--model", arguments.model] if arguments.model else [])
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in server.stdout:
        if "http://" in line:
            address = "http://" + line.split("http://")[1].split()[0].strip("/\"',")
            # A server whose log nobody reads stops.
            threading.Thread(target=server.stdout.read, daemon=True).start()
            return server, address
    raise SystemExit(f"{arguments.apus} did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", default=".build/release/apus")
    parser.add_argument("--model", help="what is served; default: the embedded model")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0, 1, 2])
    parser.add_argument("--max-tokens", type=int, default=300)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--suite", type=Path, help="the unpacked source distribution of jsonschema")
    arguments = parser.parse_args()
    schemas = [case["schema"] for case in generate.corpus(arguments.count, arguments.seed, each=1)]
    if arguments.suite:
        schemas += [case["schema"] for case in suite.cases(arguments.suite)]

    server, url = serve(arguments)
    try:
        with urllib.request.urlopen(url + "/v1/models") as reply:
            model = json.load(reply)["data"][0]["id"]
        jobs = [(number, schema, temperature) for number, schema in enumerate(schemas)
                for temperature in arguments.temperatures]
        with ThreadPoolExecutor(arguments.parallel) as pool:
            choices = list(pool.map(lambda job: ask(url, model, *job, arguments.max_tokens), jobs))
    finally:
        server.terminate()
        server.wait()

    seen: Counter = Counter()
    cut: list[tuple[object, str]] = []
    for (_, schema, temperature), choice in zip(jobs, choices):
        if "error" in choice:
            seen["refused"] += 1
            if choice["status"] != 400 or not choice["error"]["param"].startswith("response_format"):
                print(json.dumps(schema)[:400], choice["error"], sep="\n")
                seen["FAILED"] += 1
            continue
        text = choice["message"]["content"] or ""
        if choice["finish_reason"] == "length":
            cut.append((schema, text))
        elif oracle.is_valid(oracle.validator(schema), text):
            seen[f"valid, at temperature {temperature:g}"] += 1
        else:
            seen["INVALID"] += 1
            print(json.dumps(schema, ensure_ascii=False)[:600], text[:400], sep="\n")
    answers = Apus(arguments.apus, None).run([{"grammar": schema, "documents": [text]} for schema, text in cut])
    for (schema, text), answer in zip(cut, answers):
        # A document that stops too early is refused at its end; a last character that was cut is U+FFFD.
        document = answer["documents"][0]
        whole = len(text.rstrip("\ufffd").encode())
        if document["accepted"] or document["position"] >= whole:
            seen["cut off by max_tokens within a valid document"] += 1
        else:
            seen["INVALID"] += 1
            print(json.dumps(schema, ensure_ascii=False)[:600], text[:400], document, sep="\n")
    print(f"{len(schemas)} schemas")
    for what, count in sorted(seen.items()):
        print(f"{count:7} {what}")
    sys.exit(1 if seen["INVALID"] or seen["FAILED"] else 0)


if __name__ == "__main__":
    main()
