#!/usr/bin/env python3
"""Averages the weights of two checkpoints of one network, tensor by tensor: (1 - share) * first + share * second.

    python average.py --first ../../Sources/Serving/Resources/swiftlet --second new --share 0.75 --out averaged

The second checkpoint should go on from the first: weights that were trained apart do not average. The mean is taken in
F32 and rounded to BF16 as train.py exports it; every other file is the first one's. A multi-token-prediction head belongs
to one network and is left out: train it anew.
"""

import argparse
import os
import shutil

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "model.safetensors"


def network(folder):
    """The tensors of a checkpoint, but those of a multi-token-prediction head."""
    tensors = load_file(os.path.join(folder, WEIGHTS))
    return {name: tensor for name, tensor in tensors.items() if not name.startswith("mtp.")}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--first", required=True, help="folder of the earlier checkpoint")
    ap.add_argument("--second", required=True, help="folder of the one that goes on from it")
    ap.add_argument("--share", type=float, required=True, help="of the second, from 0 to 1")
    ap.add_argument("--out", required=True, help="folder to write")
    args = ap.parse_args()
    first, second = (network(folder) for folder in (args.first, args.second))
    shapes = [{name: tensor.shape for name, tensor in tensors.items()} for tensors in (first, second)]
    if shapes[0] != shapes[1]:
        raise SystemExit(f"{args.first} and {args.second} are not the same network: names or shapes of tensors differ")
    mean = {name: torch.lerp(w.float(), second[name].float(), args.share) for name, w in first.items()}
    shutil.copytree(args.first, args.out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(WEIGHTS))
    weights = {name: w.to(torch.bfloat16) for name, w in mean.items()}
    save_file(weights, os.path.join(args.out, WEIGHTS), metadata={"format": "pt"})


if __name__ == "__main__":
    main()
