"""Questions about Apus, small talk, and remembering what was said earlier."""

import re

from facts import CAPITALS, CHAT, FAQ, FAQ_WEIGHT, HOW, LANGS, SORRY, UNKNOWN, WHAT
from pools import ANIMALS, CITIES, COLOURS, FOODS, JOBS, NAMES, WORDS, S, convo, held, number, rough
from sums import gen_compare, gen_sum
from words import gen_word, quoted

FAQ_WORDS = {w for key in FAQ for w in re.findall("[a-z]+", " ".join(FAQ[key][1]).lower())} | {
    "swift",
    "apus",
    "swiftlet",
    "model",
    "water",
    "joke",
    "haiku",
    "poem",
    "story",
}


def other_word(r, test):
    while True:
        w = WORDS.pick(r, test)
        if w not in FAQ_WORDS:
            return w


def faq_questions(key):
    how, terms, whole, _ = FAQ[key]
    return (
        [f.format(h) for h in how for f in HOW]
        + [(f.format(t))[0].upper() + f.format(t)[1:] for t in terms for f in WHAT]
        + whole
    )


def short(key):
    how, terms, whole, _ = FAQ[key]
    return (terms or how or [key])[0]


QUESTIONS = {}


def gen_faq(r, test, thinking, key=None):
    if not QUESTIONS:
        for k in FAQ:
            qs = faq_questions(k)
            whole = set(FAQ[k][2])
            hold = [q for q in qs if held("faq", k, q, per_mille=100 if q not in whole else 120)] if len(qs) > 6 else []
            keep = [q for q in qs if q not in hold]
            QUESTIONS[k] = (keep, hold)
    key = key or r.choices(list(FAQ), [FAQ_WEIGHT.get(k, 1) for k in FAQ])[0]
    keep, hold = QUESTIONS[key]
    if test:
        while not hold:
            key = r.choice(list(FAQ))
            keep, hold = QUESTIONS[key]
        q = r.choice(hold)
    else:
        whole = [q for q in FAQ[key][2] if q in keep]
        q = r.choice(whole) if whole and r.random() < 0.45 else r.choice(keep)
        q = rough(r, q)
    about = short(key)
    why = f"This is about {about}."
    return convo("faq", q, FAQ[key][3], why, thinking, check={"faq": key})


def gen_chat(r, test, thinking):
    p = r.random()
    if p < 0.22:
        country, city = r.choice(list(CAPITALS.items()))
        forms = [
            "What is the capital of {}?",
            "Capital of {}?",
            "Which city is the capital of {}?",
            "What's the capital city of {}?",
            "Tell me the capital of {}.",
            "Name the capital of {}.",
        ]
        forms = [f for f in forms if held("cap", f, country, per_mille=150) == test] or forms
        return convo(
            "capital",
            rough(r, r.choice(forms).format(country)),
            f"The capital of {country} is {city}.",
            f"This is about {country}.",
            thinking,
            check={"contains": city},
        )
    if p < 0.30:
        w = r.choice(list(LANGS))
        lang, v = r.choice(list(LANGS[w].items()))
        q = r.choice(
            ["How do you say {w} in {l}?", "Translate {w} to {l}.", "What is {w} in {l}?", "Say {w} in {l}."]
        ).format(w=quoted(r, w), l=lang)
        return convo(
            "translate",
            rough(r, q),
            f"In {lang}, {w} is {v}.",
            f"The word is {w} and the language is {lang}.",
            thinking,
            check={"contains": v},
        )
    if p < 0.36:
        n = r.randrange(3, 21)
        m = r.choice([1, 1, 1, 2, 5])
        q = r.choice(
            ["Count from {m} to {n}.", "Count to {n} from {m}.", "List the numbers from {m} to {n}."]
            + (["Count to {n}.", "Count up to {n}"] if m == 1 else [])
        ).format(m=m, n=max(n, m))
        a = ", ".join(map(str, range(m, max(n, m) + 1)))
        return convo("count_up", rough(r, q), a, f"From {m} to {max(n, m)}.", thinking, check={"exact": a})
    if p < 0.58:
        q = r.choice(UNKNOWN).format(
            W=other_word(r, test).title(),
            w=other_word(r, test),
            C=CITIES.pick(r, test),
            N=NAMES.pick(r, test),
            f=FOODS.pick(r, test),
            y=r.randrange(1900, 2030),
            D=CITIES.pick(r, test),
            g=FOODS.pick(r, test),
            L=r.choice(S("Python Java Rust C++ Go JavaScript SQL Swift")),
            j=r.choice(S("boss teacher friend mother landlord neighbor")),
        )
        return convo(
            "unknown", rough(r, q), SORRY, "I do not know this, so I say so.", thinking, check={"exact": SORRY}
        )
    if p < 0.70:
        qs, answers = CHAT[0] if r.random() < 0.5 else r.choice(CHAT[1:11])
    else:
        qs, answers = r.choice(CHAT)
    q = r.choice(qs)
    return convo(
        "chat",
        rough(r, q, 0.7) if q.isascii() else q,
        r.choice(answers),
        "This is small talk. I answer briefly.",
        thinking,
        check={"any": answers},
    )


