"""Random schemas of every kind the grammar engine takes, each with a sampler of values that are meant to satisfy it."""

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Callable

from texts import FORMATS, NAMES, PATTERNS, WORDS

Sampler = Callable[[random.Random], Any]


@dataclass
class Made:
    """A schema and what samples values for it."""

    schema: Any
    sample: Sampler


def text_schema(r: random.Random) -> Made:
    kind = r.choice(["free", "length", "pattern", "format", "both", "enum"])
    if kind == "free":
        return Made({"type": "string"}, lambda s: s.choice(WORDS))
    if kind == "length":
        low, span = r.randint(0, 4), r.randint(0, 6)
        schema = {"type": "string"}
        if r.random() < 0.7:
            schema["minLength"] = low
        if r.random() < 0.7:
            schema["maxLength"] = low + span
        return Made(schema, lambda s: "".join(s.choice('abé日🙂"\\\n/') for _ in range(s.randint(max(0, low - 1), low + span + 1))))
    if kind == "pattern":
        pattern, samples = r.choice(PATTERNS)
        return Made({"type": "string", "pattern": pattern}, lambda s: s.choice(samples))
    if kind == "both":
        pattern, samples = r.choice(PATTERNS)
        return Made({"type": "string", "pattern": pattern, "minLength": r.randint(0, 3), "maxLength": r.randint(3, 12)}, lambda s: s.choice(samples))
    if kind == "format":
        name = r.choice(sorted(FORMATS))
        return Made({"type": "string", "format": name}, lambda s: s.choice(FORMATS[name]))
    values = r.sample(WORDS, r.randint(1, 5))
    return Made({"type": "string", "enum": values}, lambda s: s.choice(values))


