"""The README's examples do what it says."""
import re
import subprocess
import sys

from conftest import ROOT

README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def here(code, server):
    return code.replace("http://127.0.0.1:8080", server.url)


def test_the_curl_examples(server):
    instruct, thinking = (subprocess.run(here(code, server), shell=True, capture_output=True, text=True, check=True).stdout
                          for code in blocks("sh"))
    assert '"content":"Apus' in instruct and "reasoning_content" not in instruct
    assert '"reasoning_content":"' in thinking and "5376" in thinking


def test_the_python_example(server):
    for code in blocks("python"):
        done = subprocess.run([sys.executable, "-c", here(code, server)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        assert "Apus" in done.stdout and "5376" in done.stdout
