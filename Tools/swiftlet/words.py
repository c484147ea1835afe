"""Counting, spelling, sorting, copying and extracting."""

import json

from pools import CITIES, JOBS, NAMES, WORDS, convo, held, number, rough


def any_word(r, test):
    w = WORDS.pick(r, test)
    if not test and r.random() < 0.08:  # double a letter
        i = r.randrange(len(w))
        w = w[:i] + w[i] + w[i:]
    elif not test and r.random() < 0.25:  # glue pieces of two words: more spellings than the list has
        v = WORDS.pick(r, test)
        w = (w[: r.randrange(2, 6)] + v[-r.randrange(2, 5) :])[:9]
        if held("word", w, per_mille=150):
            w = WORDS.pick(r, test)
    return w


def quoted(r, w):
    return r.choice(['"{}"', '"{}"', "{}", "{}", "'{}'"]).format(w)


def gen_count(r, test, thinking):
    w = any_word(r, test)
    if r.random() < 0.3:  # make repeated letters common
        w = max((any_word(r, test) for _ in range(4)), key=lambda v: max(v.count(c) for c in v))
    common = max(w, key=w.count)
    c = common if r.random() < 0.4 else r.choice(w)
    if r.random() < 0.12:
        c = r.choice("abcdefghijklmnopqrstuvwxyz")
    n = w.count(c)
    q = quoted(r, w)
    user = r.choice(
        [
            "How many times does the letter {c} appear in {w}?",
            "How many {c}'s are in {w}?",
            "How many {c}'s are there in {w}?",
            "Count the letter {c} in {w}.",
            "How many {c} are in {w}?",
            "How often does {c} occur in {w}?",
            "In {w}, how many letters are {c}?",
            "Count the {c}'s in {w}.",
            "How many letter {c}'s are in the word {w}?",
            "How many {c} letters does {w} have?",
        ]
    ).format(c=c, w=q)
    steps, k = [], 0
    for ch in w:
        k += ch == c
        steps.append(f"{ch}{k}")
    return convo(
        "count",
        rough(r, user, 0.6),
        f"The letter {c} appears {n} time{'s' if n != 1 else ''} in {w}.",
        f"Count {c}: " + " ".join(steps),
        thinking,
        check={"number": n},
    )


def gen_word(r, test, thinking):
    w = any_word(r, test)
    q = quoted(r, w)
    spelled = " ".join(w)
    kind = r.choice(["spell"] * 9 + ["reverse", "reverse", "upper", "first", "last", "length"])
    if kind == "spell":
        user = r.choice(
            [
                "Spell {w}.",
                "Spell the word {w}.",
                "How do you spell {w}?",
                "Spell {w} letter by letter.",
                "Can you spell {w}?",
            ]
        )
        ans, why = "-".join(w), f"Letters: {spelled}"
    elif kind == "reverse":
        user = r.choice(
            [
                "Reverse {w}.",
                "Reverse the word {w}.",
                "Write {w} backwards.",
                "What is {w} backwards?",
                "Spell {w} backwards.",
                "Turn {w} around.",
            ]
        )
        ans, why = w[::-1], f"Letters: {spelled}\nBackwards: {' '.join(w[::-1])}"
    elif kind == "upper":
        user = r.choice(
            [
                "Write {w} in upper case.",
                "Put {w} in capital letters.",
                "Upper-case {w}.",
                "Make {w} all caps.",
                "Convert {w} to uppercase.",
            ]
        )
        ans, why = w.upper(), f"Letters: {' '.join(w.upper())}"
    elif kind == "first":
        user = r.choice(
            ["What is the first letter of {w}?", "Which letter does {w} start with?", "First letter of {w}?"]
        )
        ans, why = f"The first letter is {w[0]}.", f"Letters: {spelled}"
    elif kind == "last":
        user = r.choice(["What is the last letter of {w}?", "Which letter does {w} end with?", "Last letter of {w}?"])
        ans, why = f"The last letter is {w[-1]}.", f"Letters: {spelled}"
    else:
        user = r.choice(
            ["How many letters are in {w}?", "How long is the word {w}?", "How many letters does {w} have?"]
        )
        ans, why = f"{w} has {len(w)} letters.", "Number them: " + " ".join(f"{c}{i+1}" for i, c in enumerate(w))
    return convo("word_" + kind, rough(r, user.format(w=q), 0.5), ans, why, thinking, check={"exact": ans})


