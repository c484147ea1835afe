"""The pools of words, names and numbers that conversations draw from, each with a held-out part."""

import hashlib
import os
import re

import wonderwords


def held(*key, per_mille=80):
    """True for a fixed slice of keys; the slice is used in the test lines only."""
    digest = hashlib.sha256("|".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:4], "big") % 1000 < per_mille


class Pool:
    """A list cut once into a training part and a held-out part."""

    def __init__(self, name, items, per_mille=150):
        items = list(dict.fromkeys(items))
        self.train = [i for i in items if not held(name, i, per_mille=per_mille)]
        self.test = [i for i in items if held(name, i, per_mille=per_mille)] or self.train[:3]

    def pick(self, r, test):
        return r.choice(self.test if test else self.train)


def load_words():
    folder = os.path.join(os.path.dirname(wonderwords.__file__), "assets")
    read = lambda n: open(os.path.join(folder, n), encoding="utf-8").read().split()
    bad = set(read("profanitylist.txt"))
    words = read("nounlist.txt") + read("adjectivelist.txt") + read("verblist.txt")
    return sorted(
        {w for w in words if re.fullmatch("[a-z]{3,8}", w) and w not in bad}
        | {"strawberry", "banana", "mississippi", "swift", "apus", "hello", "world", "server", "model", "token"}
    )


S = str.split
NAMES = Pool(
    "name",
    S(
        "Ana Ben Mina Omar Lucia Jonas Priya Tom Sara Yuki Leo Nora Ivan Maya Felix Hana Carlos Emma Noah Liam "
        "Olivia Ava Mia Sofia Lucas Ethan Amir Fatima Chen Wei Jin Soo Minho Jisoo Pablo Diego Elena Marta Anton "
        "Olga Piotr Hugo Louis Chloe Alice Bob Carol Dave Eve Frank Grace Heidi Igor Judy Karl Linda Mark Nina "
        "Oscar Paula Quinn Rosa Sam Tina Uma Victor Wendy Xavier Yara Zoe Adam Bella Cyrus Dana Erik Fiona George "
        "Helen Isaac Julia Kevin Laura Martin Nadia Owen Petra Ravi Simon Tara Ursula Vera Walter Zane Peter Maria "
        "John Mary James Anna David Robert Kim Lee Jack Ella Max Ruby Theo"
    ),
)
CITIES = Pool(
    "city",
    S(
        "Paris London Berlin Madrid Rome Vienna Lisbon Dublin Oslo Stockholm Helsinki Warsaw Prague Budapest "
        "Athens Cairo Nairobi Lagos Delhi Mumbai Tokyo Osaka Kyoto Seoul Busan Beijing Shanghai Bangkok Hanoi "
        "Jakarta Manila Sydney Melbourne Toronto Montreal Vancouver Chicago Boston Seattle Denver Austin Dallas "
        "Miami Lima Bogota Santiago Quito Havana Istanbul Ankara Tehran Dubai Kyiv Riga Vilnius Tallinn Zagreb "
        "Belgrade Sofia Geneva Zurich Milan Naples Munich Hamburg Lyon Nice Porto Seville Valencia Glasgow Leeds "
        "Bristol Houston Phoenix Atlanta Moscow Singapore"
    ),
)
COLOURS = Pool(
    "colour",
    S(
        "red blue green yellow orange purple pink brown black white grey teal violet gold silver indigo crimson "
        "turquoise maroon beige navy lime coral cyan magenta olive"
    ),
)
ANIMALS = Pool(
    "animal", S("cat dog rabbit parrot hamster horse turtle goldfish lizard snake pony ferret mouse duck goat owl")
)
FOODS = Pool(
    "food",
    S(
        "pizza sushi pasta rice bread soup salad curry noodles cheese chocolate apples mangoes pancakes tacos "
        "kimchi dumplings ramen olives waffles soup beans"
    ),
)
JOBS = Pool(
    "job",
    S(
        "teacher doctor baker pilot nurse farmer writer painter lawyer driver chef dentist gardener carpenter "
        "engineer musician plumber waiter actor builder"
    ),
)
WORDS = Pool("word", load_words())


def number(r, digits):
    return r.randrange(10 ** (digits - 1) if digits > 1 else 0, 10**digits)


def rough(r, text, strength=1.0):
    """What people do to a sentence: drop the full stop, lower-case it, put something in front."""
    if r.random() < 0.18 * strength:
        text = text.lower()
    if r.random() < 0.18 * strength and text[-1] in ".?!":
        text = text[:-1]
    if r.random() < 0.07 * strength:
        text = r.choice(["Please: ", "Hi! ", "Hey, ", "Hello. ", "OK. ", "Quick question: ", "One more: "]) + text
    return text


def convo(task, user, answer, reasoning=None, thinking=False, check=None, before=(), system=None, tools=None):
    messages = []
    if system:
        messages.append({"role": "system", "content": system})
    messages += list(before)
    messages += [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]
    line = {"task": task, "thinking": thinking, "messages": messages}
    if thinking:
        line["reasoning"] = reasoning or "This one is easy, so I can answer directly."
    if tools:
        line["tools"] = tools
    if check is not None:
        line["check"] = check
    return line
