"""jsonschema as the judge of documents."""

import json
from decimal import Decimal

import jsonschema
from jsonschema.validators import validator_for
from jsonschema import validators


def _is_integer(_, value):
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or isinstance(value, Decimal) and value == value.to_integral_value()


def parse(text):
    """The document, or an error: JSON by RFC 8259, decimals exact, names of members distinct or the last one wins."""

    def refuse(name):
        raise ValueError(f"{name} is no JSON")

    value = json.loads(text, parse_float=Decimal, parse_constant=refuse)
    text.encode()  # A lone surrogate raises here.
    json.dumps(value, ensure_ascii=False, default=str).encode()
    return value


def validator(schema):
    """The validator of a schema: formats are checked, and decimals are exact, so that 0.07 is a multiple of 0.01."""
    exact = json.loads(json.dumps(schema), parse_float=Decimal)
    base = validator_for(exact, default=jsonschema.Draft202012Validator)
    checker = base.TYPE_CHECKER.redefine("integer", _is_integer)
    return validators.extend(base, type_checker=checker)(exact, format_checker=base.FORMAT_CHECKER)


def is_valid(check, text):
    """Whether the text is a JSON document that satisfies the schema of `check`."""
    try:
        document = parse(text)
    except ValueError:
        return False
    return check.is_valid(document)
