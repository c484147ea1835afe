"""Writes the questions of the task in Tests/clients/evaluation, each with four choices: capitals and questions about
Apus, which swiftlet mostly knows, and sums, which it has to guess without thinking.

    python3 Tools/evaluation/make_questions.py
"""
import json
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tools/swiftlet"))
import facts  # noqa: E402

SEED = 5
CAPITALS, FACTS, SUMS = 16, 14, 10


def ask(random_, text, answer, others):
    choices = [answer, *random_.sample(sorted(set(others) - {answer}), 3)]
    random_.shuffle(choices)
    return {"question": text, "choices": choices, "answer": choices.index(answer)}


def main():
    random_ = random.Random(SEED)
    questions = []
    for country in random_.sample(sorted(facts.CAPITALS), CAPITALS):
        sentences = {city: f"The capital of {country} is {city}." for city in facts.CAPITALS.values()}
        questions.append(ask(random_, f"What is the capital of {country}?", sentences[facts.CAPITALS[country]],
                             sentences.values()))
    answers = {key: answer for key, (_, _, whole, answer) in facts.FAQ.items() if whole}
    for key in random_.sample(sorted(answers), FACTS):
        questions.append(ask(random_, facts.FAQ[key][2][0], answers[key], answers.values()))
    for _ in range(SUMS):
        a, b = random_.randint(11, 99), random_.randint(11, 99)
        near = [a + b + step for step in (-20, -10, -2, -1, 1, 2, 10, 20)]
        questions.append(ask(random_, f"What is {a} + {b}?", str(a + b), map(str, near)))
    lines = (json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
    (ROOT / "Tests/clients/evaluation/questions.jsonl").write_text("".join(lines))


if __name__ == "__main__":
    main()
