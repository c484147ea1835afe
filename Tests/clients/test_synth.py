"""Random models, read back with the `gguf` package, tokenizers and the other commands."""
import json
import math

import gguf
import numpy as np
import pytest
from tokenizers import Tokenizer

from conftest import run

SIZES = {"layers": 4, "hidden": 256, "vocabulary": 600, "heads": 4, "kv-heads": 2, "head-size": 64}
DENSE = {"intermediate": 512}
EXPERTS = {"experts": 8, "experts-per-token": 2, "expert-size": 256}
LINEAR = {"shared-expert-size": 256, "linear-key-heads": 2, "linear-value-heads": 4, "linear-head-size": 32}
MODELS = {"qwen3next": {**EXPERTS, **LINEAR}, "qwen3moe": EXPERTS, "qwen3": DENSE, "qwen2": DENSE, "llama": DENSE}
TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K_M", "Q5_K_M", "Q6_K"]
DEVIATION = {"token_embd": 0.8, "ssm_conv1d": 0.5}
GAIN = {"output": 2.4, "ffn_gate_inp": 1.5, "ffn_gate_inp_shexp": 1.5, "ssm_ba": 1.5}

TEXT = "<|im_start|>user\nthe naïve, and 日本 in it<|im_end|>\n"


def synth(output, architecture, kind, *more):
    sizes = [part for name, size in {**SIZES, **MODELS[architecture]}.items() for part in (f"--{name}", size)]
    return run("synth", "--architecture", architecture, "--type", kind, "--output", output, *sizes, *more)


def perplexity(model, ids):
    given = json.dumps({"sequences": [ids]})
    return json.loads(run("score", "--model", model, "--input", "-", stdin=given).stdout)["sequences"][0]["perplexity"]


def expected_type(name, layer, kind):
    if not name.endswith(".weight") or "norm" in name or any(
            part in name for part in ("ffn_gate_inp", "ssm_conv1d")):
        return "F32"
    main = kind.removesuffix("_M")
    if not kind.startswith("Q"):
        return main
    if name == "output.weight":
        return "Q8_0" if kind == "Q8_0" else "Q6_K"
    if "ssm_out" in name:  # Rows of 128.
        return {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}.get(main, main)
    # Of four layers, the last is in the last eighth, and the third is the one of every three.
    more = kind.endswith("_M") and layer in (2, 3) and any(part in name for part in ("attn_v", "attn_qkv", "ffn_down"))
    return "Q6_K" if more else main


@pytest.mark.parametrize("architecture, kind", [("qwen3next", kind) for kind in TYPES] + [
    (name, kind) for name in MODELS if name != "qwen3next" for kind in ("Q4_K_M", "BF16")])
def test_gguf_files(tmp_path, architecture, kind):
    path = tmp_path / "model.gguf"
    said = synth(path, architecture, kind).stdout
    reader = gguf.GGUFReader(path)
    value = {name: field.contents() for name, field in reader.fields.items()}
    assert f"in {len(reader.tensors)} tensors, {kind}" in said
    assert value["general.architecture"] == architecture
    assert value["general.file_type"] == gguf.LlamaFileType[
        "ALL_F32" if kind == "F32" else f"MOSTLY_{kind}"]
    assert value[f"{architecture}.block_count"] == 4
    assert len(value["tokenizer.ggml.tokens"]) == len(set(value["tokenizer.ggml.tokens"])) == 600
    assert value["tokenizer.ggml.tokens"][value["tokenizer.ggml.eos_token_id"]] == "<|im_end|>"

    number = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    known = {gguf.TENSOR_NAMES[tensor] for tensor in gguf.MODEL_TENSORS[number]}
    for tensor in reader.tensors:
        parts = tensor.name.split(".")
        layer = int(parts[1]) if parts[0] == "blk" else 0
        stem = ".".join(["blk", "{bid}", parts[2]] if parts[0] == "blk" else parts[:1])
        role = parts[-2] if parts[-1] in ("weight", "bias") else parts[-1]
        assert stem in known, tensor.name
        assert tensor.tensor_type.name == expected_type(tensor.name, layer, kind), tensor.name
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
        assert np.isfinite(values).all()
        if "norm" in role:
            assert values.min() >= 0.8 and values.max() <= 1.2
        elif role == "ssm_a":
            assert values.min() >= -1 and values.max() < 0
        elif parts[-1] == "weight" and values.size > 10000:  # Fewer are too few blocks.
            deviation = DEVIATION.get(role, GAIN.get(role, 1.2) / math.sqrt(values.shape[-1]))
            assert values.std() == pytest.approx(deviation, rel=0.05), tensor.name
            assert abs(values.mean()) < 4 * deviation / math.sqrt(values.size) + 0.005 * deviation, tensor.name


def test_the_same_options_and_seed_make_the_same_file(tmp_path):
    files = [tmp_path / f"{name}.gguf" for name in "abc"]
    for path, seed in zip(files, (5, 5, 6)):
        synth(path, "qwen3next", "Q4_K_M", "--seed", seed)
    first, second, other = (path.read_bytes() for path in files)
    assert first == second and first != other and len(first) == len(other)


@pytest.mark.parametrize("architecture", MODELS)
@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
def test_folders(tmp_path, architecture, kind):
    synth(tmp_path / "model", architecture, kind)
    shown = json.loads(run("inspect", "--model", tmp_path / "model", "--json").stdout)
    assert set(shown["modes"]) == {"instruct", "thinking"}
    reference = Tokenizer.from_file(str(tmp_path / "model" / "tokenizer.json"))
    ids = json.loads(run("tokenize", "--model", tmp_path / "model", stdin=json.dumps(TEXT) + "\n").stdout)
    assert ids == reference.encode(TEXT).ids
    # Far from certain, and no worse than guessing by much: nothing overflows, nothing vanishes.
    assert 100 < perplexity(tmp_path / "model", ids) < 600 * math.e ** 5


@pytest.mark.parametrize("architecture", MODELS)
@pytest.mark.parametrize("kind", ["F32", "BF16", "Q8_0", "Q4_K_M"])
def test_gguf_files_run(tmp_path, architecture, kind):
    path = tmp_path / "model.gguf"
    synth(path, architecture, kind)
    shown = json.loads(run("inspect", "--model", path, "--json").stdout)
    assert set(shown["modes"]) == {"instruct", "thinking"}
    ids = json.loads(run("tokenize", "--model", path, stdin=json.dumps(TEXT) + "\n").stdout)
    text = json.loads(run("tokenize", "--decode", "--model", path, stdin=json.dumps(ids) + "\n").stdout)
    assert text == TEXT and 200 < max(ids) < 600
    assert 100 < perplexity(path, ids) < 600 * math.e ** 5


@pytest.mark.parametrize("arguments, said", [
    (["--heads", 3, "--kv-heads", 2], "heads: expected a multiple of 2 (kv-heads), found 3"),
    (["--experts-per-token", 65], "experts-per-token: expected 1 to 64, found 65"),
])
def test_sizes_that_no_model_has_are_refused(tmp_path, arguments, said):
    done = run("synth", "--output", tmp_path / "model.gguf", *arguments, check=False)
    assert done.returncode == 1 and said in done.stderr
    assert not list(tmp_path.iterdir())


def test_folders_hold_no_quantised_weights(tmp_path):
    done = run("synth", "--output", tmp_path / "model", "--type", "Q4_0", check=False)
    assert done.returncode == 1 and ".gguf" in done.stderr
