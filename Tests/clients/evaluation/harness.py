"""Runs the task in this folder with lm-evaluation-harness: for the tests against the server, and for
Tools/evaluation/expect.py with Hugging Face's model in its place."""
import contextlib
import os
import pathlib

# Nothing may be asked for over the network.
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import lm_eval  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TASK = "swiftlet_questions"


def evaluate(model, arguments, cache):
    """Scores, and for each question the log-likelihood of each choice and whether it is what greedy choice gives.

    - cache: a folder for what the harness makes of the questions.
    """
    os.environ["HF_DATASETS_CACHE"] = str(cache)
    with contextlib.chdir(ROOT):
        done = lm_eval.simple_evaluate(
            model=model, model_args=arguments, tasks=[TASK], log_samples=True, bootstrap_iters=0,
            task_manager=TaskManager(include_path=str(HERE), include_defaults=False))
    scores = {name.split(",")[0]: value for name, value in done["results"][TASK].items() if name.startswith("acc")
              and "stderr" not in name}
    samples = sorted(done["samples"][TASK], key=lambda sample: sample["doc_id"])
    return {"scores": scores, "questions": [[[response[0][0], bool(response[0][1])] for response in sample["resps"]]
                                            for sample in samples]}
