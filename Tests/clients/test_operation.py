"""What operators use: metrics with promtool, a real Prometheus and the dashboard, probes, API keys, logs, signals."""
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import openai
import pytest

from conftest import ROOT, run, serving

PROMETHEUS = pathlib.Path(os.environ.get("PROMETHEUS", ROOT / ".build/prometheus/usr/bin"))
DASHBOARD = json.loads((ROOT / "config/grafana-dashboard.json").read_text())
QUERIES = [target["expr"].replace("$model", ".*") for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def tool(name):
    found = PROMETHEUS / name
    path = found if found.exists() else shutil.which(name)
    assert path, f"{name} is missing: make {PROMETHEUS / name}"
    return path


@contextlib.contextmanager
def prometheus(config, data):
    """A running Prometheus, as a function from a query to its results."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={data}", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(expression):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                return json.load(reply)["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return []

    try:
        yield query
    finally:
        process.terminate()
        process.wait(20)


def get(server, path, headers=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(server.url + path, headers=headers or {}), timeout=30) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def chat(client, **options):
    return client.chat.completions.create(
        model="swiftlet", messages=[{"role": "user", "content": "What is Apus?"}], max_tokens=8, **options)


def test_promtool_accepts_the_metrics(server, client):
    chat(client)
    status, headers, text = get(server, "/metrics")
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True)
    # Its opinions about vLLM's names are not about ours; anything that is no opinion ends it with 1.
    said = [line for line in (done.stdout + done.stderr).splitlines() if line and not line.startswith("vllm:")]
    assert done.returncode in (0, 3) and said == [], said


def test_prometheus_scrapes_and_the_dashboard_resolves(tmp_path):
    # With API keys and several models, so that there is something to show of them, too.
    with serving("--models", "swiftlet=", "--models", "spare=", env={"APUS_API_KEY": "watcher:sk-watcher"}) as server:
        chat(openai.OpenAI(base_url=server.url + "/v1", api_key="sk-watcher"))
        with pytest.raises(openai.AuthenticationError):
            chat(server.client())
        config = tmp_path / "prometheus.yml"
        config.write_text("global: {scrape_interval: 500ms}\nscrape_configs: [{job_name: apus, authorization: {credentials: sk-watcher}, "
                          f"static_configs: [{{targets: ['127.0.0.1:{server.port}']}}]}}]\n")
        with prometheus(config, tmp_path / "data") as query:
            until = time.monotonic() + 60
            # A rate needs two scrapes.
            while time.monotonic() < until and not query("rate(vllm:generation_tokens_total[5m]) >= 0"):
                time.sleep(0.2)
            assert query("up")[0]["value"][1] == "1"
            assert float(query('vllm:generation_tokens_total{model_name="swiftlet"}')[0]["value"][1]) > 0
            assert len(QUERIES) > 30
            assert [expression for expression in QUERIES if not query(expression)] == []


def test_ready_comes_after_loading_and_ends_with_draining():
    with serving() as server:
        assert json.loads(get(server, "/ready")[2]) == {"status": "ready"}
        body = json.dumps({"model": "swiftlet", "messages": [{"role": "user", "content": "Count from 1 to 500."}],
                           "n": 32, "stream": True, "temperature": 2.0, "max_tokens": 600,
                           "enable_thinking": True})
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        assert reply.readline().startswith(b"data: ")
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_log("draining running=")
        status, _, text = get(server, "/ready")
        assert (status, json.loads(text)) == (503, {"status": "draining"})
        assert get(server, "/health")[0] == 200
        assert reply.read().endswith(b"data: [DONE]\n\n")
        assert server.stop() == 0


def test_what_does_not_end_within_the_grace_is_cut_with_an_event():
    with serving("--shutdown-grace", "0") as server:
        body = json.dumps({"model": "swiftlet", "messages": [{"role": "user", "content": "Count from 1 to 900."}],
                           "n": 32, "stream": True, "temperature": 2.0, "max_tokens": 600,
                           "enable_thinking": True})
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.readline()
        server.process.send_signal(signal.SIGTERM)
        # The chunked body has its end, or http.client would fail.
        events = [event for event in reply.read().split(b"\n\n") if event.startswith(b"data: {")]
        assert json.loads(events[-1][6:])["error"]["code"] == "shutting_down"
        assert server.stop() == 0


def test_keys_from_a_file_are_made_reloaded_and_never_shown(tmp_path):
    keys = tmp_path / "keys.yaml"
    made = run("key", "alice")
    alice = re.search(r"sk-apus-[0-9a-f]{64}", made.stderr).group()
    assert alice not in made.stdout
    keys.write_text(made.stdout + "  requests-per-minute: 1000\n")
    secrets = [alice, "sk-of-bob", "sk-wrong", "sk-of-carol"]
    with serving("--api-keys-file", keys, "--log-level", "trace", "--log-format", "json",
                 env={"APUS_API_KEY": "bob:sk-of-bob"}) as server:
        answers = []

        def ask(key):
            client = openai.OpenAI(base_url=server.url + "/v1", api_key=key, max_retries=0)
            try:
                return chat(client).object
            except openai.APIStatusError as error:
                answers.append(error.response.text)
                return error.status_code

        assert [ask(secret) for secret in secrets] == ["chat.completion", "chat.completion", 401, 401]
        carol = f"- name: carol\n  sha256: {hashlib.sha256(b'sk-of-carol').hexdigest()}\n"
        keys.write_text(carol)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("reloaded api keys")
        assert [ask(secret) for secret in secrets] == [401, "chat.completion", 401, "chat.completion"]
        keys.write_text("- name: carol\n  sha256: nonsense\n")
        server.process.send_signal(signal.SIGHUP)
        assert "line 2: expected 64 hexadecimal digits" in server.wait_for_log("not reloaded")
        assert ask("sk-of-carol") == "chat.completion"
        _, _, metrics = get(server, "/metrics", {"x-api-key": "sk-of-bob"})
        assert server.stop() == 0
        shown = "".join(server.log + server.lines + answers) + metrics
        lines = [json.loads(line) for line in server.log]
        assert "apus_ready 1" in metrics and any(line.get("key") == "bob" for line in lines)
        assert [secret for secret in secrets if secret in shown] == []
        assert all({"time", "level", "message"} <= set(line) for line in lines)


@pytest.mark.parametrize("keys, said", [
    ("- name: a b\n  sha256: " + "0" * 64 + "\n", "line 1: expected a name of 1 to 64"),
    ("- name: a\n  secret: hidden-thing\n", "line 2: expected only name, sha256"),
    ("- name: a\n  sha256: " + "0" * 64 + "\n  concurrent-requests: none\n", "line 3: expected a whole number"),
    ("alice\n", "expected a list"),
])
def test_a_bad_key_file_is_explained_without_its_secrets(tmp_path, keys, said):
    path = tmp_path / "keys.yaml"
    path.write_text(keys)
    done = run("serve", "--port", "0", "--api-keys-file", path, check=False)
    assert done.returncode != 0 and said in done.stderr and "hidden-thing" not in done.stderr, done.stderr


def test_responses_have_the_security_fields(server):
    for path in ["/health", "/docs", "/v1/models", "/nowhere"]:
        assert get(server, path)[1]["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in get(server, "/docs")[1]["Content-Security-Policy"]


def test_logs_hold_no_prompt():
    with serving("--log-level", "trace") as server:
        server.client().chat.completions.create(
            model="swiftlet", max_tokens=4, messages=[{"role": "user", "content": "The password is xyzzy-plugh."}])
        with pytest.raises(openai.BadRequestError):
            server.client().chat.completions.create(
                model="swiftlet", messages=[{"role": "xyzzy-plugh", "content": "xyzzy-plugh"}])
        server.wait_for_log("chat request_id")
        assert server.stop() == 0
        assert [line for line in server.log if "xyzzy" in line] == []


def test_every_threat_has_the_tests_that_are_named():
    named = re.findall(r"`(\w+)`", "".join(
        line.rsplit("|", 2)[1] for line in (ROOT / "docs/security.md").read_text().splitlines() if line.startswith("| ")))
    sources = "".join(path.read_text() for kind in ["*.swift", "*.py"] for path in (ROOT / "Tests").rglob(kind))
    assert len(named) > 30
    assert [name for name in named if not re.search(rf"(func|def) {name}\(", sources)] == []
