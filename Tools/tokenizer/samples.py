"""Seeded strings that try out every part of a tokenizer, for compare.py and make_fixtures.py."""

import inspect
import json
import random
import string
import textwrap
import unicodedata
from collections.abc import Iterator

# First and last scalar of what each script is written with.
SCRIPTS = [
    (0x20, 0x7E),
    (0x20, 0x7E),
    (0x61, 0x7A),
    (0xA0, 0xFF),
    (0x100, 0x24F),
    (0x370, 0x3FF),
    (0x400, 0x4FF),
    (0x530, 0x58F),
    (0x590, 0x5FF),
    (0x600, 0x6FF),
    (0x700, 0x74F),
    (0x900, 0x97F),
    (0x980, 0x9FF),
    (0xA80, 0xAFF),
    (0xB80, 0xBFF),
    (0xC00, 0xC7F),
    (0xD00, 0xD7F),
    (0xE00, 0xE7F),
    (0xE80, 0xEFF),
    (0xF00, 0xFFF),
    (0x1000, 0x109F),
    (0x10A0, 0x10FF),
    (0x1100, 0x11FF),
    (0x1200, 0x137F),
    (0x13A0, 0x13FF),
    (0x1780, 0x17FF),
    (0x1800, 0x18AF),
    (0x1E00, 0x1EFF),
    (0x1F00, 0x1FFF),
    (0x2000, 0x206F),
    (0x2070, 0x209F),
    (0x20A0, 0x20FF),
    (0x2100, 0x214F),
    (0x2150, 0x218F),
    (0x2190, 0x22FF),
    (0x2460, 0x24FF),
    (0x2500, 0x259F),
    (0x2C00, 0x2C5F),
    (0x3000, 0x303F),
    (0x3040, 0x30FF),
    (0x4E00, 0x9FFF),
    (0x4E00, 0x5FFF),
    (0xA000, 0xA48F),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFB00, 0xFB4F),
    (0xFE20, 0xFE2F),
    (0xFF00, 0xFFEF),
    (0x10330, 0x1034F),
    (0x11080, 0x110CF),
    (0x11100, 0x1114F),
    (0x1D15E, 0x1D16F),
    (0x1D400, 0x1D7FF),
    (0x1E900, 0x1E95F),
    (0x1F300, 0x1FAFF),
    (0x20000, 0x2A6DF),
    (0x2F800, 0x2FA1D),
    (0xE0100, 0xE01EF),
]
SPACES = [
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\u00a0",
    "\u3000",
    "\u2003",
    "\u0085",
    "\u2028",
    "\x0b",
    "\x0c",
    "\u200b",
    "\u180e",
    "\ufeff",
    "\x1c",
    "\x00",
]
CONTRACTIONS = [
    "'s",
    "'t",
    "'re",
    "'ve",
    "'m",
    "'ll",
    "'d",
    "'S",
    "'T",
    "'RE",
    "'Ve",
    "'vE",
    "'M",
    "'LL",
    "'lL",
    "'D",
    "'\u017f",
    "'\u017ft",
    "'\ufb06",
    "'\u212a",
    "'r",
    "'v",
    "'l",
    "'x",
    "\u2019s",
    "''s",
    "'",
    "'\u0130",
    "'le",
]
EMOJI = [
    "👩‍👩‍👧‍👦",
    "🏳️‍🌈",
    "🇩🇪",
    "🇯🇵🇰🇷",
    "👍🏽",
    "❤️",
    "☺",
    "1️⃣",
    "🧑🏿‍🚀",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "🤷‍♀️",
    "©️",
    "⚠",
    "\u200d",
    "\ufe0f",
]
ODD = [
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\x00",
    "\x7f",
    "\x80",
    "Ã©",
    "â€™",
    "\ufeff",
    "\u0378",
    "\U000e0001",
    "\U0010ffff",
    "\\x80\\xff",
    "\u202e",
    "\u2066",
    "\ue000",
    "\u0344",
    "\u0958",
    "\u2126",
    "\u212b",
    "\u1e9b\u0323",
    "\u0f73",
    "\u0f81",
]
PROSE = [
    "The quick brown fox doesn't jump; it's sleeping.",
    "Größe, naïve café — Œuvre № 5…",
    "Быстрая лиса прыгает.",
    "東京都に住んでいます。",
    "我们今天去北京大学,好吗?",
    "안녕하세요, 반갑습니다!",
    "नमस्ते दुनिया, कैसे हैं?",
    "สวัสดีชาวโลก",
    "مرحبا بالعالم، كيف الحال؟",
    "שָׁלוֹם עֲלֵיכֶם",
    "Việt Nam đất nước tôi",
    "Γειά σου Κόσμε",
    "வணக்கம் உலகம்",
    "ሰላም ልዑል",
]
CODE = inspect.getsource(textwrap) + inspect.getsource(json.decoder) + inspect.getsource(string)


