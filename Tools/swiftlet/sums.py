"""Sums, with their working written out digit by digit for Thinking mode."""

from pools import NAMES, convo, held, number, rough

PLACES = ["Ones", "Tens", "Hundreds", "Thousands", "Ten thousands"]


def digit_step(op, parts, carries=True):
    """One step of the written methods: parts of digits, the result, and what is carried or borrowed."""
    if op == "+":
        total = sum(parts)
        return f"{'+'.join(map(str, parts))}={total}" + (", carry 1" if total > 9 and carries else "")
    total = parts[0] - sum(parts[1:])
    return f"{'-'.join(map(str, parts))}={total}" + (f", +10={total + 10}, borrow 1" if total < 0 else "")


def gen_digits(r, test, thinking):
    """Dense practice of the steps with single digits that the written methods are made of."""
    asked, steps = [], []
    for _ in range(r.randrange(4, 11)):
        a, b, op = r.randrange(10), r.randrange(10), r.choice("+--x")
        if op == "x":
            b = r.randrange(2, 10)
            asked.append(f"{a}x{b}")
            c = r.randrange(1, b) if r.random() < 0.5 else 0
            steps.append(f"{a}x{b}={a * b}" + (f", {a * b}+{c}={a * b + c}" if c else ""))
            asked[-1] += f"+{c}" if c else ""
        else:
            parts = [a, b] + ([1] if r.random() < 0.5 else [])
            asked.append(op.join(map(str, parts)))
            steps.append(digit_step(op, parts))
    return convo("digits", "Digits: " + " ".join(asked), "\n".join(steps), "Step by step.", thinking)


def think_add(a, b):
    x, y = str(a)[::-1], str(b)[::-1]
    out, carry, lines = "", 0, [f"{a} + {b}"]
    for i in range(max(len(x), len(y))):
        parts = [s[i] for s in (x, y) if i < len(s)] + (["1"] if carry else [])
        total = sum(map(int, parts))
        last = i == max(len(x), len(y)) - 1
        carry = 0 if last else total // 10
        out = (str(total) if last else str(total % 10)) + out
        lines.append(f"{PLACES[i]}: {'+'.join(parts)}={total}" + (", carry 1" if carry else "") + f" -> {out}")
    return "\n".join(lines)


def think_sub(a, b):
    if a < b:
        return (
            f"{a} is less than {b}, so I take {b} - {a} and add a minus.\n"
            + think_sub(b, a)
            + f"\nWith the minus: {a - b}"
        )
    x, y = str(a)[::-1], str(b)[::-1]
    out, borrow, lines = "", 0, [f"{a} - {b}"]
    for i in range(len(x)):
        parts = [s[i] for s in (x, y) if i < len(s)] + (["1"] if borrow else [])
        total = int(parts[0]) - sum(map(int, parts[1:]))
        borrow = total < 0
        out = str(total % 10) + out
        lines.append(
            f"{PLACES[i]}: {'-'.join(parts)}={total}"
            + (f", +10={total + 10}, borrow 1" if borrow else "")
            + f" -> {out}"
        )
    if out != str(a - b):
        lines.append(f"Without leading zeros: {a - b}")
    return "\n".join(lines)


def think_mul(a, b):
    """b has one digit."""
    out, carry, lines = "", 0, [f"{a} x {b}"]
    for i, d in enumerate(str(a)[::-1]):
        p = int(d) * b
        text = f"{PLACES[i]}: {d}x{b}={p}"
        if carry:
            text += f", {p}+{carry}={p + carry}"
        p += carry
        last = i == len(str(a)) - 1
        carry = 0 if last else p // 10
        out = (str(p) if last else str(p % 10)) + out
        lines.append(text + (f", carry {carry}" if carry else "") + f" -> {out}")
    return "\n".join(lines)


SUM_ASK = [
    "What is {e}?",
    "{e}",
    "{e} = ?",
    "Calculate {e}.",
    "Compute {e}.",
    "How much is {e}?",
    "What's {e}?",
    "Work out {e}.",
    "Can you tell me what {e} is?",
    "Please calculate {e}.",
    "{e}=",
    "Solve {e}.",
    "What does {e} equal?",
    "I need {e}.",
]
SUM_WORDS = {
    "+": ["{a} + {b}"] * 5 + ["{a}+{b}"] * 2 + ["{a} plus {b}"] * 2 + ["the sum of {a} and {b}"],
    "-": ["{a} - {b}"] * 5 + ["{a}-{b}"] * 2 + ["{a} minus {b}"] * 2,
    "*": ["{a} * {b}"] * 3 + ["{a} x {b}"] * 3 + ["{a}*{b}", "{a} times {b}", "{a} times {b}", "{a} multiplied by {b}"],
}


