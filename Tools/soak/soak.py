#!/usr/bin/env python3
"""Load, faults and restarts against the real server, for as long as you like.

    make soak                                  # ten minutes
    make soak ARGS="--minutes 60 --seed 4711"

Two servers run side by side. The steady one lives through the whole run, so that its memory, descriptors and threads can be
watched; the mortal one is killed, stopped and started anew all the time. Clients of either ask, leave, send garbage and
compare answers. Fails if a request is lost without a reason, an answer differs from an earlier one to the same request,
something stays held when all is quiet, or a server dies unasked.
"""

import argparse
import os
import random
import sys
import threading
import time
from pathlib import Path

from ledger import Ledger
from place import Place
from stages import MortalStage, SteadyStage

ROOT = Path(__file__).resolve().parents[2]
RESTART_SECONDS = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="default: another one each time")
    parser.add_argument("--clients", type=int, default=5, help="of each server")
    parser.add_argument("--pause", type=float, default=0.25, help="mean seconds between two requests of a client")
    parser.add_argument("--apus", type=Path, default=ROOT / ".build/release/apus")
    parser.add_argument("--folder", type=Path, default=ROOT / ".build/soak", help="is emptied, and has the logs then")
    parser.add_argument("--every", type=float, default=10, help="seconds between two lines that tell of progress")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)

    def report(line: str) -> None:
        print(line, flush=True)

    place = Place(arguments.folder.resolve(), arguments.apus, ROOT / "Sources/Serving/Resources/swiftlet")
    ledger = Ledger(seed, report)
    report(f"seed {seed}, {arguments.minutes:g} minutes, {arguments.clients} clients of either server, {os.cpu_count()} "
           f"cores, load {os.getloadavg()[0]:.1f}")
    for what, why in [(place.disk, "no disk can be mounted: none gets full"), (place.clock_library, "no C compiler: the "
                      "clock does not jump"), (place.group, "no control group can be made: memory is not limited")]:
        if not what:
            report(why)
    threading.Thread(target=ledger.watch_time, daemon=True).start()
    stages = [stage(place, ledger, arguments.clients, arguments.pause) for stage in (SteadyStage, MortalStage)]
    end = time.monotonic() + arguments.minutes * 60
    for stage in stages:
        stage.end = end
        stage.start()
    while any(stage.is_alive() for stage in stages):
        for stage in stages:
            stage.join(arguments.every / 2)
        report(ledger.progress([stage.server for stage in stages]))
    report("\n".join(ledger.table()))
    steady, mortal = (stage.server for stage in stages)
    report(ledger.judge_memory(steady))
    if slow := ledger.slow_restarts(RESTART_SECONDS):
        ledger.violate(mortal, slow)
    report(f"seed {seed}: " + (f"{len(ledger.violations)} VIOLATIONS" if ledger.violations else "no violation"))
    for line in ledger.violations[:20]:
        report(line)
    sys.exit(1 if ledger.violations else 0)


if __name__ == "__main__":
    main()
