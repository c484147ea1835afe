"""The books: the fate of every request, what was done to the servers, how they fared, and what must not be."""

import collections
import statistics
import threading
import time


# A pause of this program that long is one of the machine: then the servers' own time-outs may have passed.
GAP_SECONDS = 2.0


class Ledger:
    """Counts of several threads."""

    def __init__(self, seed: int, report):
        self.seed = seed
        self.report = report
        self.lock = threading.Lock()
        self.begin = self.last_tick = time.monotonic()
        self.fates: collections.Counter = collections.Counter()
        self.faults: collections.Counter = collections.Counter()
        self.notes: collections.Counter = collections.Counter()
        self.violations: list[str] = []
        self.samples: list[tuple[float, dict]] = []
        self.restarts: list[dict[str, float]] = []
        self.gaps: list[tuple[float, float]] = []
        self.truths: dict[int, list] = {}

    def fate(self, server: str, fate: str) -> None:
        with self.lock:
            self.fates[server, fate] += 1

    def fault(self, name: str) -> None:
        with self.lock:
            self.faults[name] += 1

    def note(self, name: str, count: int = 1) -> None:
        with self.lock:
            self.notes[name] += count

    def violate(self, server, what: str) -> None:
        line = (f"VIOLATION at {time.monotonic() - self.begin:.1f} s, {server.name} life {server.life}, seed {self.seed}: "
                f"{what}")
        with self.lock:
            self.violations.append(line)
        self.report(line)

    def is_true(self, number: int, answer: list) -> list | None:
        """The first answer to this request, if this one differs from it."""
        with self.lock:
            first = self.truths.setdefault(number, answer)
        return None if first == answer else first

    def sample(self, usage: dict) -> None:
        with self.lock:
            self.samples.append((time.monotonic() - self.begin, usage))

    # MARK: A machine that stands still

    def watch_time(self) -> None:
        """Notes when this program itself did not run for seconds."""
        while True:
            time.sleep(0.25)
            now = time.monotonic()
            if now - self.last_tick > GAP_SECONDS:
                with self.lock:
                    self.gaps.append((self.last_tick, now))
                self.report(f"this program stood still for {now - self.last_tick:.0f} s")
            self.last_tick = now

    def stood_still_since(self, begin: float) -> bool:
        # The gap that has just ended may not have been noted yet.
        asked = time.monotonic()
        while self.last_tick < asked:
            time.sleep(0.1)
        with self.lock:
            return any(end >= begin for _, end in self.gaps)

    # MARK: The verdict

    def progress(self, servers) -> str:
        with self.lock:
            counts = collections.Counter()
            for (_, fate), count in self.fates.items():
                counts[fate.split(":")[0]] += count
            text = " ".join(f"{fate} {count}" for fate, count in sorted(counts.items()))
            last = self.samples[-1][1] if self.samples else {}
            usage = " ".join(f"{key} {value:.0f}" for key, value in last.items())
            return (f"{time.monotonic() - self.begin:6.0f} s  {text}  faults {sum(self.faults.values())}  "
                    f"lives {'/'.join(str(server.life) for server in servers)}  {usage}  "
                    f"violations {len(self.violations)}")

    def judge_memory(self, server) -> str:
        """Compares the last third of what was sampled, warm-up aside, with the first."""
        samples = self.samples[len(self.samples) // 5:]
        if len(samples) < 6:
            return f"{len(samples)} samples behind the warm-up: too few for a verdict on memory"
        third = len(samples) // 3

        def median(part: list, key: str) -> float:
            return statistics.median(usage[key] for _, usage in part)

        first, last = (median(part, "memory") for part in (samples[:third], samples[-third:]))
        if last - first > max(3.0, first * 0.05):
            self.violate(server, f"memory grew from {first:.1f} to {last:.1f} MB")
        # The runtime adds threads for a while when others are held up; those that are lost stay.
        for key, judge in (("descriptors", max), ("threads", statistics.median)):
            before, after = (judge(usage[key] for _, usage in part) for part in (samples[:third], samples[-third:]))
            if after > before:
                self.violate(server, f"{key} grew from {before:g} to {after:g}")
        x, y = [time_ / 3600 for time_, _ in samples], [usage["memory"] for _, usage in samples]
        slope = statistics.linear_regression(x, y).slope
        return (f"memory: median {first:.1f} MB in the first third, {last:.1f} MB in the last ({slope:+.2f} MB an hour, "
                f"{len(samples)} samples); descriptors {median(samples, 'descriptors'):.0f}, "
                f"threads {median(samples, 'threads'):.0f} to {max(u['threads'] for _, u in samples):.0f}")

    def slow_restarts(self, limit: float) -> str:
        """What is to be said if a restart commonly takes longer than `limit` seconds."""
        slow = [restart for restart in self.restarts if restart["answered"] > limit]
        return f"{len(slow)} of {len(self.restarts)} restarts took longer than {limit:g} s" \
            if len(slow) * 2 > len(self.restarts) else ""

    def table(self) -> list[str]:
        lines = ["", "requests" + " " * 42 + "count"]
        for (server, fate), count in sorted(self.fates.items()):
            lines.append(f"  {server:8}{fate:40}{count:>7}")
        lines.append("faults")
        lines += [f"  {name:48}{count:>7}" for name, count in sorted(self.faults.items())]
        lines.append("checks")
        lines += [f"  {name:48}{count:>7}" for name, count in sorted(self.notes.items())]
        if self.restarts:
            for key in ("ready", "answered"):
                times = [restart[key] for restart in self.restarts if key in restart]
                lines.append(f"restart after kill -9 until {key}: median {statistics.median(times):.2f} s, "
                             f"worst {max(times):.2f} s of {len(times)}")
        return lines
