"""The commands, beside the Hugging Face implementations they have to agree with."""
import array
import json
import math

import pytest
from tokenizers import Tokenizer
from transformers.utils.chat_template_utils import render_jinja_template

from conftest import ROOT, SWIFTLET, run

TOLERANCE = 2e-3
FIXTURES = sorted(path.parent for path in (ROOT / "Tests/EngineTests/Fixtures").glob("*/expected.json"))
TEXTS = ["Hello, world!", "", " leading and trailing ", "naïve café, e\u0301", "日本語 한국어 العربية", "a\n\n\tb  c",
         "<|im_start|>user\nhi<|im_end|>", "don't 12345", "👩‍👩‍👧‍👦", "\u0000\u001f"]
CONVERSATION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather in Paris?"},
                {"role": "assistant", "content": "", "reasoning_content": "I need the tool.", "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Paris"}}}]},
                {"role": "tool", "tool_call_id": "1", "content": "sunny <b>21°</b>"},
                {"role": "user", "content": "Thanks! And tomorrow?"}]
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "The weather & more.",
                                           "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]


def test_tokenize_both_ways():
    reference = Tokenizer.from_file(str(SWIFTLET / "tokenizer.json"))
    lines = "".join(json.dumps(text) + "\n" for text in TEXTS)
    ids = [json.loads(line) for line in run("tokenize", stdin=lines).stdout.splitlines()]
    assert ids == [reference.encode(text).ids for text in TEXTS]
    lines = "".join(json.dumps(line) + "\n" for line in ids)
    texts = [json.loads(line) for line in run("tokenize", "--decode", stdin=lines).stdout.splitlines()]
    assert texts == [reference.decode(line, skip_special_tokens=False) for line in ids]


@pytest.mark.parametrize("stdin, arguments, said", [
    ('"fine"\nnot json\n', [], "line 2"),
    ("[1]\n", [], "line 1: expected a JSON string, found an array"),
    ("[-1]\n", ["--decode"], "token -1 is outside the vocabulary"),
    ('"x"\n', ["--decode"], "expected an array of token ids"),
])
def test_tokenize_names_the_line_at_fault(stdin, arguments, said):
    done = run("tokenize", *arguments, stdin=stdin, check=False)
    assert done.returncode == 1 and said in done.stderr


@pytest.mark.parametrize("tools", [None, TOOLS])
@pytest.mark.parametrize("options", [{}, {"enable_thinking": True}, {"add_generation_prompt": True},
                                     {"add_generation_prompt": True, "enable_thinking": False}])
def test_render(tools, options):
    template = json.loads((SWIFTLET / "tokenizer_config.json").read_text())["chat_template"]
    given = {"messages": CONVERSATION, **({"tools": tools} if tools else {}), **options}
    add = options.get("add_generation_prompt", False)
    rest = {key: value for key, value in options.items() if key != "add_generation_prompt"}
    expected, _ = render_jinja_template([CONVERSATION], tools=tools, chat_template=template, add_generation_prompt=add,
                                        eos_token="<|im_end|>", **rest)
    assert run("render", "--input", "-", stdin=json.dumps(given)).stdout == expected[0]


def test_render_locates_a_template_error(tmp_path):
    template = tmp_path / "bad.jinja"
    template.write_text("{% for m in messages %}\n  {{ m.content | nothing }}\n{% endfor %}")
    done = run("render", "--template", template, "--input", "-", stdin='{"messages": []}', check=False)
    assert done.returncode == 1 and "line 2" in done.stderr and "nothing" in done.stderr


def test_inspect_swiftlet():
    shown = json.loads(run("inspect", "--json").stdout)
    assert shown["modes"] == ["instruct", "thinking"]
    text = run("inspect").stdout
    assert "instruct, thinking" in text


