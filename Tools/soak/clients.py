"""Clients that behave, and clients that do not. Every request gets a fate, or is a violation."""

import json
import math
import ssl
import time

from asker import Asker, Gone
from asks import MODEL, Wrong
from server import LIMITS, SECRETS
from wire import Cut, Hung, Wire, request

# How often each is done.
BEHAVIOURS = {"converse": 40, "read_slowly": 6, "send_slowly": 5, "leave": 14, "half_close": 6, "take_nothing": 1,
              "send_garbage": 8, "pipeline": 4, "use_a_wrong_key": 2, "ask_in_background": 4, "go_on": 4, "look_around": 5,
              "idle": 2, "stop_in_the_head": 1, "stop_in_the_body": 1}


class Client(Asker):
    """Does one of these, and another."""

    behaviours = BEHAVIOURS

    # MARK: Those who behave

    def converse(self) -> None:
        """Up to three requests on one connection."""
        wire = self._connect()
        for turn in range(self.random.choice([1, 1, 2, 3])):
            ask, is_streamed = self._ask()
            # A connection that is used again may have been closed while the request was on its way.
            if turn:
                self.begin = time.monotonic()
            wire.response = None
            self._send(self._request(ask, is_streamed))
            response = wire.read()
            self._judge(ask, is_streamed, response)
            if response.fields.get("connection") == "close" or self.server.stopping_since:
                return

    def read_slowly(self) -> None:
        wire = self._connect(receive_buffer=4096)
        ask, is_streamed = self._ask()
        self._send(self._request(ask, True))
        delay = self.random.uniform(0.001, 0.02)
        self._judge(ask, True, wire.read(lambda response: time.sleep(delay)))

    def send_slowly(self) -> None:
        self._connect()
        ask, is_streamed = self._ask()
        data = self._request(ask, is_streamed)
        pieces = self.random.randint(2, 12)
        for place in range(pieces):
            if place:
                time.sleep(self.random.uniform(0, 0.25))
            self._send(data[len(data) * place // pieces:len(data) * (place + 1) // pieces])
        response = self.wire.read()
        if response.status == 408 and time.monotonic() - self.begin > LIMITS["header-timeout"]:
            return self._judge_refusal(response, (408,))
        self._judge(ask, is_streamed, response)

    def pipeline(self) -> None:
        """Two requests before the first answer."""
        wire = self._connect()
        asks = [self._ask() for _ in range(2)]
        self._send(b"".join(self._request(ask, is_streamed) for ask, is_streamed in asks))
        for ask, is_streamed in asks:
            wire.response = None
            response = wire.read()
            self._judge(ask, is_streamed, response)
            # What follows is not answered then.
            if response.fields.get("connection") == "close":
                return self._settle("refused: the connection ends") if ask is asks[0][0] else None

    def go_on(self) -> None:
        """A stored response, and one that goes on from it."""
        before = None
        fields = {"Authorization": f"Bearer {SECRETS['alice']}"}
        wire = self._connect()
        for text in ["What is Apus?", "And what does it cost?"]:
            body = {"model": MODEL, "input": text, "max_output_tokens": 24, "previous_response_id": before}
            wire.response = None
            self._send(request("POST", "/v1/responses", body, fields))
            response = wire.read()
            if response.status != 200:
                # The oldest make room for others.
                return self._judge_refusal(response, (400,) if before else ())
            before = response.json()["id"]
            self._settle("answered: a conversation that is stored")
            if response.fields.get("connection") == "close":
                return

    def ask_in_background(self) -> None:
        fields = {"Authorization": f"Bearer {SECRETS['carol']}"}
        body = {"model": MODEL, "input": "Count to a hundred.", "max_output_tokens": self.random.choice([5, 60]),
                "background": True}
        wire = self._connect()
        self._send(request("POST", "/v1/responses", body, fields))
        response = wire.read()
        if response.status != 200:
            return self._judge_refusal(response)
        path = f"/v1/responses/{response.json()['id']}"
        is_cancelled = self.random.random() < 0.3
        for _ in range(2000):
            wire.response = None
            self._send(request(*(("POST", path + "/cancel") if is_cancelled else ("GET", path)), fields=fields))
            response = wire.read()
            if response.status != 200:
                return self._judge_refusal(response, (404,))
            status = response.json()["status"]
            if status not in ("queued", "in_progress"):
                if status == "failed" and self.server.excuse:
                    return self._settle(f"killed: {self.server.excuse}")
                is_right = status in ("completed", "incomplete")
                return self._settle("left" if status == "cancelled" else
                                    "answered: in the background" if is_right else f"!the response is {status}")
            time.sleep(0.05)
        raise Hung("a response in the background does not end")

    def look_around(self) -> None:
        wire = self._connect()
        tokens = {"model": MODEL, "prompt": "A swift is a bird. " * 20}
        for method, path, body in [("GET", "/health", None), ("GET", "/v1/models", None), ("POST", "/v1/tokenize", tokens),
                                   ("GET", "/metrics", None), ("GET", "/docs", None), ("GET", "/openapi.json", None)]:
            wire.response = None
            self._send(request(method, path, body, self._fields()))
            response = wire.read()
            if response.status != 200:
                return self._judge_refusal(response)
            if response.fields.get("connection") == "close":
                break
        self._settle("answered: other endpoints")

    # MARK: Those who do not

    def leave(self) -> None:
        """Goes before the answer, or somewhere within it, with an orderly end or without."""
        wire = self._connect()
        ask, is_streamed = self._ask()
        data = self._request(ask, is_streamed)
        how = self.random.choice(["in the request", "at once", "later", "in the answer"])
        if how == "in the request":
            data = data[:self.random.randrange(len(data))]
        self._send(data)
        if how == "later":
            time.sleep(self.random.uniform(0, 0.2))
        if how == "in the answer":
            most = self.random.randrange(4000)

            def watch(response) -> None:
                if len(response.body) >= most:
                    raise Gone

            try:
                return self._judge(ask, is_streamed, wire.read(watch))
            except Gone:
                pass
        if self.random.random() < 0.5:
            wire.reset()
        raise Gone

    def half_close(self) -> None:
        """A client that sends no more counts as gone; what it still gets has to be right all the same."""
        wire = self._connect()
        ask, is_streamed = self._ask()
        self._send(self._request(ask, is_streamed))
        time.sleep(self.random.choice([0, 0, 0.02, 0.1]))
        wire.half_close()
        try:
            response = wire.read()
        except (Cut, OSError):
            raise Gone from None
        self._judge(ask, is_streamed, response)

    def take_nothing(self) -> None:
        """Reads nothing for longer than the server writes in vain."""
        wire = self._connect(receive_buffer=2048)
        ask, is_streamed = self._ask()
        self._send(self._request(ask, True))
        time.sleep(LIMITS["write-timeout"] + 3)
        try:
            response = wire.read()
        except (Cut, OSError, ssl.SSLError):
            raise Gone from None
        self._judge(ask, True, response)

    def idle(self) -> None:
        """Connects, and says nothing; under TLS not even that it would like to speak it."""
        wire = Wire(self.server.port, None if self.random.random() < 0.5 else self.server.tls)
        self.wire = wire
        time.sleep(self.random.uniform(0, 3))
        raise Gone

    def _stop_at(self, data: bytes) -> None:
        self._connect()
        self._send(data)
        # The request is never whole: a server that stops owes it nothing.
        self.sent = math.inf
        self._judge_refusal(self.wire.read(), (408,))

    def stop_in_the_head(self) -> None:
        self._stop_at(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-")

    def stop_in_the_body(self) -> None:
        ask, is_streamed = self._ask()
        self._stop_at(self._request(ask, is_streamed)[:-5])

    def use_a_wrong_key(self) -> None:
        wire = self._connect()
        ask, is_streamed = self._ask()
        self._send(request("POST", ask.path, ask.body, {"Authorization": "Bearer sk-soak-mallory"}))
        response = wire.read()
        if response.status == 200:
            raise Wrong("a wrong key is let in")
        self._judge_refusal(response, (401,))

    def send_garbage(self) -> None:
        """Bytes that are no request, or none that can be met."""
        wire = self._connect()
        ask, is_streamed = self._ask()
        noise = self.random.randbytes(self.random.randrange(1, 3000))
        head, body = self._request(ask, is_streamed).split(b"\r\n\r\n", 1)
        place = self.random.randrange(len(body))
        wrong = self.random.choice([
            b'{"model": "other", "messages": [{"role": "user", "content": "?"}], "max_tokens": 4}',
            json.dumps(ask.body | {"temperature": 70, "max_tokens": -1, "max_output_tokens": -1}).encode(),
            json.dumps(ask.body | {"n": 100_000, "messages": 4, "input": 4, "prompt": 4}).encode(),
            b"[" * 100_000, body[:-1], body[:place] + b"\xff\x00" + body[place:], noise])
        kind = self.random.choice(["noise", "body", "body", "body", "length", "chunk"])
        if kind == "noise":
            data = noise + b"\r\n\r\n"
        elif kind == "body":
            data = head.rsplit(b"\r\n", 1)[0] + b"\r\nContent-Length: %d\r\n\r\n" % len(wrong) + wrong
        elif kind == "length":
            data = head.rsplit(b"\r\n", 1)[0] + b"\r\nContent-Length: 99999999999\r\n\r\n"
        else:
            data = head.rsplit(b"\r\n", 1)[0] + b"\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" + body
        try:
            self._send(data)
        except OSError:
            # It may close before all is sent, and says why.
            pass
        if kind == "noise":
            wire.half_close()
        try:
            response = wire.read()
        except (Cut, OSError):
            if kind != "noise":
                raise
            raise Gone from None
        if response.status != 200:
            return self._judge_refusal(response, (400, 401, 404, 405, 408, 411, 413, 414, 415, 422, 431, 501, 505))
        # Where the wrong place is none that matters, it is answered.
        self._settle("answered: what had a wrong place")
