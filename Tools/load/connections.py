#!/usr/bin/env python3
"""How many connections and requests the HTTP layer takes, without a model's work.

    swift build -c release --product ScriptedServer
    python3 Tools/load/connections.py crowd [--idle 10000] [--streams 2000]
    swift build -c release --package-path Tools/load/hummingbird-health
    python3 Tools/load/connections.py health --beside Tools/load/hummingbird-health/.build/release/health

crowd: opens idle keep-alive connections (each has had one answer), then streams at the same time, and looks at the memory of
the server's process: all streams have to be open at once and come to their ends, all idle connections have to answer once
more. What memory grew by has to stay under --megabytes.

health: `GET /health` over 64 keep-alive connections by wrk (Debian's package), of `apus serve` with the log level critical
and of the other server in turn, --rounds times each; the medians of requests a second, and of the 50th and 99th percentile.
"""

import argparse
import json
import re
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from servers import APUS, ROOT, conditions

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = json.dumps({"model": "scripted", "messages": [{"role": "user", "content": "?"}], "stream": True,
                   "temperature": 0}).encode()
CHAT = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(BODY)) + BODY
END = b"data: [DONE]\n\n\r\n0\r\n\r\n"


def started(command: list) -> tuple[subprocess.Popen, int]:
    """A server, and the port in the first line with a URL that it prints."""
    process = subprocess.Popen([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    for line in process.stdout:
        if found := re.search(r"http://[\w.]+:(\d+)", line):
            return process, int(found.group(1))
    sys.exit(f"{command[0]} did not start")


def memory(process: subprocess.Popen) -> float:
    """Resident, in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024 / 1e6


class Crowd:
    """Connections that are waited for together."""

    def __init__(self, port: int):
        self.port = port
        self.selector = selectors.DefaultSelector()

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.setblocking(False)
        return connection

    def exchange(self, connections: list, request: bytes, end: bytes, tell=lambda count: None) -> int:
        """Sends a request on each, and waits until each answer has come to its end. Returns how many have not. Tells of how
        many have begun, and with a minus of how many are still waited for."""
        received = dict.fromkeys(connections, b"")
        for connection in connections:
            connection.send(request)
            self.selector.register(connection, selectors.EVENT_READ)
        waiting, begun, dropped = len(connections), 0, 0
        while waiting:
            ready = self.selector.select(120)
            if not ready:
                return dropped + waiting
            for key, _ in ready:
                try:
                    piece = key.fileobj.recv(65536)
                except ConnectionResetError:
                    piece = b""
                if not received[key.fileobj] and piece:
                    begun += 1
                    tell(begun)
                # Only the end is looked for.
                received[key.fileobj] = (received[key.fileobj] + piece)[-4096:]
                if not piece or received[key.fileobj].endswith(end):
                    self.selector.unregister(key.fileobj)
                    waiting -= 1
                    if not piece:
                        dropped += 1
                    tell(-waiting)
        return dropped


def crowd(arguments) -> bool:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = arguments.idle + arguments.streams + 100
    if hard != resource.RLIM_INFINITY and hard < wanted:
        sys.exit(f"{wanted} open files are needed, {hard} allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    process, port = started([arguments.server, 0, arguments.tokens])
    try:
        clients = Crowd(port)
        # What a server takes once it has served, whatever the number of its clients.
        for _ in range(2):
            clients.exchange([clients.connect()], CHAT, END)
        before = memory(process)
        idle = []
        dropped = 0
        for _ in range(0, arguments.idle, 500):
            new = [clients.connect() for _ in range(min(500, arguments.idle - len(idle)))]
            dropped += clients.exchange(new, HEALTH, b"}")
            idle += new
        with_idle = memory(process)
        streams = [clients.connect() for _ in range(arguments.streams)]
        most, peak, at_once = 0, with_idle, False

        def note(count: int) -> None:
            nonlocal most, peak, at_once
            if count > 0:
                most = max(most, count)
            elif -count == arguments.streams - 1:
                at_once = most == arguments.streams
            if count % 100 == 0:
                peak = max(peak, memory(process))

        begin = time.monotonic()
        cut = clients.exchange(streams, CHAT, END, note)
        seconds = time.monotonic() - begin
        peak = max(peak, memory(process))
        gone = clients.exchange(idle, HEALTH, b"}")
        print(f"{conditions()}")
        print(f"{len(idle)} idle connections: {with_idle - before:.0f} MB more than the {before:.0f} MB before, "
              f"{(with_idle - before) * 1e3 / max(1, len(idle)):.1f} kB each; {dropped} dropped")
        print(f"and {len(streams)} streams of {arguments.tokens} words, "
              f"{'all open at once' if at_once else 'NOT ALL OPEN AT ONCE'}, {seconds:.1f} s: {peak - before:.0f} MB more; "
              f"{cut} cut off, {gone} idle connections lost")
        return not (dropped or cut or gone) and at_once and peak - before < arguments.megabytes
    finally:
        process.kill()
        process.wait()


def wrk(port: int, seconds: int, connections: int) -> dict:
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
                           f"http://127.0.0.1:{port}/health"], capture_output=True, text=True, check=True)

    def milliseconds(percent: int) -> float:
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
        return float(value) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]

    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(done.stdout)
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1)),
            "p50": milliseconds(50), "p99": milliseconds(99)}


def health(arguments) -> bool:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    servers = {"apus": started([arguments.apus, "serve", "--port", 0, "--log-level", "critical", "--threads", 1])}
    if arguments.beside:
        servers["other"] = (subprocess.Popen([arguments.beside, str(port)], stdout=subprocess.DEVNULL), port)
        time.sleep(1)
    results = {name: [] for name in servers}
    try:
        for round in range(arguments.rounds + 1):
            for name, (_, port) in servers.items():
                result = wrk(port, arguments.seconds if round else 1, arguments.connections)
                # The first round warms up.
                if round:
                    results[name].append(result)
    finally:
        for process, _ in servers.values():
            process.kill()
            process.wait()
    print(f"{conditions()}")
    medians = {}
    for name, rounds in results.items():
        medians[name] = {key: statistics.median(result[key] for result in rounds) for key in ["rate", "p50", "p99"]}
        rates = ", ".join(f"{result['rate']:.0f}" for result in rounds)
        print(f"{name}: {medians[name]['rate']:.0f} requests/s ({rates}), p50 {medians[name]['p50']:.2f} ms, "
              f"p99 {medians[name]['p99']:.2f} ms")
    if not arguments.beside:
        return True
    ratio = medians["apus"]["rate"] / medians["other"]["rate"]
    print(f"ratio {ratio:.2f}")
    return ratio >= arguments.ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("crowd")
    one.add_argument("--server", type=Path, default=ROOT / ".build/release/ScriptedServer")
    one.add_argument("--idle", type=int, default=10_000)
    one.add_argument("--streams", type=int, default=2000)
    one.add_argument("--tokens", type=int, default=100, help="words of each stream")
    one.add_argument("--megabytes", type=float, default=300)
    one.set_defaults(run=crowd)
    other = commands.add_parser("health")
    other.add_argument("--apus", type=Path, default=APUS)
    other.add_argument("--beside", type=Path, help="a program that serves /health on the port that is its argument")
    other.add_argument("--connections", type=int, default=64)
    other.add_argument("--seconds", type=int, default=10)
    other.add_argument("--rounds", type=int, default=3)
    other.add_argument("--ratio", type=float, default=1.2, help="what has to be reached")
    other.set_defaults(run=health)
    arguments = parser.parse_args()
    sys.exit(0 if arguments.run(arguments) else 1)


if __name__ == "__main__":
    main()
