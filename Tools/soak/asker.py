"""A client: who it is, and how the fate of what it asks is told."""

import json
import random
import threading
import time

from asks import Ask, Wrong
from ledger import Ledger
from server import SECRETS, Server, is_in
from wire import Cut, Hung, Wire, request

POOL = 150


class Gone(Exception):
    """The client has left as it wanted."""


class Asker(threading.Thread):
    """One after another, requests as the seed has it, as long as the gate is open. What it does with each is up to others."""

    behaviours: dict[str, int] = {}

    def __init__(self, server: Server, ledger: Ledger, number: int, pause: float):
        super().__init__(daemon=True, name=f"{server.name}-client-{number}")
        self.server = server
        self.ledger = ledger
        self.random = random.Random(f"client {ledger.seed} {server.name} {number}")
        self.pause = pause
        self.gate = threading.Event()
        self.is_ending = False
        self.resting = threading.Event()
        self.resting.set()

    def run(self) -> None:
        while not self.is_ending:
            if not self.gate.wait(0.2):
                continue
            self.resting.clear()
            # The gate may have been closed in between.
            if self.gate.is_set():
                self._act()
            self.resting.set()
            time.sleep(self.random.expovariate(1 / self.pause))

    def _act(self) -> None:
        behaviour = self.random.choices(list(self.behaviours), list(self.behaviours.values()))[0]
        self.doing = behaviour
        self.begin = self.sent = time.monotonic()
        self.wire: Wire | None = None
        try:
            getattr(self, behaviour)()
        except Gone:
            self._settle("left")
        except (Cut, OSError) as error:
            self._settle(self._explain(error))
        except Hung as error:
            self._settle(f"!hung: {error}")
        except Wrong as error:
            self._settle(f"!wrong: {error}")
        except Exception as error:
            self._settle(f"!{type(error).__name__}: {error}")
        finally:
            if self.wire:
                self.wire.close()

    def _settle(self, fate: str) -> None:
        """Books a fate; those that begin with an exclamation mark are violations."""
        if not fate.startswith("!"):
            return self.ledger.fate(self.server.name, fate)
        if fate.startswith("!wrong") or not self.ledger.stood_still_since(self.begin):
            self.ledger.fate(self.server.name, "VIOLATION")
            return self.ledger.violate(self.server, f"{self.doing}: {fate[1:]}")
        self.ledger.fate(self.server.name, "lost while this program stood still")

    def _explain(self, error: Exception) -> str:
        """Why a connection ended before the answer did."""
        server, response = self.server, self.wire and self.wire.response
        if is_in(server.deaths, self.begin):
            return "killed: by kill -9"
        if server.excuse:
            return f"killed: {server.excuse}"
        if response is None and server.has_stopped_since(self.begin, self.sent):
            return "refused: the server has stopped"
        if response is None and is_in(server.crowds, self.begin):
            return "refused: too many connections"
        told = f"after {response.status} and {len(response.body)} bytes" if response else "before the answer"
        return f"!cut {told}: {type(error).__name__} {error}"

    # MARK: Asking

    def _ask(self) -> tuple[Ask, bool]:
        if self.random.random() < 0.6:
            number = int(POOL * self.random.random() ** 2)
        else:
            number = self.random.randrange(POOL, 1 << 40)
        return Ask(self.ledger.seed, number), self.random.random() < 0.6

    def _fields(self) -> dict:
        secret = SECRETS[self.random.choices(list(SECRETS), [6, 1, 2])[0]]
        return {"Authorization": f"Bearer {secret}"} if self.random.random() < 0.7 else {"x-api-key": secret}

    def _request(self, ask: Ask, is_streamed: bool, more: dict | None = None) -> bytes:
        return request("POST", ask.path, ask.streamed() if is_streamed else ask.body, self._fields() | (more or {}))

    def _connect(self, **options) -> Wire:
        self.wire = self.server.connect(**options)
        return self.wire

    def _send(self, data: bytes) -> None:
        self.wire.send(data)
        self.sent = time.monotonic()

    def _judge(self, ask: Ask, is_streamed: bool, response) -> None:
        """Books what became of a request that was asked well."""
        if response.status != 200:
            return self._judge_refusal(response)
        if is_streamed and self._is_excused(response):
            return self._settle(f"killed: {self.server.excuse}")
        answer = ask.check(response, is_streamed)
        if ask.number < POOL:
            first = self.ledger.is_true(ask.number, answer)
            if first:
                raise Wrong(f"ask {ask.number} ({ask.kind}, {'streamed' if is_streamed else 'whole'}) has got another "
                            f"answer than before: {json.dumps(answer)} instead of {json.dumps(first)}")
            self.ledger.note("answers compared with an earlier one")
        self._settle(f"answered: {ask.kind} {'streamed' if is_streamed else 'whole'}")

    def _is_excused(self, response) -> bool:
        return bool(self.server.excuse) and (b'"error"' in response.body[-2000:])

    def _judge_refusal(self, response, allowed: tuple = ()) -> None:
        try:
            error = response.json()["error"]
            reason = error["message"]
        except (ValueError, KeyError, TypeError):
            raise Wrong(f"{response.status} without an envelope: {response.body[:200]!r}") from None
        code = error.get("code") or error.get("type")
        status = response.status
        server = self.server
        if status == 429 and "retry-after" in response.fields:
            return self._settle(f"refused: 429 {code}")
        if status == 503 and "retry-after" in response.fields and (server.stopping_since or is_in(server.crowds, self.begin)):
            return self._settle(f"refused: 503 {code}")
        if status in (500, 503) and server.excuse:
            return self._settle(f"killed: {server.excuse}")
        if status in allowed:
            return self._settle(f"refused: {status} {code}")
        self._settle(f"!status {status} {code}: {reason}")
