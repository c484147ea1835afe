"""Where settings come from, and what is said of bad ones."""
import pathlib
import re

import pytest

from conftest import ROOT, Server, run, serving


def test_flags_win_over_the_environment_over_the_file(tmp_path):
    file = tmp_path / "apus.yaml"
    file.write_text("served-model-name: [from-file]\nlog-level: debug\ncontext-length: 1024\n")
    with serving("--config", file, "--served-model-name", "from-flag",
                 env={"APUS_SERVED_MODEL_NAME": "from-environment", "APUS_CONTEXT_LENGTH": "512"}) as server:
        assert [model.id for model in server.client().models.list()] == ["from-flag"]
    with serving("--config", file, env={"APUS_SERVED_MODEL_NAME": "one,two"}) as server:
        assert [model.id for model in server.client().models.list()] == ["one", "two"]
    with serving(env={"APUS_CONFIG": str(file)}) as server:
        assert [model.id for model in server.client().models.list()] == ["from-file"]


@pytest.mark.parametrize("flags, env, file, said", [
    (["--port", "70000"], {}, "", '--port is "70000"; expected a whole number from 0 to 65535'),
    ([], {"APUS_STEP_TOKENS": "many"}, "", 'APUS_STEP_TOKENS is "many"; expected a whole number'),
    ([], {}, "kv-cache-bytes: 4 gallons\n", 'kv-cache-bytes in .*apus.yaml is "4 gallons"; expected a size such as'),
    ([], {}, "host: 127.0.0.1\nprot: 1\n", 'line 2: there is no setting named "prot"'),
    ([], {}, "host: [a\n", "cannot be used"),
    ([], {"APUS_ISA": "avx9"}, "", 'APUS_ISA is "avx9"; expected auto, or what this processor has: portable'),
    (["--model", "/does/not/exist"], {}, "", "/does/not/exist"),
    (["--chat-template", "/does/not/exist"], {}, "", "/does/not/exist"),
])
def test_a_bad_setting_is_named_as_it_was_written(tmp_path, flags, env, file, said):
    path = tmp_path / "apus.yaml"
    path.write_text(file)
    done = run("serve", *flags, "--config", path, check=False, env=env)
    assert done.returncode != 0 and re.search(said, done.stderr), done.stderr


def test_the_documented_file_is_valid_and_complete():
    text = (ROOT / "config/apus.yaml").read_text()
    documented = set(re.findall(r"^([a-z-]+):", text, re.M))
    offered = set(re.findall(r"^  --([a-z-]+)", run("serve", "--help").stdout, re.M))
    assert offered == documented | {"config"}
    with serving("--config", ROOT / "config/apus.yaml") as server:
        assert server.client().models.list().data


def test_a_port_in_use_is_said():
    with serving() as server:
        done = run("serve", "--port", server.port, check=False)
        assert done.returncode != 0 and str(server.port) in done.stderr


def test_help_teaches():
    for command in ["serve", "inspect", "tokenize", "render", "score", "generate"]:
        assert "USAGE: apus " + command in run(command, "--help").stdout
