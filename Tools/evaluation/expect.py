"""Writes Tests/clients/evaluation/expected.json: what lm-evaluation-harness measures with Hugging Face's model of swiftlet.

    pip install "lm_eval[hf]==0.4.13" transformers==5.23.0 torch==2.13.0
    python3 Tools/evaluation/expect.py
"""
import importlib.metadata
import json
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/clients/evaluation"))
import harness  # noqa: E402

SWIFTLET = ROOT / "Sources/Serving/Resources/swiftlet"


def main():
    with tempfile.TemporaryDirectory() as cache:
        measured = harness.evaluate(
            "hf", {"pretrained": str(SWIFTLET), "dtype": "float32", "device": "cpu", "batch_size": 1}, cache)
    versions = {name: importlib.metadata.version(name) for name in ("lm_eval", "transformers", "torch")}
    text = json.dumps({"generator": "Tools/evaluation/expect.py", "versions": versions, **measured}, indent=1)
    (ROOT / "Tests/clients/evaluation/expected.json").write_text(text + "\n")
    print(measured["scores"])


if __name__ == "__main__":
    main()