def pick_sum(r, test, op, kind=None, small=False):
    for _ in range(500):
        if op == "*":
            da = kind or r.choice([1, 1, 2, 2, 2, 3] if small else [1, 2, 3, 3, 3, 3])
            a, b = number(r, da), r.randrange(2, 10)
            if small and da == 2 and r.random() < 0.7:
                a = r.randrange(10, 21)
        elif op == "+":
            da = kind or r.choice([1, 1, 2, 2, 2, 3] if small else [1, 2, 3, 3, 3, 3, 3])
            a, b = number(r, da), number(r, kind or r.randrange(1, da + 1))
            if r.random() < 0.5:
                a, b = b, a
        else:
            da = kind or r.choice([1, 1, 2, 2, 2, 3] if small else [1, 2, 3, 3, 3, 3, 3])
            a, b = number(r, da), number(r, kind or r.randrange(1, da + 1))
            if a < b and r.random() < 0.95:
                a, b = b, a
        big = a > 99 or b > 99
        if not big and not test:
            return a, b
        if held("sum", op, a, b, per_mille=100) == test:
            return a, b
    return a, b


def solve(a, op, b):
    if op == "+":
        return a + b, think_add(a, b)
    if op == "-":
        return a - b, think_sub(a, b)
    return a * b, think_mul(a, b) if b < 10 else think_mul(b, a)


STORIES = {
    "+": [
        "{n} has {a} {w} and buys {b} more. How many {w} does {n} have now?",
        "There are {a} {w} in one box and {b} in another. How many {w} are there in total?",
        "{n} read {a} pages yesterday and {b} pages today. How many pages is that altogether?",
    ],
    "-": [
        "{n} has {a} {w} and gives away {b}. How many {w} are left?",
        "There were {a} {w} in the shop and {b} were sold. How many {w} remain?",
        "A book has {a} pages and {n} has read {b}. How many pages are left?",
    ],
    "*": [
        "One box holds {a} {w}. How many {w} are in {b} boxes?",
        "{n} buys {b} bags with {a} {w} each. How many {w} is that?",
        "A ticket costs {a} dollars. How much do {b} tickets cost?",
    ],
}


def gen_sum(r, test, thinking, op=None, kind=None, story=None):
    op = op or r.choice("++---****" if thinking else "+-***")
    a, b = pick_sum(r, test, op, kind, not thinking)
    value, steps = solve(a, op, b)
    sign = {"+": "+", "-": "-", "*": "x"}[op]
    if story is None:
        story = r.random() < 0.08
    if story and a >= b:
        w = r.choice(["apples", "books", "coins", "pens", "stamps", "marbles", "cards", "eggs"])
        user = r.choice(STORIES[op]).format(n=NAMES.pick(r, test), a=a, b=b, w=w)
        steps = f"This is {a} {sign} {b}.\n" + steps.split("\n", 1)[1] if a >= b else steps
    else:
        user = rough(r, r.choice(SUM_ASK).format(e=r.choice(SUM_WORDS[op]).format(a=a, b=b)))
    name = {"+": "add", "-": "subtract", "*": "multiply"}[op]
    return convo(f"sum_{name}", user, f"{a} {sign} {b} = {value}", steps, thinking, check={"number": value})


def gen_compare(r, test, thinking):
    d = r.choice([2, 3, 3, 4])
    a, b = number(r, d), number(r, d)
    if a == b:
        b += 1
    big = r.random() < 0.5
    word = r.choice(["larger", "bigger", "greater"]) if big else r.choice(["smaller", "less"])
    user = rough(
        r,
        r.choice(["Which is {w}, {a} or {b}?", "Which number is {w}: {a} or {b}?", "{a} or {b}: which is {w}?"]).format(
            w=word, a=a, b=b
        ),
    )
    v = max(a, b) if big else min(a, b)
    return convo(
        "compare",
        user,
        f"{v} is {word}.",
        f"Compare {a} and {b}: {max(a,b)} is above {min(a,b)}.",
        thinking,
        check={"number": v},
    )
