"""Under a minute of the soak (docs/soak.md): every kind of end of a server, and some of the faults."""
import re
import subprocess
import sys

from conftest import APUS, ROOT


def test_a_short_soak_loses_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "Tools/soak/soak.py", "--minutes", "0.6", "--seed", "5", "--apus", APUS, "--folder",
         tmp_path / "soak"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    assert done.returncode == 0 and "no violation" in done.stdout, done.stdout[-20_000:]
    for said in ["answered: chat streamed", "left", "refused: 401", "killed: by kill -9", "cut the model",
                 "answers compared with an earlier one", "SIGTERM: ended in time", "quiet: nothing held"]:
        assert re.search(rf"  {re.escape(said)}.* +[1-9]\d*$", done.stdout, re.M), f"{said}:\n{done.stdout[-20_000:]}"
