#!/usr/bin/env python3
"""Trains swiftlet on the conversations that generate.py wrote.

    python train.py --data data --minutes 60 --start-weights ../../Sources/Serving/Resources/swiftlet
    python train.py --data data --minutes 6 --mtp

The first goes on from the shipped weights (with a fresh optimiser; without --start-weights it begins from random ones)
and writes config.json, generation_config.json and model.safetensors to --model.
The network is Hugging Face's Qwen3NextForCausalLM, unchanged. For speed on a CPU the slow parts of
its forward pass (delta rule, experts, norms) are replaced while training by equal, faster ones;
--check compares both. One process a core, gradients averaged after each step. The learning rate
follows the clock, so training ends well whatever the machine's speed is. train.py --mtp trains the
multi-token-prediction head on the finished network, in one process, for so many minutes of CPU time.
"""

import argparse
import os
import random
import time

# Read by the worker processes when they start: keep freed memory, keep compiled matrix products.
os.environ.setdefault("MALLOC_MMAP_MAX_", "0")
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", "8000000000")
os.environ.setdefault("MALLOC_TOP_PAD_", "268435456")
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8192")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
import torch.distributed as dist
import torch.nn.functional as F
from fast_forms import check, speed_up
from mtp import train_mtp
from network import export, make_config
from optimiser import Muon, balance, schedule, split_params
from rows import batches, load

HERE = os.path.dirname(os.path.abspath(__file__))
SHIPPED = os.path.normpath(os.path.join(HERE, "../../Sources/Serving/Resources/swiftlet"))