def scalar(rng: random.Random) -> str:
    """Any scalar at all."""
    while 0xD800 <= (c := rng.randrange(0x110000)) < 0xE000:
        pass
    return chr(c)


def script(rng: random.Random, length: int) -> str:
    first, last = rng.choice(SCRIPTS)
    return "".join(chr(rng.randint(first, last)) for _ in range(length))


MARKS = [chr(c) for c in range(0x20000) if unicodedata.combining(chr(c))]
NUMBERS = [chr(c) for c in range(0x20000) if unicodedata.category(chr(c))[0] == "N"]


def marked(rng: random.Random) -> str:
    return "".join(
        script(rng, 1) + "".join(rng.choice(MARKS) for _ in range(rng.choice([0, 1, 1, 2, 5])))
        for _ in range(rng.randint(1, 8))
    )


def decomposed(rng: random.Random) -> str:
    return unicodedata.normalize("NFD", rng.choice(PROSE) + script(rng, 5))


def code(rng: random.Random) -> str:
    start = rng.randrange(len(CODE))
    return CODE[start : start + rng.randint(1, 300)]


def spaces(rng: random.Random) -> str:
    return "".join(rng.choice(SPACES) * rng.choice([1, 1, 2, 7]) for _ in range(rng.randint(1, 6)))


def repeated(rng: random.Random) -> str:
    return script(rng, rng.randint(1, 3)) * rng.choice([3, 10, 100, 700])


def samples(count: int, seed: int, added: list[str], tokens: list[bytes]) -> Iterator[str]:
    """`count` strings for a vocabulary with these added tokens and these tokens' bytes."""
    rng = random.Random(seed)

    def pieces_of_added(rng: random.Random) -> str:
        token = rng.choice(added)
        start = rng.choice([0, 0, 0, rng.randrange(len(token))])
        return token[start : rng.choice([len(token), len(token), rng.randint(start, len(token))])]

    kinds = [
        lambda rng: rng.choice(PROSE),
        lambda rng: script(rng, rng.randint(1, 12)),
        marked,
        decomposed,
        code,
        spaces,
        spaces,
        lambda rng: rng.choice(EMOJI),
        lambda rng: rng.choice(ODD),
        lambda rng: rng.choice(CONTRACTIONS),
        pieces_of_added,
        lambda rng: rng.choice(["I", "WE", "dogs", "o", "ça", ""]) + rng.choice(CONTRACTIONS),
        lambda rng: "".join(rng.choice(NUMBERS) for _ in range(rng.randint(1, 5))),
        lambda rng: str(rng.randrange(10 ** rng.randint(1, 12))),
        lambda rng: b"".join(rng.choice(tokens) for _ in range(rng.randint(1, 10))).decode("utf-8", "replace"),
        lambda rng: "".join(scalar(rng) for _ in range(rng.randint(1, 6))),
        lambda rng: "".join(rng.choice(string.punctuation) for _ in range(rng.randint(1, 6))),
    ]
    for number in range(count):
        if number % 100 == 0:
            yield repeated(rng)
        else:
            yield "".join(rng.choice(kinds)(rng) for _ in range(rng.choice([1, 2, 3, 5, 10])))
