"""`apus bench serve` against a running server, `apus bench` as before, and `apus simulate`."""
import json
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import SWIFTLET, run

TRACE = """{"apus_trace":1,"note":"two conversations on one prefix"}
{"arrival":0.05,"prefix":{"id":1,"tokens":90},"turns":[{"prompt":30,"output":8},{"prompt":20,"output":8,"pause":0.1}]}
{"arrival":0,"tenant":1,"prefix":{"id":1,"tokens":90},"turns":[{"prompt":30,"output":8}]}
"""


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "trace.jsonl"
    path.write_text(TRACE)
    return path


def check_svg(path):
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.findall("{http://www.w3.org/2000/svg}polyline")


def test_bench_serve_measures_a_trace(server, trace, tmp_path):
    log, html = tmp_path / "log.jsonl", tmp_path / "report.html"
    (tmp_path / "charts").mkdir()
    done = run("bench", "serve", "--url", server.url, "--trace", trace, "--json", "--log", log, "--html", html, "--svg",
               tmp_path / "charts")
    result = json.loads(done.stdout)
    assert (result["requests"], result["answered"]) == (3, 3)
    assert result["failed"] == {} and result["refused"] == {}
    assert result["model"] == "swiftlet"
    assert 0 < result["ttft"]["p50"] <= result["end_to_end"]["max"] <= result["seconds"]
    assert result["prefilled_tokens"] == result["prompt_tokens"] - result["cached_tokens"]
    assert set(result["tenants"]) == {"0", "1"}
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted((entry["conversation"], entry["turn"]) for entry in entries) == [(0, 0), (1, 0), (1, 1)]
    for entry in entries:
        assert 1 <= entry["output_tokens"] <= 8
        # Lengths are met on average, with a tokenizer the client does not know.
        if entry["turn"] == 0:
            assert 90 <= entry["prompt_tokens"] <= 150
    assert sum(entry["prompt_tokens"] for entry in entries) == result["prompt_tokens"]
    assert "<svg" in html.read_text() and "http-equiv" not in html.read_text()
    for name in ["first-token", "between-tokens", "throughput", "waiting"]:
        check_svg(tmp_path / "charts" / f"{name}.svg")


def test_bench_serve_makes_a_trace(server, tmp_path):
    saved = tmp_path / "saved.jsonl"
    done = run("bench", "serve", "--url", server.url + "/v1", "--conversations", 6, "--rate", 20, "--prompt", "20-40",
               "--output", 4, "--tenants", 2, "--save-trace", saved)
    assert "6 answered, 0 refused, 0 failed" in done.stdout and "first token" in done.stdout
    assert len(saved.read_text().splitlines()) == 7


@pytest.mark.parametrize("arguments, said", [
    (["--url", "https://localhost"], "expected a URL such as http://"),
    (["--url", "http://127.0.0.1:1"], "/v1/models: no connection"),
    (["--url", "http://127.0.0.1:1", "--prompt", "0"], "--prompt"),
    (["--url", "http://127.0.0.1:1", "--rate", "0"], "--rate: expected more than 0"),
    (["--url", "http://127.0.0.1:1", "--body", "[]"], "--body takes a JSON object"),
    ([], "--url"),
])
def test_bench_serve_says_what_is_wrong(arguments, said):
    done = run("bench", "serve", *arguments, check=False)
    assert done.returncode != 0 and said in done.stderr


def test_bench_of_a_model_needs_no_subcommand():
    flags = ["--prompt", 32, "--generate", 2, "--batch", "1,2", "--threads", 1, "--repetitions", 1, "--json"]
    for command in [["bench"], ["bench", "engine"]]:
        results = json.loads(run(*command, *flags).stdout)
        assert [result["batch"] for result in results] == [1, 2]
        assert all(result["decode_tokens_per_second"] > 0 for result in results)


@pytest.fixture(scope="module")
def cost(tmp_path_factory):
    """A cost model of the embedded model, measured here."""
    path = tmp_path_factory.mktemp("cost") / "cost.json"
    run("simulate", "calibrate", "--model", SWIFTLET, "-o", path, "--sequences", 2, "--step-tokens", 128, "--depth", 128,
        "--repetitions", 2)
    return path


def test_simulate_runs_a_trace(cost, trace, tmp_path):
    html = tmp_path / "report.html"
    result = json.loads(run("simulate", "--cost", cost, "--trace", trace, "--json", "--html", html).stdout)
    assert result["answered"] == 3 and result["output_tokens"] == 24
    # 120 twice, then what came before, its reply, and 20 more.
    assert result["prompt_tokens"] == 120 + 120 + 148
    assert result["cached_tokens"] > 0
    assert result["scheduler"]["microseconds_per_step"]["mean"] > 0
    assert [point[0] for point in result["cost"]["tokens"]] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert "<svg" in html.read_text()


def test_simulate_knows_other_machines():
    def seconds(bandwidth):
        flags = ["--model", SWIFTLET, "--bandwidth", bandwidth, "--int8", 1000, "--conversations", 5, "--json"]
        return json.loads(run("simulate", *flags).stdout)["inter_token"]["p50"]

    # Decoding is bound by bytes.
    assert seconds(1) > 5 * seconds(10)


def test_simulate_measures_the_scheduler():
    done = run("simulate", "--running", 32, "--waiting", 500, "--steps", 200, "--json")
    result = json.loads(done.stdout)
    assert result["steps"] == 200 and result["least_waiting"] >= 500 and result["batch"]["mean"] > 30
    assert result["microseconds_per_step"]["mean"] > 0


@pytest.mark.parametrize("arguments, said", [
    ([], "A cost model is needed"),
    (["--cost", "nowhere.json"], "nowhere.json: cannot be read"),
    (["--cost", "{cost}", "--trace", "{bad}"], "line 2: expected \"turns\""),
    (["--cost", "{bad}"], "cannot be read"),
])
def test_simulate_says_what_is_wrong(cost, tmp_path, arguments, said):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"apus_trace":1}\n{"arrival":0}\n')
    done = run("simulate", *[argument.format(cost=cost, bad=bad) for argument in arguments], check=False)
    assert done.returncode != 0 and said in done.stderr