def integer_schema(r: random.Random) -> Made:
    schema: dict[str, Any] = {"type": "integer"}
    low = r.choice([-1000, -17, -1, 0, 1, 5, 99, 100, 12345])
    high = low + r.choice([0, 1, 9, 10, 37, 100, 999, 54321])
    if r.random() < 0.7:
        schema[r.choice(["minimum", "exclusiveMinimum"])] = low
    if r.random() < 0.7:
        schema[r.choice(["maximum", "exclusiveMaximum"])] = high
    step = r.choice([1, 1, 1, 2, 3, 5, 7, 10, 12, 100])
    if step > 1:
        schema["multipleOf"] = step
    return Made(schema, lambda s: s.choice([s.randint(low, high) // step * step, low, high, low - 1, high + 1, s.randint(low, high)]))


def number_schema(r: random.Random) -> Made:
    schema: dict[str, Any] = {"type": "number"}
    places = r.randint(0, 3)
    low = round(r.uniform(-100, 100), places)
    high = round(low + r.choice([0, 0.5, 1, 10, 250]), places)
    if r.random() < 0.6:
        schema[r.choice(["minimum", "exclusiveMinimum"])] = low
    if r.random() < 0.6:
        schema[r.choice(["maximum", "exclusiveMaximum"])] = high
    if r.random() < 0.3:
        schema["multipleOf"] = r.choice([0.1, 0.01, 0.25, 0.5, 1.5, 3])
    edges = [Decimal(str(low)), Decimal(str(high))]

    def sample(s: random.Random) -> Any:
        edge = s.choice(edges)
        return s.choice(
            [
                edge,
                edge + Decimal(s.randint(-3, 3)).scaleb(-s.randint(0, 4)),
                Decimal(str(round(s.uniform(low, high), s.randint(0, 4)))),
                int(edge),
                Decimal("0"),
            ]
        )

    return Made(schema, sample)


def leaf_schema(r: random.Random) -> Made:
    kind = r.choice(["text", "text", "text", "integer", "integer", "number", "boolean", "null", "const", "enum", "any"])
    if kind == "text":
        return text_schema(r)
    if kind == "integer":
        return integer_schema(r)
    if kind == "number":
        return number_schema(r)
    if kind == "boolean":
        return Made({"type": "boolean"}, lambda s: s.choice([True, False]))
    if kind == "null":
        return Made({"type": "null"}, lambda s: None)
    mixed = [None, True, False, 0, 1, -7, 2.5, "x", "ü", [], [1, "a"], {"a": 1}, {}]
    if kind == "const":
        value = r.choice(mixed)
        return Made({"const": value}, lambda s: value)
    if kind == "enum":
        values = r.sample(mixed, r.randint(1, 5))
        return Made({"enum": values}, lambda s: s.choice(values))
    return Made(r.choice([True, {}, {"description": "anything"}]), lambda s: s.choice(mixed))


def array_schema(r: random.Random, depth: int) -> Made:
    item = any_schema(r, depth - 1)
    schema: dict[str, Any] = {"type": "array"}
    prefix: list[Made] = []
    low, high = 0, 4
    if r.random() < 0.3:
        prefix = [any_schema(r, depth - 1) for _ in range(r.randint(1, 3))]
        schema["prefixItems"] = [made.schema for made in prefix]
    rest = r.random()
    if rest < 0.7:
        schema["items"] = item.schema
    elif rest < 0.85 and prefix:
        schema["items"] = False
    if r.random() < 0.4:
        low = r.randint(0, 3)
        schema["minItems"] = low
    if r.random() < 0.4:
        high = low + r.randint(0, 3)
        schema["maxItems"] = high
    wanted: Made | None = None
    if r.random() < 0.15 and depth <= 2:
        wanted = r.choice([Made({"const": 7}, lambda s: 7), Made({"type": "boolean"}, lambda s: True)])
        schema["contains"] = wanted.schema
        if r.random() < 0.5:
            schema["minContains"] = r.randint(0, 2)
        if r.random() < 0.5:
            schema["maxContains"] = schema.get("minContains", 1) + r.randint(0, 1)
    elif r.random() < 0.1:
        values = r.sample([1, 2, "a", "b", None, True], r.randint(2, 4))
        schema = {"type": "array", "items": {"enum": values}, "uniqueItems": True}
        prefix, item = [], Made({}, lambda s: s.choice(values))

    def sample(s: random.Random) -> list:
        count = s.randint(max(0, low - 1), high + 1)
        elements = []
        for position in range(count):
            source = prefix[position] if position < len(prefix) else item
            if wanted and s.random() < 0.5:
                source = wanted
            elements.append(source.sample(s))
        return elements

    return Made(schema, sample)


def object_schema(r: random.Random, depth: int) -> Made:
    names = r.sample(NAMES, r.randint(0, 5))
    members = {name: any_schema(r, depth - 1) for name in names}
    schema: dict[str, Any] = {"type": "object"}
    if names or r.random() < 0.5:
        schema["properties"] = {name: made.schema for name, made in members.items()}
    required = [name for name in names if r.random() < 0.5]
    if required or r.random() < 0.2:
        schema["required"] = required
    others: list[tuple[Callable[[random.Random], str], Made]] = []
    openness = r.random()
    if openness < 0.5:
        schema["additionalProperties"] = False
    elif openness < 0.75:
        made = any_schema(r, depth - 1)
        schema["additionalProperties"] = made.schema
        others.append((lambda s: s.choice(["extra", "zz", "q1"]), made))
    if r.random() < 0.15:
        made = leaf_schema(r)
        schema["patternProperties"] = {"^p_": made.schema}
        others.append((lambda s: s.choice(["p_1", "p_x"]), made))
    if r.random() < 0.1:
        schema["propertyNames"] = {"maxLength": r.randint(2, 6)}
    if r.random() < 0.1:
        schema["maxProperties"] = len(required) + r.randint(0, 2)
    if r.random() < 0.1:
        schema["minProperties"] = len(required) + r.randint(0, 1)
    if len(names) >= 2 and r.random() < 0.08:
        schema["dependentRequired"] = {names[0]: [names[1]]}

    def sample(s: random.Random) -> dict:
        value = {n: m.sample(s) for n, m in members.items() if n in required or s.random() < 0.6}
        if s.random() < 0.4:
            for name, made in others:
                value[name(s)] = made.sample(s)
        return value

    return Made(schema, sample)


def combined_schema(r: random.Random, depth: int) -> Made:
    kind = r.choice(["anyOf", "anyOf", "tagged", "kinds", "allOf", "types", "not", "if"])
    if kind == "anyOf":
        ways = [any_schema(r, depth - 1) for _ in range(r.randint(1, 3))]
        return Made({"anyOf": [w.schema for w in ways]}, lambda s: s.choice(ways).sample(s))
    if kind == "tagged":
        ways = []
        for tag in r.sample(["circle", "square", "line"], r.randint(2, 3)):
            inner = any_schema(r, depth - 1)
            schema = {
                "type": "object",
                "properties": {"kind": {"const": tag}, "value": inner.schema},
                "required": ["kind", "value"],
                "additionalProperties": False,
            }
            ways.append(Made(schema, lambda s, tag=tag, inner=inner: {"kind": tag, "value": inner.sample(s)}))
        return Made({"oneOf": [w.schema for w in ways]}, lambda s: s.choice(ways).sample(s))
    if kind == "kinds":
        ways = [text_schema(r), integer_schema(r), Made({"type": "null"}, lambda s: None)]
        return Made({"oneOf": [w.schema for w in ways]}, lambda s: s.choice(ways).sample(s))
    if kind == "allOf":
        first = r.choice(NAMES)
        second = r.choice([n for n in NAMES if n != first])
        one, two = any_schema(r, depth - 1), leaf_schema(r)
        schema = {
            "allOf": [
                {"type": "object", "properties": {first: one.schema}, "required": [first]},
                {"properties": {second: two.schema}, "minProperties": 1},
            ]
        }
        return Made(schema, lambda s: {first: one.sample(s)} | ({second: two.sample(s)} if s.random() < 0.5 else {}))
    if kind == "types":
        types = r.sample(["string", "integer", "number", "boolean", "null", "array", "object"], r.randint(1, 4))
        values = {"string": "s", "integer": 3, "number": Decimal("1.5"), "boolean": True, "null": None, "array": [1], "object": {"a": 1}}
        return Made({"type": types}, lambda s: values[s.choice(types)])
    if kind == "not":
        base = r.choice([{"type": "string"}, {"type": "integer"}, {}])
        refused = r.choice([{"const": "a"}, {"enum": ["a", "ab", 3]}, {"type": "null"}, {"minimum": 5}, {"maxLength": 1}])
        return Made(base | {"not": refused}, lambda s: s.choice(["a", "ab", "hello", 3, 5, 6, None, True]))
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["x", "y"]}, "value": True},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "x"}}},
        "then": {"required": ["value"]},
        "else": {"properties": {"value": {"type": "integer"}}},
        "additionalProperties": False,
    }
    return Made(schema, lambda s: {"kind": s.choice(["x", "y"])} | ({"value": s.choice([1, "v"])} if s.random() < 0.6 else {}))


def any_schema(r: random.Random, depth: int) -> Made:
    if depth <= 0:
        return leaf_schema(r)
    return r.choice([leaf_schema, leaf_schema, lambda r: array_schema(r, depth), lambda r: object_schema(r, depth), lambda r: object_schema(r, depth), lambda r: combined_schema(r, depth)])(r)


def recursive_schema(r: random.Random) -> Made:
    leaf = leaf_schema(r)
    schema = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"value": leaf.schema, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}, "all": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
                "required": ["value"],
                "additionalProperties": r.random() < 0.3,
            }
        },
    }

    def sample(s: random.Random, depth: int = 3) -> dict:
        node = {"value": leaf.sample(s)}
        if s.random() < 0.6:
            node["next"] = sample(s, depth - 1) if depth and s.random() < 0.7 else None
        if s.random() < 0.3:
            node["all"] = [sample(s, depth - 1) for _ in range(s.randint(0, 2 if depth else 0))]
        return node

    return Made(schema, sample)


def make(r: random.Random) -> Made:
    return recursive_schema(r) if r.random() < 0.05 else any_schema(r, r.randint(0, 3))
