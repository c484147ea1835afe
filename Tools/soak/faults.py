"""What is done to a server while it serves. Each fault lasts as long as its `with` block, and is then undone."""

import contextlib
import email.utils
import math
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time

from place import Place
from server import SECRETS, Server
from wire import request


class Faults:
    """The faults of one server, by their names."""

    def __init__(self, server: Server, place: Place, ledger, random_: random.Random):
        self.server = server
        self.place = place
        self.ledger = ledger
        self.random = random_
        self.names = ["no descriptors left", "no file may grow", "cache files vanish", "cache files are damaged",
                      "busy cores", "the process stands still", "a reload", "a crowd of connections", "a burst of requests"]
        if place.disk:
            self.names.append("a full disk")
        if place.clock_library:
            self.names.append("the wall clock jumps")

    def some(self, is_ending) -> None:
        """One at random."""
        name = self.random.choice(self.names)
        with getattr(self, name.replace(" ", "_"))():
            self.ledger.fault(name)
            for _ in range(int(self.random.uniform(0.5, 4) * 10)):
                if is_ending():
                    break
                time.sleep(0.1)

    @contextlib.contextmanager
    def _limit(self, kind: int, soft: int):
        process = self.server.process
        before = resource.prlimit(process.pid, kind)
        resource.prlimit(process.pid, kind, (soft, before[1]))
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, kind, before)

    @contextlib.contextmanager
    def no_descriptors_left(self):
        """Connections use up what may be open; further ones wait."""
        most = max(int(name) for name in os.listdir(f"/proc/{self.server.process.pid}/fd"))
        shortage = [time.monotonic(), math.inf]
        self.server.shortages.append(shortage)
        # The server keeps 32 back.
        with self._limit(resource.RLIMIT_NOFILE, most + 34 + self.random.randrange(8)), self._connections(40):
            yield
        # It looks again a little later.
        shortage[1] = time.monotonic() + 1

    @contextlib.contextmanager
    def _connections(self, count: int):
        connections = []
        try:
            for _ in range(count):
                connection = socket.socket()
                connections.append(connection)
                connection.settimeout(2)
                with contextlib.suppress(OSError):
                    connection.connect(("127.0.0.1", self.server.port))
            yield
        finally:
            for connection in connections:
                connection.close()

    def no_file_may_grow(self):
        return self._limit(resource.RLIMIT_FSIZE, 4096)

    @contextlib.contextmanager
    def a_full_disk(self):
        path = self.place.disk / "filler"
        try:
            # Without a buffer, whose rest would fail when the file is closed.
            with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(1 << 16))
            yield
        finally:
            path.unlink(missing_ok=True)

    def _cache_files(self) -> list[str]:
        found = []
        for folder, _, names in os.walk(self.place.disk or self.place.folder / "disk"):
            found += [f"{folder}/{name}" for name in sorted(names) if name.endswith((".page", ".state"))]
        return self.random.sample(found, len(found) // 3)

    @contextlib.contextmanager
    def cache_files_vanish(self):
        for path in self._cache_files():
            with contextlib.suppress(OSError):
                os.unlink(path)
        yield

    @contextlib.contextmanager
    def cache_files_are_damaged(self):
        for path in self._cache_files():
            with contextlib.suppress(OSError):
                if self.random.random() < 0.5:
                    os.truncate(path, self.random.randrange(os.path.getsize(path) + 1))
                else:
                    with open(path, "r+b") as file:
                        file.seek(self.random.randrange(os.path.getsize(path)))
                        file.write(b"\xa5")
        yield

    @contextlib.contextmanager
    def busy_cores(self):
        loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
        try:
            yield
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()

    @contextlib.contextmanager
    def the_process_stands_still(self):
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def the_wall_clock_jumps(self):
        shift = self.random.choice([-86_400 * 365, -3600, -5, 5, 3600, 86_400 * 20])
        self.place.set_clock(shift)
        try:
            yield
            answer = self.server.get("/health")
            if answer:
                shown = email.utils.parsedate_to_datetime(answer.fields["date"]).timestamp()
                if abs(shown - time.time() - shift) < 30:
                    self.ledger.note("clock jumps seen in a response's date")
        finally:
            self.place.set_clock(0)

    @contextlib.contextmanager
    def a_reload(self):
        self.server.process.send_signal(signal.SIGHUP)
        yield

    @contextlib.contextmanager
    def a_crowd_of_connections(self):
        """More than the server takes."""
        crowd = [time.monotonic(), math.inf]
        self.server.crowds.append(crowd)
        with self._connections(150):
            yield
        # The server sees the end of it a little later.
        crowd[1] = time.monotonic() + 1

    @contextlib.contextmanager
    def a_burst_of_requests(self):
        """More than may wait, all of which are left again."""
        body = {"model": "swiftlet", "prompt": "Once upon a time " * 100, "max_tokens": 100, "n": 4, "stream": True}
        data = request("POST", "/v1/completions", body, {"Authorization": f"Bearer {SECRETS['alice']}"})
        wires = []
        try:
            for _ in range(24):
                with contextlib.suppress(OSError):
                    wires.append(self.server.connect())
                    wires[-1].send(data)
            yield
        finally:
            for wire in wires:
                wire.close()
