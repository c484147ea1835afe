"""What befalls a process from outside: outputs that nobody reads, model files that change, files that may not grow."""
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from conftest import APUS, SWIFTLET, serving


def ask(url, **options):
    body = {"model": "swiftlet", "prompt": "A swift is", "max_tokens": 8, "temperature": 0, **options}
    request = urllib.request.Request(url + "/v1/completions", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["choices"][0]["text"]


def listening(process, stream):
    """The URL in a log that is read up to it."""
    while line := stream.readline():
        if found := re.search(r"listening address=([\w.:]+)", line.decode()):
            url = f"http://{found.group(1)}"
            for _ in range(1000):
                try:
                    if urllib.request.urlopen(url + "/ready", timeout=5).status == 200:
                        return url
                except OSError:
                    time.sleep(0.02)
    raise AssertionError(f"not listening: {process.wait()}")


@pytest.fixture
def unread():
    """A server whose outputs are one pipe, read up to where it listens."""
    process = subprocess.Popen([APUS, "serve", "--port", "0", "--log-level", "trace"], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        yield process, listening(process, process.stdout)
    finally:
        process.kill()
        process.wait()


def test_outputs_that_nobody_reads_stop_nobody(unread):
    process, url = unread
    for _ in range(20):
        # A long path makes a long line, until the pipe is full.
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{url}/{'x' * 6000}", timeout=30)
    first = ask(url)
    os.set_blocking(process.stdout.fileno(), False)
    log = b""
    while piece := process.stdout.read(1 << 20):
        log += piece
    assert len(log) > 60_000 and b"lines of this log are lost" not in log
    os.set_blocking(process.stdout.fileno(), True)
    assert ask(url) == first
    while (line := process.stdout.readline()) and b"lost" not in line:
        pass
    assert re.search(rb"warning \d+ lines of this log are lost", line)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_readers_of_the_log_may_go(unread):
    process, url = unread
    process.stdout.close()
    assert ask(url) == ask(url)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_a_server_whose_ready_line_nobody_can_read_serves():
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen([APUS, "serve", "--port", "0"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    try:
        assert ask(listening(process, process.stderr))
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def model(tmp_path):
    return shutil.copytree(SWIFTLET, tmp_path / "swiftlet") / "model.safetensors"


def changed_under(model, change):
    """The exit code and log of a server whose model's file is changed; no request is answered from it."""
    with serving("--model", model.parent, "--weights", "mapped") as server:
        right = ask(server.url)
        change(model)
        # The first request may have met a file that was not yet changed in memory, and none may be answered otherwise.
        try:
            assert ask(server.url, seed=1) == right
        except (OSError, http.client.HTTPException):
            pass
        code = server.process.wait(30)
        for reader in server.readers:
            reader.join(5)
        return code, "".join(server.log)


def test_a_model_that_is_overwritten_ends_the_server(model):
    def overwrite(path):
        with open(path, "r+b") as file:
            file.seek(path.stat().st_size // 2)
            file.write(os.urandom(1 << 20))

    code, log = changed_under(model, overwrite)
    assert code == 1 and f"{model} was changed while weights are read from it" in log


def test_a_model_that_is_cut_ends_the_server_with_its_name(model):
    code, log = changed_under(model, lambda path: os.truncate(path, 4096))
    # Whichever comes first: the fault, or the look at the file.
    assert code in (1, -signal.SIGBUS) and re.search(rf"{model} was (cut short|changed) while", log), log


def test_a_model_that_is_replaced_by_renaming_changes_nothing(model):
    with serving("--model", model.parent, "--weights", "mapped") as server:
        right = ask(server.url)
        other = model.with_suffix(".new")
        other.write_bytes(os.urandom(1 << 20))
        other.rename(model)
        assert ask(server.url) == right
        assert server.stop() == 0


def test_files_that_may_not_grow_are_not_the_servers_end(tmp_path):
    with serving("--cache-folder", tmp_path / "cache") as server:
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        # Long enough for a page, which is written when the reply is over.
        prompt = "A swift is a small bird. " * 40
        first = ask(server.url, prompt=prompt)
        assert "File too large" in server.wait_for_log("cannot be written|unwritable|File too large")
        assert ask(server.url, prompt=prompt) == first
        assert server.stop() == 0


def test_connections_leave_descriptors_to_the_rest():
    """As many connections as may be open, and some more, while requests run for as long as libdispatch takes to look."""
    with serving() as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (80, 80))
        running = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        running.connect()
        crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(100)]
        assert "Too many open files" in server.wait_for_log("no new connections are accepted")
        body = json.dumps({"model": "swiftlet", "prompt": "A swift", "max_tokens": 200, "n": 8, "temperature": 2})
        begin = time.monotonic()
        while time.monotonic() < begin + 5:
            running.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
            assert running.getresponse().read().startswith(b'{"id"')
        # A quarter of what may be open is left.
        assert len(os.listdir(f"/proc/{server.process.pid}/fd")) <= 60
        for connection in crowd:
            connection.close()
        assert ask(server.url)
        server.wait_for_log("new connections are accepted again")
        assert server.stop() == 0
