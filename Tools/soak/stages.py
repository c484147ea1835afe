"""The two servers of a run, and what is done with each."""

import os
import random
import threading
import time

from asks import Ask
from clients import Client
from faults import Faults
from ledger import Ledger
from place import GROUP_BYTES, Place
from server import LIMITS, SECRETS, SIZES, Server
from wire import request

# Ticks of a second within which all has to be quiet when nobody asks any more.
QUIET_TICKS = 60
ZEROS = ["vllm:num_requests_running", "vllm:num_requests_waiting", 'apus_kv_pages{state="held"}',
         'apus_state_slots{state="held"}']


class Stage(threading.Thread):
    """A server with its clients, driven until `end`."""

    name_ = ""
    limits: dict = {}

    def __init__(self, place: Place, ledger: Ledger, clients: int, pause: float):
        super().__init__(daemon=True, name=self.name_)
        self.place = place
        self.ledger = ledger
        self.random = random.Random(f"stage {ledger.seed} {self.name_}")
        self.server = Server(self.name_, place.folder, self.limits)
        self.faults = Faults(self.server, place, ledger, self.random)
        self.clients = [Client(self.server, ledger, number, pause) for number in range(clients)]
        self.end = 0.0

    def run(self) -> None:
        for client in self.clients:
            client.start()
        try:
            self.play()
        except Exception as error:
            self.ledger.violate(self.server, f"{type(error).__name__}: {error}")
            raise
        finally:
            for client in self.clients:
                client.is_ending = True
            if self.server.is_alive:
                self.server.process.kill()

    def play(self) -> None:
        raise NotImplementedError

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.end

    def violate(self, what: str) -> None:
        self.ledger.violate(self.server, what)

    def open_gates(self) -> None:
        for client in self.clients:
            client.gate.set()

    def close_gates(self) -> None:
        """Lets no request begin, and waits until those that have begun are over."""
        for client in self.clients:
            client.gate.clear()
        for client in self.clients:
            if not client.resting.wait(400):
                self.violate(f"{client.name} does not come to an end: {client.doing}")

    def load(self, seconds: float, calm: tuple[float, float] = (1, 6)) -> None:
        """Requests and faults. Ends early if the server does."""
        end = min(self.end, time.monotonic() + seconds)
        self.open_gates()
        while time.monotonic() < end and self.server.is_alive:
            time.sleep(min(self.random.uniform(*calm), max(0, end - time.monotonic())))
            if time.monotonic() < end and self.server.is_alive:
                self.faults.some(lambda: time.monotonic() >= end or not self.server.is_alive)

    def check_quiet(self) -> None:
        """Nobody asks: nothing may be held, and no descriptor be left over."""
        self.close_gates()
        held, descriptors = {}, 0
        for _ in range(QUIET_TICKS):
            metrics = self.server.metrics()
            held = {name: metrics.get(name) for name in ZEROS if metrics.get(name) != 0}
            if not held:
                usage = self.server.usage()
                descriptors = usage["descriptors"]
                self.server.descriptors_before = self.server.descriptors_before or descriptors
                if descriptors <= self.server.descriptors_before:
                    self.ledger.note("quiet: nothing held, no descriptor left over")
                    return self.note(usage)
            if not self.server.is_alive:
                return self.check_life()
            time.sleep(1)
        self.violate(f"not quiet after {QUIET_TICKS} s: {held or ''} {descriptors} descriptors, "
                     f"{self.server.descriptors_before} before")

    def note(self, usage: dict) -> None:
        """What the process used when all was quiet."""

    def check_life(self) -> bool:
        if self.server.is_alive:
            return True
        code = self.server.wait_end(1)
        self.violate(f"the server ended unasked with {code}: {self.server.log[-2000:]}")
        return False

    def check_log(self) -> None:
        bad = [line for line in self.server.log.splitlines()
               if " critical " in line or "atal error" in line or "step failed" in line or "defect" in line]
        if bad:
            self.violate(f"the log says {bad[:3]}")

    def check_stop(self) -> None:
        """SIGTERM, and what was begun ends by itself."""
        self.server.terminate()
        code = self.server.wait_end(LIMITS["shutdown-grace"] + 20)
        if code is None:
            self.violate("SIGTERM does not end the server")
            self.server.kill()
        elif code != 0:
            self.violate(f"exit code {code} after SIGTERM")
        else:
            self.ledger.note("SIGTERM: ended in time, exit code 0")
        self.check_log()


