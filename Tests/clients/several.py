"""What the tests of several models in one server share."""
import json
import re
import time
import urllib.request

import pytest

from conftest import run

ASKED = dict(messages=[{"role": "user", "content": "What is Apus?"}], max_tokens=24, seed=1)
# Of fixed sizes, so that a model takes the same wherever the test runs.
SIZES = {"max-running": 2, "step-tokens": 128, "context-length": 512, "kv-cache-bytes": "16MiB", "checkpoint-bytes": "4MiB"}


@pytest.fixture(scope="module")
def random_model(tmp_path_factory):
    """About 100 MB of random weights."""
    path = tmp_path_factory.mktemp("models") / "random.gguf"
    run("synth", "--layers", 8, "--hidden", 768, "--experts", 32, "--vocabulary", 4000, "--context", 2048, "--type", "Q8_0",
        "--output", path)
    return path


def settings(tmp_path, models, **more):
    """A file of settings; each model is a mapping."""
    path = tmp_path / "apus.yaml"
    lines = [f"{name}: {value}" for name, value in {**SIZES, **more}.items()]
    path.write_text("\n".join(lines) + "\nmodels:\n" + "".join(f"  - {json.dumps(model)}\n" for model in models))
    return path


def states(server):
    return {model.id: model.status["value"] for model in server.client().models.list()}


def metric(server, name):
    """The values of a metric, by its labels."""
    text = urllib.request.urlopen(server.url + "/metrics").read().decode()
    return {labels: float(value) for labels, value in re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.M)}


def memory_of(server, model):
    """What a model takes, in bytes, as the metrics have it while it is loaded."""
    return sum(value for labels, value in metric(server, "apus_model_memory_bytes").items() if f'"{model}"' in labels)


def wait_until(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.05)


def say(server, model, **more):
    return server.client().chat.completions.create(model=model, **{**ASKED, **more}).choices[0].message
