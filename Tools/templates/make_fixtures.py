#!/usr/bin/env python3
"""Writes the fixtures of ChatTemplateTests: what transformers renders for many small templates and a few large ones.

The environment is the one transformers compiles chat templates with. Made with transformers 5.23.0, jinja2 3.1.6 and
CPython 3.11; the small templates are in cases.py next to this script, the large ones in
Tests/ChatTemplateTests/Fixtures/templates. Usage:

    Tools/templates/make_fixtures.py
"""

import datetime
import json
import pathlib
import platform

import jinja2
import transformers
from transformers.utils import chat_template_utils

import cases
import compare

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/ChatTemplateTests/Fixtures"
# Noon in UTC, so that the date is the same almost everywhere.
NOW = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=datetime.timezone.utc)


class FixedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW.replace(tzinfo=None)


def render(source, context):
    """The text, or None where compiling or rendering fails."""
    try:
        return chat_template_utils._compile_jinja_template(source).render(**json.loads(json.dumps(context)))
    except Exception:  # Whatever goes wrong inside a template counts as its failure.
        return None


def case(source, context, **more):
    expected = render(source, context)
    return {"source": source, "context": context, **({"error": True} if expected is None else {"expected": expected}), **more}


def write(name, document):
    document = {
        "generator": "Tools/templates/make_fixtures.py",
        "versions": {"transformers": transformers.__version__, "jinja2": jinja2.__version__,
                     "python": platform.python_version()},
        "now": NOW.timestamp(), **document,
    }
    text = json.dumps(document, ensure_ascii=True, indent=0)
    (FIXTURES / name).write_text(text + "\n")
    print(f"{name}: {len(text)} bytes")


def main():
    chat_template_utils.datetime = FixedTime
    small = []
    for subject, sources in cases.CASES.items():
        for source in sources:
            source, context = source if isinstance(source, tuple) else (source, cases.CONTEXT)
            entry = case(source, context, subject=subject)
            if context is cases.CONTEXT:
                del entry["context"]
            small.append(entry)
    for source in cases.UNSUPPORTED:
        assert render(source, cases.CONTEXT) is not None, source
        small.append({"source": source, "subject": "unsupported", "unsupported": True})
    write("constructs.json", {"context": cases.CONTEXT, "cases": small})

    contexts = dict(compare.contexts())
    chosen = {name: context for index, (name, context) in enumerate(contexts.items()) if index % 7 == 0}
    rendered = []
    for template in sorted((FIXTURES / "templates").glob("*.jinja")):
        for name, context in chosen.items():
            entry = case(template.read_text(), context)
            del entry["source"], entry["context"]
            rendered.append({"template": template.name, "context": name, **entry})
    failures = sum("error" in entry for entry in rendered)
    print(f"{len(small)} small cases, {len(rendered)} renderings of whole templates, {failures} of which fail")
    write("conversations.json", {"contexts": chosen, "cases": rendered})


if __name__ == "__main__":
    main()
