"""HTTP/1.1 on a raw socket, so that a client can do at any byte what no library would: stop reading, leave, send half."""

import json
import socket
import ssl
import struct

# Time-outs are counted in ticks of waiting, not by a clock: a machine that stood still for minutes counts as one tick.
TICK_SECONDS = 1.0
# A server that says nothing for so many ticks hangs.
SILENT_TICKS = 90


class Hung(Exception):
    """Nothing came for as long as a client would ever wait."""


class Cut(Exception):
    """The connection ended within a response, or before it."""


class Response:
    """A response as far as it has come."""

    def __init__(self, status: int, fields: dict):
        self.status = status
        self.fields = fields
        self.body = b""
        self.is_whole = False

    def json(self):
        return json.loads(self.body)

    def events(self) -> list[str]:
        """The data of its server-sent events."""
        return [line[6:] for line in self.body.decode().split("\n") if line.startswith("data: ")]


class Wire:
    """A connection."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, receive_buffer: int = 0):
        self.raw = socket.socket()
        self.socket = self.raw
        try:
            if receive_buffer:
                self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.raw.settimeout(TICK_SECONDS)
            self._connect(port)
            self.raw.settimeout(SILENT_TICKS if tls else TICK_SECONDS)
            if tls:
                # A handshake cannot go on after a time-out.
                self.socket = tls.wrap_socket(self.raw, server_hostname="localhost")
                self.socket.settimeout(TICK_SECONDS)
        except BaseException:
            self.close()
            raise
        self.rest = b""
        self.response: Response | None = None

    def _connect(self, port: int) -> None:
        for _ in range(SILENT_TICKS):
            try:
                return self.raw.connect(("127.0.0.1", port))
            except TimeoutError:
                continue
            except OSError as error:
                # Connected meanwhile, by an attempt that timed out here.
                if error.errno == 106:
                    return
                raise
        raise Hung("no connection")

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        silent = 0
        while view:
            try:
                view = view[self.socket.send(view):]
                silent = 0
            except (TimeoutError, ssl.SSLWantWriteError):
                silent += 1
                if silent == SILENT_TICKS:
                    raise Hung("nothing of the request was taken") from None

    def half_close(self) -> None:
        """Sends no more: the end of a stream of TCP, under TLS as well."""
        # On the descriptor, because Python's own call would end the decryption, too.
        with socket.socket(fileno=socket.dup(self.socket.fileno())) as other:
            other.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Ends with a reset instead of an orderly close."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.socket.close()
        self.raw.close()

    def receive(self, most: int = 65536) -> bytes:
        """What comes next; nothing at the end."""
        for _ in range(SILENT_TICKS):
            try:
                return self.socket.recv(most)
            except (TimeoutError, ssl.SSLWantReadError):
                continue
            except ssl.SSLEOFError:
                return b""
        raise Hung(f"nothing came for {SILENT_TICKS} s")

    def _line(self) -> bytes:
        while b"\r\n" not in self.rest:
            self._more()
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def _more(self) -> None:
        piece = self.receive()
        if not piece:
            raise Cut("the connection ended")
        self.rest += piece

    def read(self, watch=lambda response: None) -> Response:
        """A whole response. `watch` sees it after each piece, and may pause or raise."""
        self.response = None
        status = int(self._line().split()[1])
        fields = {}
        while line := self._line():
            name, value = line.decode("latin-1").split(":", 1)
            fields[name.lower()] = value.strip()
        if status == 100:
            return self.read(watch)
        response = self.response = Response(status, fields)
        watch(response)
        if fields.get("transfer-encoding") == "chunked":
            while size := int(self._line(), 16):
                self._take(response, size, watch)
                if self._line():
                    raise Cut("a chunk is longer than it says")
            self._line()
        else:
            self._take(response, int(fields.get("content-length", 0)), watch)
        response.is_whole = True
        return response

    def _take(self, response: Response, count: int, watch) -> None:
        while count:
            if not self.rest:
                self._more()
            piece, self.rest = self.rest[:count], self.rest[count:]
            response.body += piece
            count -= len(piece)
            watch(response)


def request(method: str, path: str, body=None, fields: dict | None = None) -> bytes:
    """A request's bytes; a body that is no bytes is sent as JSON."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")
