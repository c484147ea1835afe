"""Requests made by schemathesis from the server's own description of its API, /openapi.json."""
import pathlib
import subprocess
import sys

from conftest import serving

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]


def test_the_server_keeps_to_its_description(tmp_path):
    """Values at and beyond the bounds of every field, and random requests: as described is what comes back."""
    # Replies that nothing ends stop at the context's length, so a short one keeps them short.
    with serving("--context-length", "192", "--log-level", "warning") as server:
        done = subprocess.run(
            [pathlib.Path(sys.executable).with_name("schemathesis"), "run", server.url + "/openapi.json",
             "--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS), "--max-examples", "10",
             "--seed", "1", "--workers", "1", "--no-shrink", "--continue-on-failure", "--generation-database", "none",
             "--request-timeout", "60"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        assert server.stop() == 0
