"""Where a grammar and jsonschema rightly differ about a document, and why."""

import json
import re
from decimal import Decimal
from typing import Any

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL = re.compile(rf"{ATOM}(\.{ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
TEMPLATE_TEXT = re.compile(r"[^\x00-\x20\"'<>\\^`|]*")


def keywords(schema: Any, key: str):
    """The values of a keyword anywhere in the schema."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == key:
                yield value
            yield from keywords(value, key)
    elif isinstance(schema, list):
        for value in schema:
            yield from keywords(value, key)


def numbers(document: Any):
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for value in document:
            yield from numbers(value)
    elif isinstance(document, Decimal):
        yield document


def strings(document: Any):
    if isinstance(document, dict):
        document = list(document.values()) + list(document)
    if isinstance(document, list):
        for value in document:
            yield from strings(value)
    elif isinstance(document, str):
        yield document


def reason(schema: Any, text: str, is_valid: bool, is_accepted: bool) -> str | None:
    """Why the grammar's verdict differs from jsonschema's; None where it should not."""
    if is_accepted or not is_valid:
        return None
    document = json.loads(text, parse_float=Decimal)
    has_values = any(True for key in ("enum", "const") for _ in keywords(schema, key))
    if has_values and any(str(number.normalize()) != str(number) for number in numbers(document)):
        return "spelling: a listed number is written as in the schema, without zeros at its end"
    if any(number == number.to_integral_value() for number in numbers(document)):
        return "spelling: an integer is written without a fraction"
    if "email" in keywords(schema, "format") and not all(EMAIL.fullmatch(string) for string in strings(document)):
        return "format: jsonschema takes any text with an @ for an email address; RFC 5321 does not"
    if "uri-template" in keywords(schema, "format") and not all(map(TEMPLATE_TEXT.fullmatch, strings(document))):
        return "format: jsonschema takes blanks and quotation marks in URI templates; RFC 6570 does not"
    uses_classes = any(isinstance(p, str) and ("\\w" in p or "\\d" in p) for p in keywords(schema, "pattern"))
    if uses_classes and any(not c.isascii() and re.match(r"\w", c) for string in strings(document) for c in string):
        return "pattern: \\w and \\d are ASCII in ECMA-262, and letters and digits of all scripts in Python's re"
    if has_values and re.search(r"\\u", text):
        return "spelling: no \\u escapes in listed strings"
    return None
