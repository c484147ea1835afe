"""Fixtures of the client tests: the built executable, and a server started from it."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import threading

import openai
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
APUS = pathlib.Path(os.environ.get("APUS", ROOT / ".build/release/apus"))
SWIFTLET = ROOT / "Sources/Serving/Resources/swiftlet"
READY_SECONDS = 60


def run(*arguments, stdin=None, check=True, env=None):
    """Runs one `apus` command to its end and returns the finished process, with text output."""
    done = subprocess.run([APUS, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=300,
                          env={**os.environ, **(env or {})})
    if check:
        assert done.returncode == 0, f"apus {arguments}: exit {done.returncode}\n{done.stderr}"
    return done


class Server:
    """A running `apus serve` on a free port, its output collected line by line."""

    def __init__(self, *flags, env=None):
        self.lines, self.log, self.url = [], [], None
        self.process = subprocess.Popen([APUS, "serve", "--port", "0", *map(str, flags)], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**os.environ, **(env or {})})
        self.ready = threading.Event()
        self.readers = [threading.Thread(target=self._read_output, daemon=True),
                        threading.Thread(target=self._read_log, daemon=True)]
        for reader in self.readers:
            reader.start()
        if not self.ready.wait(READY_SECONDS) or self.url is None:
            self.process.kill()
            raise AssertionError("no ready line\n" + "".join(self.lines + self.log))

    def _read_output(self):
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.search(r"https?://[\w.:\[\]]+:\d+", line)
            if found and self.url is None:
                self.url = found.group()
                self.ready.set()
        self.ready.set()

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def client(self, **options):
        return openai.OpenAI(base_url=self.url + "/v1", api_key="none", max_retries=0, timeout=120, **options)

    def wait_for_log(self, pattern, seconds=20):
        """The first log line that matches, waiting for it to be written."""
        waiter = threading.Event()
        for _ in range(int(seconds * 20)):
            for line in list(self.log):
                if re.search(pattern, line):
                    return line
            waiter.wait(0.05)
        raise AssertionError(f"no log line matches {pattern!r}:\n" + "".join(self.log[-40:]))

    def stop(self, how=signal.SIGTERM, seconds=60):
        """Sends the signal and returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(seconds)
        for reader in self.readers:
            reader.join(5)
        return code


@contextlib.contextmanager
def serving(*flags, env=None):
    server = Server(*flags, env=env)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="session")
def server():
    """One server of the embedded model for the whole run; it has to end cleanly."""
    with serving("--log-level", "debug") as running:
        yield running
        assert running.stop() == 0


@pytest.fixture(scope="session")
def client(server):
    return server.client()
