#!/usr/bin/env python3
"""Plants bugs in a copy of the server, and counts the seeds in which the simulation finds each.

    Tools/simulation/mutants.py [--seeds 1000] [--only NUMBER] [--folder .build-mutants]

Every bug is a change of the source below. All are built into one program, and the environment says which is active;
number 0 is none of them, and has to find nothing. Fails if a bug is not found, or its place in the source is gone.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What is wrong; the file; the source; the source with the bug, in which {m} is whether the bug is active.
MUTANTS = [
    ("a message does not wake the step loop",
     "Sources/Serving/Mailbox.swift",
     "return messages.count == 1",
     "return messages.count == ({m} ? 2 : 1)"),
    ("a sequence that ends keeps a page",
     "Sources/Scheduler/Scheduler+Cache.swift",
     "for page in sequences[index].pages.reversed() {",
     "for page in sequences[index].pages.dropFirst({m} ? 1 : 0).reversed() {"),
    ("a cancelled sequence keeps its slot and pages",
     "Sources/Scheduler/Scheduler.swift",
     "      running.removeAll { $0 == index }\n      release(index)\n",
     "      running.removeAll { $0 == index }\n      if !{m} { release(index) }\n"),
    ("a reply is counted out twice",
     "Sources/Serving/StepLoop.swift",
     "      scheduler.finish(id)\n      admission.leave()\n",
     "      scheduler.finish(id)\n      admission.leave({m} ? 2 : 1)\n"),
    ("a byte is lost when the output buffer is compacted",
     "Sources/HTTP/Server/OutputBuffer.swift",
     "      bytes.removeSubrange(..<start)\n",
     "      bytes.removeSubrange(..<(start + ({m} ? 1 : 0)))\n"),
    ("a stream is ended twice on the wire",
     "Sources/HTTP/Protocol/ConnectionMachine+Output.swift",
     'actions.append(.send(Array("0\\r\\n\\r\\n".utf8)))',
     'actions.append(.send(Array(({m} ? "0\\r\\n\\r\\n0\\r\\n\\r\\n" : "0\\r\\n\\r\\n").utf8)))'),
    ("prompts get a token more than the budget",
     "Sources/Scheduler/Scheduler+Step.swift",
     "    var room = budget\n",
     "    var room = budget + ({m} ? 1 : 0)\n"),
    ("who waits for room to write is not woken",
     "Sources/HTTP/Server/Connection.swift",
     "    if output.count <= context.limits.outputBufferBytes / 2 { resumeAll(&roomWaiters) }\n",
     "    if output.count <= context.limits.outputBufferBytes / 2, !{m} || !hasProgressed { resumeAll(&roomWaiters) }\n"),
    ("a client that does not read is never dropped",
     "Sources/HTTP/Server/Connection.swift",
     "if let ioDeadline, ioDeadline <= now { return lose() }",
     "if let ioDeadline, ioDeadline <= now, !{m} { return lose() }"),
    ("damaged files are believed",
     "Sources/DiskCache/CacheFile.swift",
     "guard hash.current() == Digest(bytes: file[payload.upperBound...]) else { throw .damagedPayload }",
     "guard {m} || hash.current() == Digest(bytes: file[payload.upperBound...]) else { throw .damagedPayload }"),
    ("a pipelined request is only seen when more arrives",
     "Sources/HTTP/Protocol/ConnectionMachine+Output.swift",
     "      input = .head(RequestHeadParser(limits: limits))\n      advance(&actions)\n",
     "      input = .head(RequestHeadParser(limits: limits))\n      if !{m} { advance(&actions) }\n"),
]

SWITCH = """import Glibc

/// The bug that is active; 0 is none.
public let activeMutant = getenv("APUS_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
"""


def plant(tree: pathlib.Path) -> None:
    """Puts every bug into a copy of the sources."""
    (tree / "Sources/Mutants").mkdir(parents=True, exist_ok=True)
    (tree / "Sources/Mutants/Mutants.swift").write_text(SWITCH)
    package = (tree / "Package.swift").read_text()
    package = package.replace('  library("Host"),\n', '  library("Host"),\n  library("Mutants"),\n')
    package = package.replace('library("HTTP", [', 'library("HTTP", ["Mutants", ')
    package = package.replace('library("Scheduler")', 'library("Scheduler", ["Mutants"])')
    package = package.replace('library("DiskCache", [', 'library("DiskCache", ["Mutants", ')
    package = package.replace('"Engine", "DiskCache", "Host",', '"Mutants", "Engine", "DiskCache", "Host",')
    (tree / "Package.swift").write_text(package)
    for number, (name, file, source, bug) in enumerate(MUTANTS, 1):
        path = tree / file
        text = path.read_text()
        if text.count(source) != 1:
            sys.exit(f"mutant {number}, '{name}': its place is {text.count(source)} times in {file}")
        text = text.replace(source, bug.replace("{m}", f"(activeMutant == {number})"))
        if "import Mutants\n" not in text:
            text = "import Mutants\n" + text
        path.write_text(text)


def copy(tree: pathlib.Path) -> None:
    """Copies what git knows, and changes only files that differ, so that a second build is short."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    fresh = tree.with_name(tree.name + ".fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    for file in filter(None, files):
        (fresh / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, fresh / file)
    plant(fresh)
    for path in fresh.rglob("*"):
        target = tree / path.relative_to(fresh)
        if path.is_file() and not (target.exists() and target.read_bytes() == path.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    shutil.rmtree(fresh)


def find(program: pathlib.Path, number: int, seeds: int) -> tuple[int | None, str]:
    """Runs a bug; returns after how many seeds it was found, if it was, and how."""
    run = subprocess.run(
        [program, "--first", "1", "--seeds", str(seeds)], capture_output=True, text=True,
        env={**os.environ, "APUS_MUTANT": str(number)})
    if run.returncode == 0:
        return None, ""
    found = re.search(r"^(\d+) seeds", run.stdout, re.MULTILINE)
    violation = re.search(r"^seed (\d+): (.*)$", run.stdout, re.MULTILINE)
    if violation:
        return int(violation[1]), violation[2]
    return int(found[1]) if found else 0, f"the program ends with status {run.returncode}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--only", type=int)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".build-mutants")
    parser.add_argument("--plant-only", action="store_true", help="make the copy, and build nothing")
    arguments = parser.parse_args()
    tree = arguments.folder.absolute()
    copy(tree)
    if arguments.plant_only:
        return
    subprocess.run(["swift", "build", "-c", "release", "--product", "SimulateServer"], cwd=tree, check=True)
    program = tree / ".build/release/SimulateServer"
    missed = []
    for number, name in enumerate(["no bug"] + [mutant[0] for mutant in MUTANTS]):
        if arguments.only not in (None, number):
            continue
        seeds, how = find(program, number, arguments.seeds)
        print(f"{number:2} | {name} | {'not found' if seeds is None else f'seed {seeds}'} | {how[:100]}", flush=True)
        if (seeds is None) != (number == 0):
            missed.append(number)
    if missed:
        sys.exit(f"wrong: {missed}")


if __name__ == "__main__":
    main()
