"""A server of the soak: starts it, tells how it fares, and remembers what was done to it."""

import math
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

from wire import Cut, Hung, Wire, request

SECRETS = {"alice": "sk-soak-alice", "bob": "sk-soak-bob", "carol": "sk-soak-carol"}
# Seconds; shorter than the defaults, so that all of them are met.
LIMITS = {"header-timeout": 6, "body-timeout": 8, "write-timeout": 8, "idle-timeout": 20, "heartbeat": 2,
          "shutdown-grace": 120}
# Small, so that they are full before memory is watched, and things have to make room all the time.
SIZES = {"kv-cache-bytes": "3MiB", "checkpoint-bytes": "4MiB", "response-store-bytes": "256KiB",
         "cache-folder-bytes": "20MiB"}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """`apus serve` on one port, through all its lives."""

    def __init__(self, name: str, folder: Path, limits: dict):
        self.name = name
        self.folder = folder
        self.limits = limits
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self.tls: ssl.SSLContext | None = None
        self.life = 0
        # On the clock of time.monotonic: when it was told to finish, and from when to when it was dead of a kill -9, had
        # more connections than it takes, or could accept none.
        self.stopping_since: float | None = None
        self.deaths: list[list[float]] = []
        self.crowds: list[list[float]] = []
        self.shortages: list[list[float]] = []
        # Why requests may fail in other ways than otherwise; empty: they may not.
        self.excuse = ""

    @property
    def log_path(self) -> Path:
        return self.folder / f"{self.name}-{self.life}.log"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def spawn(self, flags: dict, *, tls: ssl.SSLContext | None = None, environment: dict | None = None,
              is_unread: bool = False, before=lambda: None) -> None:
        """Begins a life. `is_unread`: what it writes goes to pipes that nobody reads. `before` runs in the new process."""
        self.life += 1
        self.tls = tls
        self.stopping_since, self.excuse = None, ""
        settings = LIMITS | self.limits | flags
        if tls:
            settings |= {"tls-certificate": self.folder / "cert.pem", "tls-key": self.folder / "key.pem"}
        command = [self.folder / "apus", "serve", "--port", self.port, "--api-keys-file", self.folder / "keys.yaml"]
        for key, value in settings.items():
            command += [f"--{key}", value]
        output = subprocess.PIPE if is_unread else open(self.log_path, "wb")
        try:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.PIPE if is_unread else subprocess.STDOUT,
                env={**os.environ, **(environment or {})}, preexec_fn=before)
        finally:
            if not is_unread:
                output.close()
        self.descriptors_before = None

    def connect(self, **options) -> Wire:
        return Wire(self.port, self.tls, **options)

    def get(self, path: str):
        """A response; None if there is no server."""
        try:
            wire = self.connect()
        except OSError:
            return None
        try:
            wire.send(request("GET", path, fields={"Authorization": f"Bearer {SECRETS['alice']}", "Connection": "close"}))
            return wire.read()
        except (OSError, Cut, Hung):
            return None
        finally:
            wire.close()

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, ticks: int = 6000) -> bool:
        for _ in range(ticks):
            if not self.is_alive:
                return False
            answer = self.get("/ready")
            if answer and answer.status == 200:
                if self.deaths and self.deaths[-1][1] == math.inf:
                    self.deaths[-1][1] = time.monotonic()
                return True
            time.sleep(0.01)
        return False

    def metrics(self) -> dict[str, float]:
        """Values by their names, with the labels but the model's."""
        answer = self.get("/metrics")
        if answer is None or answer.status != 200:
            return {}
        found = {}
        for line in answer.body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                found[re.sub(r'model_name="[^"]*",?|\{\}', "", name).replace("{}", "")] = float(value)
        return found

    def usage(self) -> dict[str, float]:
        """What the kernel says of the process: MB of its own memory and of files, descriptors, threads."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()

        def number(key: str) -> int:
            return int(re.search(rf"^{key}:\s+(\d+)", status, re.M).group(1))

        return {"memory": number("RssAnon") * 1024 / 1e6, "files": (number("RssFile") + number("RssShmem")) * 1024 / 1e6,
                "descriptors": len(os.listdir(f"/proc/{self.process.pid}/fd")), "threads": number("Threads")}

    def kill(self) -> None:
        """kill -9, and waits until the process has gone."""
        self.deaths.append([time.monotonic(), math.inf])
        self.process.kill()
        self.process.wait()
        self._close_pipes()

    def terminate(self) -> None:
        """SIGTERM; it is not waited for."""
        self.stopping_since = time.monotonic()
        self.process.send_signal(signal.SIGTERM)

    def wait_end(self, ticks: int) -> int | None:
        """The exit code; None if it has not ended."""
        for _ in range(ticks * 20):
            if self.process.poll() is not None:
                self._close_pipes()
                return self.process.returncode
            time.sleep(0.05)
        return None

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    def has_stopped_since(self, begin: float, sent: float) -> bool:
        """Whether it was told to finish before all was sent, or before it could accept the connection."""
        return self.stopping_since is not None and (
            sent >= self.stopping_since - 0.05 or is_in(self.shortages, begin))


def is_in(intervals: list[list[float]], begin: float) -> bool:
    """Whether one of them has an end after `begin`."""
    return any(end >= begin for _, end in intervals)