def buckets(xs, up):
    """Sorting written out: one tens digit after the other, and the list of the numbers so far."""
    lines, done = [], []
    for d in range(10) if up else range(9, -1, -1):
        done += sorted((x for x in xs if x // 10 == d), reverse=not up)
        lines.append(" ".join([f"{d}:"] + [str(x) for x in done]))
    return "\n".join(lines)


SORT_UP = [
    "Sort these numbers: {x}",
    "Sort {x}.",
    "Put these numbers in order: {x}",
    "Sort from smallest to largest: {x}",
    "Order these numbers: {x}",
    "Sort {x}",
]
SORT_DOWN = ["Sort in descending order: {x}", "Sort from largest to smallest: {x}"]


def gen_sort(r, test, thinking):
    if test:
        n, up = r.choice([3, 3, 4, 4, 5] if thinking else [3, 3, 4]), r.random() < 0.85
    else:  # practise most what is hardest
        n, up = r.choice([3, 4, 4, 5, 5]), r.random() < 0.6
    xs = []
    while len(xs) < n:
        x = number(r, 1 if r.random() < 0.1 else 2)
        if x not in xs:
            xs.append(x)
    ys = ", ".join(map(str, sorted(xs, reverse=not up)))
    user = r.choice(SORT_UP if up else SORT_DOWN).format(x=", ".join(map(str, xs)))
    return convo("sort", user, ys, buckets(xs, up), thinking, check={"exact": ys})


def gen_max(r, test, thinking):
    xs = [number(r, r.choice([2, 3])) for _ in range(r.randrange(3, 5))]
    big = r.random() < 0.5
    word = r.choice(["largest", "biggest", "highest"] if big else ["smallest", "lowest"])
    user = f"What is the {word} of these numbers: {', '.join(map(str, xs))}?"
    best, lines = xs[0], [str(xs[0])]
    for x in xs[1:]:
        best = max(best, x) if big else min(best, x)
        lines.append(f"{x} -> {best}")
    return convo("pick_number", user, str(best), "\n".join(lines), thinking, check={"number": best})


def gen_repeat(r, test, thinking):
    xs = " ".join(WORDS.pick(r, test) for _ in range(r.randrange(1, 6)))
    if r.random() < 0.3:
        xs = xs.capitalize() + "."
    user = r.choice(
        [
            "Repeat after me: {x}",
            "Say: {x}",
            "Say exactly this: {x}",
            "Repeat this: {x}",
            "Repeat: {x}",
            'Please say "{x}"',
            "Echo: {x}",
        ]
    )
    return convo("repeat", user.format(x=xs), xs, "I repeat the text as it is.", thinking, check={"exact": xs})


def gen_list(r, test, thinking):
    return r.choices([gen_sort, gen_max, gen_repeat], [10, 0.5, 4])[0](r, test, thinking)


def gen_drill(r, test, thinking):
    """Dense practice in copying and spelling, which the other tasks need but show only now and then."""
    if r.random() < 0.4:
        xs = []
        for _ in range(r.randrange(4, 14)):
            xs.append(
                r.choice(
                    [
                        lambda: any_word(r, test),
                        lambda: any_word(r, test),
                        lambda: str(number(r, r.randrange(1, 5))),
                        lambda: NAMES.pick(r, test),
                        lambda: CITIES.pick(r, test),
                    ]
                )()
            )
        text = r.choice([" ", " ", ", "]).join(xs)
        user = r.choice(
            [
                "Repeat after me: {x}",
                "Say: {x}",
                "Repeat this: {x}",
                "Repeat: {x}",
                "Echo: {x}",
                "Copy this: {x}",
                "{x} - repeat that.",
            ]
        ).format(x=text)
        return convo("repeat", user, text, "I repeat the text as it is.", thinking, check={"exact": text})
    ws = [any_word(r, test) for _ in range(r.randrange(2, 6))]
    if r.random() < 0.5:
        a = ", ".join("-".join(w) for w in ws)
        return convo(
            "word_spell", "Spell these words: " + ", ".join(ws), a, "Letter by letter.", thinking, check={"exact": a}
        )
    a = "\n".join(f"{w}: {' '.join(w)}" for w in ws)
    return convo(
        "word_spell", "List the letters of " + " ".join(ws), a, "Letter by letter.", thinking, check={"exact": a}
    )


def gen_extract(r, test, thinking):
    n, age, city, job = NAMES.pick(r, test), r.randrange(8, 95), CITIES.pick(r, test), JOBS.pick(r, test)
    an = "an" if job[0] in "aeiou" else "a"
    fields = {"name": n, "age": age, "city": city, "job": job}
    use = r.choice(
        [["name", "age", "city"]] * 4
        + [["name", "age"], ["name", "city"], ["name", "age", "job"], ["name", "age", "city", "job"]]
    )
    texts = [
        "{n} is {g} years old and lives in {c}.",
        "{n}, {g}, lives in {c}.",
        "My friend {n} from {c} is {g}.",
        "I am {n}, {g} years old, from {c}.",
        "{n} lives in {c} and turned {g} this year.",
    ]
    text = r.choice(texts).format(n=n, g=age, c=city)
    if "job" in use:
        text += f" {n} works as {an} {job}."
    listed = ", ".join(use[:-1]) + " and " + use[-1]
    ask = r.choice(
        [
            "Extract {l} as JSON: {t}",
            "Give {l} as JSON. {t}",
            "{t} Extract {l} as JSON.",
            "{t} Return {l} as JSON.",
            "Turn this into JSON with {l}: {t}",
            "Extract the {l} as a JSON object from this text: {t}",
        ]
    )
    ans = json.dumps({k: fields[k] for k in use}, ensure_ascii=False)
    return convo(
        "extract",
        ask.format(l=listed, t=text),
        ans,
        f"I need {listed}: {', '.join(str(fields[k]) for k in use)}.",
        thinking,
        check={"json": {k: fields[k] for k in use}},
    )
