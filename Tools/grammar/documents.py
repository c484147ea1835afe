"""Documents of a value: its text in several styles, the value with one thing changed, and texts cut off or gone on."""

import json
import random
from decimal import Decimal
from typing import Any

from schemas import Made


def write(value: Any, style: str, level: int = 0) -> str:
    """JSON text in one of three styles; decimals as they are."""
    comma, colon = {"compact": (",", ":"), "python": (", ", ": "), "indented": (",", ": ")}[style]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (list, dict)):
        begin, end = ("{", "}") if isinstance(value, dict) else ("[", "]")
        if isinstance(value, dict):
            parts = [json.dumps(k, ensure_ascii=False) + colon + write(v, style, level + 1) for k, v in value.items()]
        else:
            parts = [write(v, style, level + 1) for v in value]
        if style == "indented" and parts:
            inner = "\n" + "  " * (level + 1)
            return begin + inner + (comma + inner).join(parts) + "\n" + "  " * level + end
        return begin + comma.join(parts) + end
    return json.dumps(value, ensure_ascii=False)


def change(r: random.Random, value: Any) -> Any:
    """The value with one thing changed, somewhere."""
    if isinstance(value, dict) and value and r.random() < 0.8:
        name = r.choice(list(value))
        what = r.random()
        if what < 0.25:
            return {k: v for k, v in value.items() if k != name}
        if what < 0.4:
            return value | {"unexpected": r.choice([1, "x", None])}
        return {k: change(r, v) if k == name else v for k, v in value.items()}
    if isinstance(value, list) and value and r.random() < 0.8:
        position = r.randrange(len(value))
        what = r.random()
        if what < 0.25:
            return value[:position] + value[position + 1 :]
        if what < 0.5:
            return value + [value[position]]
        return [change(r, v) if p == position else v for p, v in enumerate(value)]
    if isinstance(value, str) and r.random() < 0.6:
        return r.choice([value + "x", value[:-1], value.upper(), "é" + value, value + " "])
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and r.random() < 0.6:
        return r.choice([value + 1, value - 1, -value, value * 10, Decimal(value) + Decimal("0.5")])
    return r.choice([None, True, 0, Decimal("1.5"), "x", [], {}, [1], {"a": 1}])


def documents(r: random.Random, made: Made, count: int) -> list[str]:
    texts: list[str] = []
    for number in range(count):
        value = made.sample(r)
        if number % 2:
            value = change(r, value)
        texts.append(write(value, r.choice(["compact", "python", "indented"])))
    whole = texts[0]
    texts += [whole[: r.randrange(len(whole))], whole + r.choice([",", "}", "]", "0", '"'])]
    return list(dict.fromkeys(texts))