def score(folder, sequences, *arguments, top=5):
    given = json.dumps({"sequences": sequences, "top": top})
    return json.loads(run("score", "--model", folder, "--input", "-", *arguments, stdin=given).stdout)["sequences"]


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_score_beside_transformers(folder):
    cases = json.loads((folder / "expected.json").read_text())["sequences"]
    sequences = [case["ids"] for case in cases]
    whole = score(folder, sequences)
    for got, case in zip(whole, cases, strict=True):
        assert got["logprobs"] == pytest.approx(case["logprobs"], abs=TOLERANCE)
        for top, logprobs in zip(got["top"], case["topLogprobs"], strict=True):
            assert [token["logprob"] for token in top] == pytest.approx(logprobs, abs=TOLERANCE)
        if got["logprobs"]:
            assert math.isclose(got["perplexity"], math.exp(-sum(got["logprobs"]) / len(got["logprobs"])))
    for arguments in (["--chunk", 1], ["--chunk", 7], ["--chunk", 64], ["--stepwise"], ["--threads", 1]):
        assert score(folder, sequences, *arguments) == whole, arguments
    # Other instruction sets add in another order.
    for got, expected in zip(score(folder, sequences, "--isa", "portable"), whole, strict=True):
        assert got["logprobs"] == pytest.approx(expected["logprobs"], abs=TOLERANCE)


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_generate_beside_transformers(folder):
    for case in json.loads((folder / "expected.json").read_text())["greedy"]:
        done = run("generate", "--model", folder, "--tokens", ",".join(map(str, case["prompt"])), "--max-tokens",
                   len(case["ids"]), "--temperature", 0, "--ignore-eos", "--json")
        ids = json.loads(done.stdout)["ids"]
        assert len(ids) == len(case["ids"])
        # Texts part for good at the first differing token; only a near tie excuses it.
        first = next((i for i, pair in enumerate(zip(ids, case["ids"])) if pair[0] != pair[1]), None)
        assert first is None or case["gaps"][first] < 2 * TOLERANCE


def test_a_missing_model_and_a_bad_id_are_named(tmp_path):
    done = run("inspect", "--model", tmp_path / "nothing", check=False)
    assert done.returncode == 1 and "nothing" in done.stderr
    done = run("generate", "--tokens", "1,2,99999", check=False)
    assert done.returncode == 1 and "99999" in done.stderr
    done = run("score", "--input", "-", stdin='{"sequences": [[1, "x"]]}', check=False)
    assert done.returncode == 1 and "sequences[0][1]" in done.stderr


def test_score_writes_all_logits(tmp_path):
    ids, file = [1, 2, 3, 4, 5], tmp_path / "logits"
    given = json.dumps({"sequences": [ids[:2], ids]})
    scored = json.loads(run("score", "--input", "-", "--logits", file, stdin=given).stdout)["sequences"]
    size = json.loads(run("inspect", "--json").stdout)["vocabulary_size"]
    numbers = array.array("f", file.read_bytes())
    assert len(numbers) == 7 * size
    rows = [numbers[i * size:(i + 1) * size] for i in range(7)]
    assert rows[:2] == rows[2:4]
    for row, following, logprob in zip(rows[2:], ids[1:], scored[1]["logprobs"]):
        largest = max(row)
        total = largest + math.log(sum(math.exp(x - largest) for x in row))
        assert row[following] - total == pytest.approx(logprob, abs=1e-4)
    done = run("score", "--input", "-", "--logits", tmp_path / "none" / "logits", stdin=given, check=False)
    assert done.returncode == 1 and "cannot be written" in done.stderr


def test_bench_prints_speeds_and_what_bounds_them():
    done = run("bench", "--prompt", 40, "--generate", 4, "--depth", 70, "--batch", "1,3", "--repetitions", 1, "--json")
    one, three = json.loads(done.stdout)
    assert [result["batch"] for result in (one, three)] == [1, 3]
    for result in (one, three):
        assert result["depth"] == 70 and result["prompt"] == 40 and result["generate"] == 4
        for field in ("prefill_tokens_per_second", "decode_tokens_per_second", "bandwidth_fraction",
                      "arithmetic_fraction", "bytes_per_decode_token", "multiply_adds_per_prefill_token"):
            assert result[field] > 0, field
        assert all(limit > 0 for limit in result["limits"].values())
        step = result["bytes_per_decode_step"]
        assert sum(step.values()) == pytest.approx(result["bytes_per_decode_token"] * result["batch"])
    assert three["bytes_per_decode_step"]["states"] == pytest.approx(3 * one["bytes_per_decode_step"]["states"])
    assert "decoding 1 of 1" in done.stderr
    table = run("bench", "--prompt", 0, "--generate", 2, "--repetitions", 1, "--isa", "portable").stdout
    assert "decode tok/s" in table and "portable" in table


