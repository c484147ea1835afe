#!/usr/bin/env python3
"""Makes a copy of a GGUF file whose multi-token-prediction head is right (but for near ties).

    python3 Tools/compare-llama/agreeing_head.py draft.gguf agreeing.gguf

A random model's head guesses by chance. In the copy, what layers add to a token's embedding is multiplied with zeros,
and the head passes on the embedding alone: the next token then depends on the last one only, and the head finds the same
one. Every matrix is still read and multiplied, and experts are still chosen token by token.
"""

import shutil
import sys
from pathlib import Path

import numpy
from gguf import GGUFReader, ReaderTensor, quants

# The last matrix of everything that adds to a residual.
ADDED = ("attn_output.weight", "ssm_out.weight", "ffn_down_exps.weight", "ffn_down_shexp.weight", "ffn_down.weight")


def write(tensor: ReaderTensor, values: numpy.ndarray) -> None:
    """Stores F32 values in the tensor's own type."""
    data = quants.quantize(values.astype(numpy.float32), tensor.tensor_type)
    tensor.data[:] = data.reshape(tensor.data.shape).view(tensor.data.dtype)


def agree(path: Path) -> None:
    """Changes the file in place."""
    reader = GGUFReader(path, "r+")
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    projection = next((tensor for name, tensor in tensors.items() if name.endswith("nextn.eh_proj.weight")), None)
    if projection is None:
        sys.exit(f"{path} has no multi-token-prediction head (nextn.eh_proj)")
    for name, tensor in tensors.items():
        # In every type, bytes of zero are weights of zero.
        if name.endswith(ADDED):
            tensor.data[:] = 0
    head = projection.name.removesuffix("eh_proj.weight")
    size = int(projection.shape[1])
    # It reads the embedding first, then the output before it.
    write(projection, numpy.eye(size, 2 * size))
    write(tensors[head + "enorm.weight"], numpy.ones(size))
    norm = tensors["output_norm.weight"]
    tensors[head + "shared_head_norm.weight"].data[:] = norm.data
    reader.data.flush()


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = map(Path, sys.argv[1:])
    shutil.copyfile(source, target)
    agree(target)


if __name__ == "__main__":
    main()
