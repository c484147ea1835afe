"""Starts Apus and llama-server on a model, and drives them with `apus bench serve`."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APUS = ROOT / ".build/release/apus"
READY_SECONDS = 600


class Server:
    """A process that serves, until the `with` block ends."""

    def __init__(self, name: str, command: list):
        self.name = name
        self.command = [str(part) for part in command]
        self.url = None
        self.log: list[str] = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(5)

    def _read(self):
        for line in self.process.stdout:
            self.log.append(line)

    def _wait(self):
        """Until /health answers with 200."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"{self.name} ended before it was ready:\n{''.join(self.log[-20:])}")
            url = self.find_url()
            if url:
                with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                    with urllib.request.urlopen(url + "/health", timeout=5) as answer:
                        if answer.status == 200:
                            self.url = url
                            return
            time.sleep(0.2)
        sys.exit(f"{self.name} was not ready after {READY_SECONDS} s:\n{''.join(self.log[-20:])}")

    def find_url(self) -> str | None:
        raise NotImplementedError

    def endless(self) -> str:
        """Fields of a request, as JSON, that make replies as long as they may be: random models end some by chance."""
        return json.dumps({"ignore_eos": True})


class Apus(Server):
    """`apus serve` on a free port."""

    def __init__(self, model: Path, *flags, apus: Path = APUS):
        super().__init__("Apus", [apus, "serve", "--model", model, "--port", "0", *flags])

    def find_url(self):
        return next((found.group() for line in self.log if (found := re.search(r"http://[\d.]+:\d+", line))), None)

    def endless(self):
        """The tokens that end a turn in ChatML are made impossible."""
        body = json.dumps({"prompt": "<|im_end|><|endoftext|>"}).encode()
        request = urllib.request.Request(self.url + "/tokenize", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            tokens = json.load(answer)["tokens"]
        return json.dumps({"logit_bias": {str(token): -100 for token in tokens}} if len(tokens) == 2 else {})

    def counts(self) -> dict:
        """Pages and slots of the caches, from the start-up log."""
        text = "".join(self.log)
        running, checkpoints = re.search(r"\((\d+) running, (\d+) checkpoints", text).groups()
        return {"pages": int(re.search(r"(\d+) pages", text)[1]), "slots": int(running) + int(checkpoints)}


class LlamaServer(Server):
    """llama.cpp's server, with as many tokens of context a slot as asked for."""

    def __init__(self, program: Path, model: Path, *, slots: int, context: int, threads: int, flags=()):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        super().__init__("llama-server", [
            program, "-m", model, "--host", "127.0.0.1", "--port", self.port, "-np", slots, "-c", slots * context,
            "-t", threads, *flags])

    def find_url(self):
        return f"http://127.0.0.1:{self.port}"


def bench(url: str, trace: str, *flags, apus: Path = APUS) -> tuple[dict, list[dict]]:
    """Runs a trace: what `apus bench serve` measures, and its log of requests in the order of turns."""
    with tempfile.TemporaryDirectory() as folder:
        trace_file, log = Path(folder) / "trace.jsonl", Path(folder) / "log.jsonl"
        trace_file.write_text(trace)
        done = subprocess.run([apus, "bench", "serve", "--url", url, "--trace", trace_file, "--log", log, "--json",
                               *map(str, flags)], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"apus bench serve ended with {done.returncode}")
        entries = [json.loads(line) for line in log.read_text().splitlines()]
    for entry in entries:
        if "ttft" not in entry:
            print(f"not answered: {entry}", file=sys.stderr)
    return json.loads(done.stdout), sorted(entries, key=lambda entry: (entry["turn"], entry["conversation"]))


def trace_text(conversations: list[dict]) -> str:
    """A trace file's text."""
    return "".join(json.dumps(line) + "\n" for line in [{"apus_trace": 1}, *conversations])


def conditions() -> dict:
    """What else the machine does: a figure is worth little without it."""
    load = Path("/proc/loadavg").read_text().split()
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    return {"processor": model, "load_average": [float(value) for value in load[:3]],
            "time": time.strftime("%Y-%m-%d %H:%M")}