@pytest.mark.parametrize("arguments, said", [
    (["--batch", "1,x"], "--batch"), (["--depth", 10_000_000], "context"), (["--isa", "mmx"], "portable"),
    (["--prompt", 0, "--generate", 0], "cannot both be 0"),
])
def test_bench_names_the_flag_at_fault(arguments, said):
    done = run("bench", *arguments, check=False)
    assert done.returncode != 0 and said in done.stderr


def test_number_types_change_results_a_little():
    folder = ROOT / "Tests/EngineTests/Fixtures/bf16-tied"
    cases = json.loads((folder / "expected.json").read_text())["sequences"]
    sequences = [max((case["ids"] for case in cases), key=len)]
    exact = score(folder, sequences)[0]["logprobs"]
    assert score(folder, sequences, "--kv-type", "f32", "--compute", "f32")[0]["logprobs"] == exact
    # On average: where two experts are almost equally probable, rounding may swap them.
    for bound, *arguments in ((0.002, "--kv-type", "f16"), (0.01, "--kv-type", "int8"), (0.05, "--state-type", "bf16"),
                              (0.3, "--compute", "bf16")):
        rounded = score(folder, sequences, *arguments)[0]["logprobs"]
        assert rounded != exact, arguments
        assert sum(abs(a - b) for a, b in zip(rounded, exact, strict=True)) < bound * len(exact), arguments
    done = run("score", "--input", "-", "--kv-type", "f8", check=False)
    assert done.returncode != 0 and "f32, f16, bf16, int8" in done.stderr


@pytest.mark.parametrize("name", ["draft-f32", "draft-bf16-tied"])
@pytest.mark.parametrize("temperature", [0, 0.9])
def test_drafts_change_no_token(name, temperature):
    fixture = ROOT / "Tests/EngineTests/Fixtures" / name
    prompt = ",".join(map(str, json.loads((fixture / "drafts.json").read_text())["ids"][:9]))
    flags = ["generate", "--model", fixture, "--tokens", prompt, "--max-tokens", "120", "--ignore-eos", "--json",
             "--temperature", temperature, "--top-k", 4, "--seed", 5]
    plain = json.loads(run(*flags).stdout)
    assert plain["steps"] == 120 and plain["drafted_tokens"] == 0
    for kind in ("mtp", "lookup"):
        for drafts in (1, 2, 4):
            for chunk in (3, 512):
                drafted = json.loads(run(*flags, "--draft", kind, "--drafts", drafts, "--chunk", chunk).stdout)
                assert drafted["ids"] == plain["ids"], (kind, drafts, chunk)
                assert drafted["accepted_tokens"] <= drafted["drafted_tokens"]
                assert drafted["steps"] >= 120 - drafted["accepted_tokens"]
    assert drafted["drafted_tokens"] > 0


def test_the_embedded_models_head_is_mostly_right():
    question = "<|im_start|>user\nWhat is 768 * 7?<|im_end|>\n<|im_start|>assistant\n<think>\n"
    flags = ["generate", "--prompt", question, "--max-tokens", 100, "--json"]
    plain = json.loads(run(*flags).stdout)
    drafted = json.loads(run(*flags, "--draft", "mtp", "--drafts", 1).stdout)
    assert drafted["ids"] == plain["ids"] and "5376" in drafted["text"]
    assert drafted["accepted_tokens"] > 0.8 * drafted["drafted_tokens"]
    assert drafted["steps"] < 0.6 * plain["steps"]


def test_a_model_without_a_head_says_so():
    model = ROOT / "Tests/EngineTests/Fixtures/bf16-tied"
    done = run("generate", "--tokens", "1", "--draft", "mtp", "--model", model, check=False)
    assert done.returncode != 0 and "multi-token-prediction head" in done.stderr