def fact(r, test):
    k = r.choice(["name", "name", "colour", "number", "city", "food", "pet", "job", "word"])
    if k == "name":
        v = NAMES.pick(r, test)
        return (
            k,
            v,
            r.choice(["My name is {v}.", "I am {v}.", "Hi, I'm {v}.", "Call me {v}.", "Hello, my name is {v}!"]).format(
                v=v
            ),
            f"Nice to meet you, {v}.",
            ["What is my name?", "Who am I?", "Do you remember my name?", "What's my name?", "Tell me my name."],
            f"Your name is {v}.",
        )
    if k == "colour":
        v, sp = COLOURS.pick(r, test), r.choice(["colour", "color"])
        return (
            k,
            v,
            r.choice(
                ["My favourite {s} is {v}.", "I like the {s} {v} best.", "Remember that my favourite {s} is {v}."]
            ).format(v=v, s=sp),
            f"Noted: your favourite colour is {v}.",
            ["What is my favourite colour?", "Which colour do I like best?", "What's my favorite color?"],
            f"Your favourite colour is {v}.",
        )
    if k == "number":
        v = number(r, r.choice([1, 2, 3, 4]))
        return (
            k,
            v,
            r.choice(
                [
                    "My lucky number is {v}.",
                    "Remember the number {v}.",
                    "The number to remember is {v}.",
                    "My number is {v}.",
                ]
            ).format(v=v),
            f"I will remember the number {v}.",
            [
                "What was the number?",
                "Which number did I tell you?",
                "What is my number?",
                "What number did I ask you to remember?",
            ],
            f"The number is {v}.",
        )
    if k == "city":
        v = CITIES.pick(r, test)
        return (
            k,
            v,
            r.choice(["I live in {v}.", "I am from {v}.", "My home is {v}."]).format(v=v),
            f"{v} sounds nice.",
            ["Where do I live?", "Which city am I from?", "Where is my home?"],
            f"You live in {v}.",
        )
    if k == "food":
        v = FOODS.pick(r, test)
        return (
            k,
            v,
            r.choice(["My favourite food is {v}.", "I love {v}.", "I like to eat {v}."]).format(v=v),
            f"Good choice: {v}.",
            ["What is my favourite food?", "What do I like to eat?", "Which food do I love?"],
            f"You like {v}.",
        )
    if k == "pet":
        a, n = ANIMALS.pick(r, test), NAMES.pick(r, test)
        an = "an" if a[0] in "aeiou" else "a"
        return (
            k,
            n,
            r.choice([f"I have {an} {a} called {n}.", f"My {a} is named {n}.", f"My {a}'s name is {n}."]),
            f"{n} is a good name for {an} {a}.",
            [f"What is my {a} called?", "What is my pet's name?", f"What's the name of my {a}?"],
            f"Your {a} is called {n}.",
        )
    if k == "job":
        v = JOBS.pick(r, test)
        an = "an" if v[0] in "aeiou" else "a"
        return (
            k,
            v,
            r.choice([f"I work as {an} {v}.", f"I am {an} {v}.", f"My job is {v}."]),
            f"Being {an} {v} is good work.",
            ["What is my job?", "What do I work as?", "What do I do for a living?"],
            f"You work as {an} {v}.",
        )
    v = WORDS.pick(r, test)
    return (
        k,
        v,
        r.choice(["The secret word is {v}.", "Remember the word {v}.", "The password is {v}."]).format(v=v),
        f"I will remember the word {v}.",
        ["What was the word?", "What is the secret word?", "Which word did I tell you?"],
        f"The word is {v}.",
    )


def gen_memory(r, test, thinking):
    before, facts, kinds = [], [], set()
    for _ in range(r.choice([1, 1, 2, 3])):
        f = fact(r, test)
        if f[0] in kinds or (f[0] in ("name", "pet") and kinds & {"name", "pet"} and f[1] in [g[1] for g in facts]):
            continue
        kinds.add(f[0])
        facts.append(f)
    if len(facts) > 1 and r.random() < 0.3:
        before += [
            {"role": "user", "content": " ".join(f[2] for f in facts)},
            {"role": "assistant", "content": r.choice(["Thank you, I will remember that.", facts[0][3]])},
        ]
    else:
        for f in facts:
            before += [{"role": "user", "content": rough(r, f[2], 0.5)}, {"role": "assistant", "content": f[3]}]
            if r.random() < 0.35:
                before += filler(r, test)
    for _ in range(r.choice([0, 0, 1, 1, 2])):
        before += filler(r, test)
    f = r.choice(facts)
    if not held("ask", f[0], test) and r.random() < 0.08:  # also answer the statement itself
        return convo("memory_note", f[2], f[3], "The user tells me something. I take note.", thinking)
    return convo(
        "memory",
        rough(r, r.choice(f[4]), 0.5),
        f[5],
        f"The user said: {f[2]}",
        thinking,
        check={"contains": str(f[1])},
        before=before,
    )


def gen_note(r, test, thinking):
    f = fact(r, test)
    return convo(
        "memory_note",
        rough(r, f[2], 0.5),
        f[3],
        "The user tells me something. I take note.",
        thinking,
        check={"contains": str(f[1])},
    )


def filler(r, test):
    line = r.choice(
        [
            lambda: gen_faq(r, False, False),
            lambda: gen_faq(r, False, False),
            lambda: gen_sum(r, False, False, story=False),
            lambda: gen_word(r, False, False),
            lambda: gen_chat(r, False, False),
            lambda: gen_compare(r, False, False),
        ]
    )()
    return line["messages"][-2:]