class SteadyStage(Stage):
    """One life from beginning to end, under TLS."""

    name_ = "steady"
    limits = SIZES | {"threads": 1, "max-running": 6, "max-queued": 40, "max-connections": 100, "draft": "lookup",
                             # A memory of replies that would fill for hours is none to watch a leak by.
                             "history": "canonical"}

    def play(self) -> None:
        folder = self.place.disk or self.place.folder / "disk"
        self.server.spawn({"cache-folder": folder / "steady"}, tls=self.place.tls,
                          environment=self.place.clock_environment)
        if not self.server.wait_ready():
            return self.violate("is not ready")
        # What a server takes once it has served is there from the first quiet on.
        self.open_gates()
        time.sleep(min(10, max(1, (self.end - time.monotonic()) / 10)))
        self.check_quiet()
        total = self.end - time.monotonic()
        while not self.is_over and self.check_life():
            self.load(min(60, max(6, total / 12)))
            self.check_quiet()
        if self.check_life():
            self.check_stop()

    def note(self, usage: dict) -> None:
        self.ledger.sample(usage)


class MortalStage(Stage):
    """Many lives, each with an end of its own."""

    name_ = "mortal"
    limits = SIZES | {"threads": 1, "max-running": 4, "max-queued": 24, "max-connections": 100}
    ENDS = {"kill": 10, "terminate": 6, "kill while it starts": 2, "cut the model": 2, "overwrite the model": 1}

    def play(self) -> None:
        # The first lives are one of each kind, so that a short run has them, too.
        ends = list(self.ENDS)
        longest = min(25.0, max(2.5, (self.end - time.monotonic()) / 9))
        was_killed = False
        while not self.is_over:
            end = ends.pop(0) if ends else self.random.choices(list(self.ENDS), list(self.ENDS.values()))[0]
            if end == "kill while it starts":
                self.begin_life()
                time.sleep(self.random.uniform(0, 0.4))
                self.server.kill()
                self.ledger.fault(end)
                self.check_log()
                continue
            model = self.place.copy_model() if "model" in end else None
            began = self.begin_life(model)
            if not self.server.wait_ready():
                self.check_life()
                continue
            if was_killed:
                self.note_restart(began)
            self.load(self.random.uniform(longest / 4, longest), calm=(0.2, 4))
            if not self.check_life():
                self.close_gates()
                continue
            if end == "terminate" and self.random.random() < 0.3:
                self.check_quiet()
            was_killed = end == "kill"
            self.end_life(end, model)
            self.check_group()

    def begin_life(self, model=None) -> float:
        """Starts the server somehow; returns when."""
        flags, options = {}, {}
        folder = (self.place.disk or self.place.folder / "disk") / "mortal"
        if self.random.random() < 0.5:
            options["tls"] = self.place.tls
        if self.random.random() < 0.2:
            options |= {"is_unread": True}
            flags["log-level"] = "debug"
        if self.random.random() < 0.3:
            flags |= {"draft": "lookup", "log-format": "json"}
        self.is_grouped = bool(self.place.group) and model is None and self.random.random() < 0.2
        if self.is_grouped:
            # Sizes are the server's own choice then, and a disk of memory would count.
            folder = self.place.folder / "cache"
            flags |= {"kv-cache-bytes": 0, "checkpoint-bytes": "auto"}
            options["before"] = self.place.enter_group
            self.ledger.fault(f"a limit of {GROUP_BYTES >> 20} MiB of memory")
        if model:
            flags |= {"model": model, "weights": "mapped"}
        self.server.spawn({"cache-folder": folder} | flags, environment=self.place.clock_environment, **options)
        return time.monotonic()

    def note_restart(self, began: float) -> None:
        times = {"ready": time.monotonic() - began}
        ask = Ask(self.ledger.seed, -1)
        wire = self.server.connect()
        wire.send(request("POST", ask.path, ask.body, {"Authorization": f"Bearer {SECRETS['alice']}"}))
        response = wire.read()
        wire.close()
        ask.check(response, False)
        times["answered"] = time.monotonic() - began
        if not self.ledger.stood_still_since(began):
            self.ledger.restarts.append(times)

    def end_life(self, end: str, model) -> None:
        self.ledger.fault(end)
        if end == "kill":
            self.server.kill()
            self.check_log()
        elif end == "terminate":
            self.check_stop()
        else:
            self.damage(model / "model.safetensors", end)
        # Requests that were on their way find out.
        self.close_gates()

    def damage(self, path, how: str) -> None:
        """The model's file changes under the server, which has to end and to say so."""
        self.server.excuse = "its model's file was changed"
        size = os.path.getsize(path)
        if how == "cut the model":
            os.truncate(path, self.random.randrange(size))
        else:
            with open(path, "r+b") as file:
                file.seek(size // 2)
                file.write(self.random.randbytes(1 << 20))
        code = self.server.wait_end(20)
        if code is None:
            self.violate(f"a server whose model's file was changed ({how}) goes on")
            self.server.kill()
        elif code == 0:
            self.violate(f"exit code 0 though the model's file was changed ({how})")
        elif self.server.log and str(path) not in self.server.log:
            self.violate(f"ended with {code}, and says not that the file was changed ({how}): {self.server.log[-500:]}")
        else:
            self.ledger.note("a model's file changed: ended, and said why")

    def check_group(self) -> None:
        if self.is_grouped and self.place.killed_in_group():
            self.violate("the kernel ended the server at its limit of memory")