def worker(rank, args):
    if args.workers > 1:
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", str(args.port))
        dist.init_process_group("gloo", rank=rank, world_size=args.workers)
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("medium")  # multiply in BF16 where the CPU can, keep FP32 sums and weights
    torch.set_flush_denormal(True)
    from transformers import AutoTokenizer, Qwen3NextForCausalLM

    tok = AutoTokenizer.from_pretrained(args.tokenizer)
    ids = {t: tok.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<|endoftext|>")}
    torch.manual_seed(args.seed)
    config = make_config(len(tok), ids)
    if args.start_weights:
        model = Qwen3NextForCausalLM.from_pretrained(args.start_weights, config=config, dtype=torch.float32)
    else:
        model = Qwen3NextForCausalLM(config)
        for name, p in model.named_parameters():
            if name.endswith(("o_proj.weight", "out_proj.weight", "down_proj.weight", "down_proj")):
                p.data.mul_(0.25)
    if args.start:
        model.load_state_dict(torch.load(args.start))
    rows = load(os.path.join(args.data, "train.jsonl"), args.tokenizer, rank, args.workers, args.limit)
    speed_up()
    model.train()
    mats, rest = split_params(model)
    muon = Muon(mats, args.lr, 0.1)
    adam = torch.optim.AdamW(rest, lr=args.lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    everything = mats + rest
    r = random.Random(args.seed + rank)
    stream = batches(rows, args.tokens // args.workers, r, ids["<|endoftext|>"], args.prompt_weight)
    router = []
    for module in model.modules():
        if type(module).__name__ == "Qwen3NextTopKRouter":
            module.register_forward_hook(lambda mod, i, out: router.append(out[0]))
    begin, step, seen, mean, saved = time.time(), 0, 0, None, time.time()
    total = args.minutes * 60
    log = open(os.path.join(args.data, "loss.csv"), "a") if rank == 0 else None
    while True:
        clock = torch.tensor([time.time() - begin])
        if args.workers > 1:
            dist.broadcast(clock, 0)
        progress = args.progress + (1 - args.progress) * clock.item() / total
        if progress >= 1 or step >= args.steps:
            break
        lr = args.lr * schedule(progress, step)
        for opt in (muon, adam):
            for group in opt.param_groups:
                group["lr"] = lr
        x, y, w = next(stream)
        router.clear()
        hidden = model.model(input_ids=x, use_cache=False).last_hidden_state
        keep = w.reshape(-1) > 0
        logits = model.lm_head(hidden.reshape(-1, hidden.shape[-1])[keep])
        weights = w.reshape(-1)[keep]
        ce = F.cross_entropy(logits, y.reshape(-1)[keep], reduction="none")
        loss = (ce * weights).sum() / weights.sum()
        aux = balance(router, model.config.num_experts_per_tok, model.config.num_experts)
        (loss + args.aux * aux).backward()
        if args.workers > 1:
            flat = torch.cat([p.grad.reshape(-1) for p in everything])
            dist.all_reduce(flat)
            flat /= args.workers
            at = 0
            for p in everything:
                p.grad = flat[at : at + p.numel()].view_as(p)
                at += p.numel()
        torch.nn.utils.clip_grad_norm_(rest, 1.0)
        if args.workers > 1:  # each process steps its share of the matrices, then they swap
            muon.step(lambda i: i % args.workers == rank)
            for owner in range(args.workers):
                share = [p for i, p in enumerate(mats) if i % args.workers == owner]
                flat = torch.cat([p.data.reshape(-1) for p in share])
                dist.broadcast(flat, owner)
                if owner != rank:
                    at = 0
                    for p in share:
                        p.data.copy_(flat[at : at + p.numel()].view_as(p))
                        at += p.numel()
        else:
            muon.step()
        adam.step()
        for p in everything:
            p.grad = None
        step += 1
        seen += x.numel() * args.workers
        with torch.no_grad():
            answer = weights > 0.5
            now = ce[answer].mean().item()
        mean = now if mean is None else 0.97 * mean + 0.03 * now
        if rank == 0 and step % args.log == 0:
            used = time.time() - begin
            print(
                f"{used:6.0f}s step {step} tokens {seen/1e6:.2f}M loss {mean:.4f} aux {aux.item():.3f} lr {lr:.5f} {seen/used:.0f} tok/s",
                flush=True,
            )
            log.write(f"{step},{seen},{mean:.4f}\n")
            log.flush()
        if rank == 0 and time.time() - saved > 60:
            torch.save(model.state_dict(), os.path.join(args.data, "checkpoint.pt"))
            saved = time.time()
    if rank == 0:
        torch.save(model.state_dict(), os.path.join(args.data, "checkpoint.pt"))
        export(model, args.model, args.tokenizer)
        print("done", step, seen, flush=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", default="data")
    ap.add_argument("--model", default="model", help="folder to write, or with --mtp to complete")
    ap.add_argument("--tokenizer", default=SHIPPED, help="folder with the tokenizer; its files are copied to --model")
    ap.add_argument("--minutes", type=float, default=60)
    ap.add_argument(
        "--progress", type=float, default=0, help="where on the learning-rate schedule this leg begins, 0 to 1"
    )
    ap.add_argument("--steps", type=int, default=10**9)
    ap.add_argument("--workers", type=int, default=2)
    ap.add_argument("--tokens", type=int, default=2048, help="tokens a step, all workers together")
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--aux", type=float, default=0.01)
    ap.add_argument("--prompt-weight", type=float, default=0.0)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--limit", type=int)
    ap.add_argument("--log", type=int, default=50)
    ap.add_argument("--port", type=int, default=29517)
    ap.add_argument(
        "--start", help="go on from this checkpoint.pt, which training leaves next to the data every minute"
    )
    ap.add_argument("--start-weights", help="go on from the weights of this model folder")
    ap.add_argument("--mtp", action="store_true", help="train the multi-token-prediction head on the finished model")
    ap.add_argument("--check", action="store_true", help="compare the fast forms with the original ones and stop")
    args = ap.parse_args()
    if args.check:
        return check(args)
    if args.mtp:
        return train_mtp(args)
    if args.workers > 1:
        torch.multiprocessing.spawn(worker, (args,), args.workers)
    else:
        worker(0, args)


if __name__ == "__main__":
    main()
