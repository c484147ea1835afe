"""The folder of a run: the program, keys, a certificate, a small disk, a clock that can be set, a limit of memory."""

import atexit
import hashlib
import os
import shutil
import ssl
import struct
import subprocess
from pathlib import Path

from server import SECRETS

HERE = Path(__file__).resolve().parent
DISK_BYTES = 48 << 20
GROUP_BYTES = 320 << 20
GROUPS = Path("/sys/fs/cgroup/memory")


class Place:
    """What the servers of a run share. What this machine does not offer is None or empty."""

    def __init__(self, folder: Path, apus: Path, model: Path):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # Copies, so that a build beside the run changes nothing.
        shutil.copy2(apus, folder / "apus")
        for resources in apus.resolve().parent.glob("apus_*.resources"):
            shutil.copytree(resources, folder / resources.name)
        self.model = model
        (folder / "keys.yaml").write_text("".join(
            f"- name: {name}\n  sha256: {hashlib.sha256(secret.encode()).hexdigest()}\n{limits}"
            for (name, secret), limits in zip(SECRETS.items(), [
                "", "  requests-per-minute: 100\n  concurrent-requests: 2\n", "  tokens-per-minute: 60000\n"])))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem",
             "-out", folder / "cert.pem"], check=True, capture_output=True)
        self.tls = ssl.create_default_context(cafile=folder / "cert.pem")
        self.disk = self._make_disk()
        self.clock_library = self._make_clock()
        self.group = self._make_group()

    def _make_disk(self) -> Path | None:
        disk = self.folder / "disk"
        disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "soak", disk], capture_output=True)
        if done.returncode:
            return None
        atexit.register(subprocess.run, ["umount", "-l", disk], capture_output=True)
        return disk

    def _make_clock(self) -> Path | None:
        compiler = shutil.which("cc") or shutil.which("clang")
        library = self.folder / "clock.so"
        self.set_clock(0)
        if compiler and not subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock.c", "-ldl"],
                                           capture_output=True).returncode:
            return library
        return None

    def set_clock(self, seconds: int) -> None:
        """Shifts the wall clock of servers that have the library."""
        path = self.folder / "clock"
        if not path.exists():
            path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            file.write(struct.pack("<q", seconds))

    @property
    def clock_environment(self) -> dict:
        if not self.clock_library:
            return {}
        return {"LD_PRELOAD": str(self.clock_library), "SOAK_CLOCK": str(self.folder / "clock")}

    def _make_group(self) -> Path | None:
        """A control group with a limit of memory (of version 1: version 2 wants a tree of its own to be given)."""
        group = GROUPS / f"apus-soak-{os.getpid()}"
        try:
            group.mkdir()
            (group / "memory.limit_in_bytes").write_text(str(GROUP_BYTES))
        except OSError:
            return None
        atexit.register(lambda: group.exists() and group.rmdir())
        return group

    def enter_group(self) -> None:
        (self.group / "cgroup.procs").write_text(str(os.getpid()))

    def killed_in_group(self) -> int:
        lines = dict(line.split() for line in (self.group / "memory.oom_control").read_text().splitlines())
        return int(lines.get("oom_kill", 0))

    def copy_model(self) -> Path:
        """A copy of the model that may be damaged."""
        copy = self.folder / "model" / "swiftlet"
        shutil.copytree(self.model, copy, dirs_exist_ok=True)
        return copy
