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
import json
import math
import os
import random
import re
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

HERE = os.path.dirname(os.path.abspath(__file__))
SHIPPED = os.path.normpath(os.path.join(HERE, "../../Sources/Serving/Resources/swiftlet"))
CHUNK = 32


def make_config(vocab, ids):
    from transformers import Qwen3NextConfig

    return Qwen3NextConfig(
        vocab_size=vocab,
        hidden_size=160,
        intermediate_size=320,
        num_hidden_layers=8,
        num_attention_heads=5,
        num_key_value_heads=1,
        head_dim=32,
        linear_conv_kernel_dim=4,
        linear_key_head_dim=32,
        linear_value_head_dim=32,
        linear_num_key_heads=4,
        linear_num_value_heads=8,
        moe_intermediate_size=64,
        shared_expert_intermediate_size=128,
        num_experts=16,
        num_experts_per_tok=4,
        norm_topk_prob=True,
        decoder_sparse_step=1,
        mlp_only_layers=[],
        router_aux_loss_coef=0.001,
        output_router_logits=False,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.25},
        max_position_embeddings=4096,
        rms_norm_eps=1e-6,
        tie_word_embeddings=True,
        initializer_range=0.02,
        bos_token_id=None,
        eos_token_id=ids["<|im_end|>"],
        pad_token_id=ids["<|endoftext|>"],
    )


# ------------------------------------------------------------------ fast training forms of the slow parts


class Experts(torch.autograd.Function):
    """Tokens sorted by expert; one pair of matrix products an expert, no scatter.

    Each expert's rows are padded to a multiple of 64, so that few matrix shapes occur."""

    @staticmethod
    def forward(ctx, x, index, weight, w1, w2):
        t, k = index.shape
        flat = index.reshape(-1)
        order = torch.argsort(flat)
        counts = torch.bincount(flat, minlength=w1.shape[0])
        padded = (counts + 63) // 64 * 64
        bounds = padded.cumsum(0)
        shift = (bounds - padded) - (counts.cumsum(0) - counts)
        place = torch.arange(t * k) + shift[flat[order]]
        inverse = torch.empty_like(order)
        inverse[order] = place
        bounds = bounds.tolist()
        n = bounds[-1]
        rows = torch.zeros(n, dtype=torch.long)
        rows[place] = order // k
        scale = torch.zeros(n)
        scale[place] = weight.reshape(-1)[order]
        xs = x.index_select(0, rows)
        gu = xs.new_empty(n, w1.shape[1])
        s = 0
        for e, b in enumerate(bounds):
            if b > s:
                torch.mm(xs[s:b], w1[e].t(), out=gu[s:b])
            s = b
        gate, up = gu.chunk(2, dim=-1)
        h = F.silu(gate).mul_(up)
        y = xs.new_empty(n, w2.shape[1])
        s = 0
        for e, b in enumerate(bounds):
            if b > s:
                torch.mm(h[s:b], w2[e].t(), out=y[s:b])
            s = b
        yk = y.index_select(0, inverse).view(t, k, -1)
        ctx.save_for_backward(xs, gu, h, yk, weight, w1, w2, inverse, rows, scale)
        ctx.bounds = bounds
        return (yk * weight.unsqueeze(2)).sum(1)

    @staticmethod
    def backward(ctx, dout):
        xs, gu, h, yk, weight, w1, w2, inverse, rows, scale = ctx.saved_tensors
        t, k = weight.shape
        dweight = (yk * dout.unsqueeze(1)).sum(2)
        dy = dout.index_select(0, rows).mul_(scale.unsqueeze(1))
        dh = torch.empty_like(h)
        dw1, dw2 = torch.zeros_like(w1), torch.zeros_like(w2)
        s = 0
        for e, b in enumerate(ctx.bounds):
            if b > s:
                torch.mm(dy[s:b], w2[e], out=dh[s:b])
                torch.mm(dy[s:b].t(), h[s:b], out=dw2[e])
            s = b
        gate, up = gu.chunk(2, dim=-1)
        sig = torch.sigmoid(gate)
        act = gate * sig
        dgu = torch.empty_like(gu)
        torch.mul(dh, act, out=dgu[:, up.shape[1] :])
        dh.mul_(up).mul_(sig.add_(act * (1 - sig)))  # silu' = s + g s (1 - s)
        dgu[:, : up.shape[1]] = dh
        dx = torch.empty_like(xs)
        s = 0
        for e, b in enumerate(ctx.bounds):
            if b > s:
                torch.mm(dgu[s:b], w1[e], out=dx[s:b])
                torch.mm(dgu[s:b].t(), xs[s:b], out=dw1[e])
            s = b
        return dx.index_select(0, inverse).view(t, k, -1).sum(1), None, dweight, dw1, dw2


class Inverse(torch.autograd.Function):
    """(1 - N)^-1 of a strictly lower triangular N, as (1+N)(1+N^2)(1+N^4)..."""

    @staticmethod
    def forward(ctx, low):
        inv, power = low + torch.eye(CHUNK), low
        for _ in range(int(math.log2(CHUNK)) - 1):
            power = power @ power
            inv = inv + power @ inv
        ctx.save_for_backward(inv)
        return inv

    @staticmethod
    def backward(ctx, grad):
        t = ctx.saved_tensors[0].transpose(-1, -2)
        return t @ grad @ t


def delta_rule(q, k, v, g, beta, **_):
    """The chunked gated delta rule."""
    b, length, hk, d = k.shape
    hv = v.shape[2]
    n = length // CHUNK
    q = q * torch.rsqrt((q * q).sum(-1, keepdim=True) + 1e-6) * d**-0.5
    k = k * torch.rsqrt((k * k).sum(-1, keepdim=True) + 1e-6)
    cut = lambda x: x.view(b, n, CHUNK, x.shape[2], -1).permute(0, 3, 1, 2, 4)
    q, k = (cut(x).repeat_interleave(hv // hk, dim=1) for x in (q, k))
    v = cut(v).contiguous()
    g, beta = (x.view(b, n, CHUNK, hv).permute(0, 3, 1, 2) for x in (g, beta))
    cum = g.cumsum(-1)
    tril = torch.ones(CHUNK, CHUNK, dtype=torch.bool).tril()
    decay = (cum.unsqueeze(-1) - cum.unsqueeze(-2)).masked_fill(~tril, float("-inf")).exp()
    kb = k * beta.unsqueeze(-1)
    kt = k.transpose(-1, -2)
    inv = Inverse.apply(-((kb @ kt) * decay).tril(-1))
    ecum = cum.exp().unsqueeze(-1)
    uw = inv @ torch.cat([v * beta.unsqueeze(-1), kb * ecum], -1)
    u, w = uw[..., : v.shape[-1]], uw[..., v.shape[-1] :]
    inner = (q @ kt) * decay
    qd = q * ecum
    kd = (k * (cum[..., -1:] - cum).exp().unsqueeze(-1)).transpose(-1, -2)
    end = cum[..., -1].exp()[..., None, None]
    out, state = [], None
    for i in range(n):
        new = u[:, :, i]
        if state is not None:
            new = new - w[:, :, i] @ state
        o = inner[:, :, i] @ new
        if state is not None:
            o = o + qd[:, :, i] @ state
        out.append(o)
        if i + 1 < n:
            add = kd[:, :, i] @ new
            state = add if state is None else state * end[:, :, i] + add
    return torch.stack(out, 2).permute(0, 2, 3, 1, 4).reshape(b, length, hv, -1), None


def conv(x, weight, bias=None, activation=None, **_):
    return F.silu(F.conv1d(F.pad(x, (3, 0)), weight.unsqueeze(1), groups=x.shape[1]))


def speed_up():
    import transformers.models.qwen3_next.modeling_qwen3_next as m

    saved = (
        m.Qwen3NextExperts.forward,
        m.Qwen3NextRMSNorm.forward,
        m.Qwen3NextRMSNormGated.forward,
        m.Qwen3NextMLP.forward,
    )
    m.Qwen3NextExperts.forward = lambda self, x, index, weight: Experts.apply(
        x, index, weight, self.gate_up_proj, self.down_proj
    )
    m.Qwen3NextRMSNorm.forward = lambda self, x: F.rms_norm(x, (x.shape[-1],), 1 + self.weight, self.eps)
    m.Qwen3NextRMSNormGated.forward = lambda self, x, gate=None: F.rms_norm(
        x, (x.shape[-1],), self.weight, self.variance_epsilon
    ) * F.silu(gate)
    kernel = m.torch_chunk_gated_delta_rule, m.causal_conv1d_fn
    m.torch_chunk_gated_delta_rule = delta_rule
    m.causal_conv1d_fn = conv

    def undo():
        (
            m.Qwen3NextExperts.forward,
            m.Qwen3NextRMSNorm.forward,
            m.Qwen3NextRMSNormGated.forward,
            m.Qwen3NextMLP.forward,
        ) = saved
        m.torch_chunk_gated_delta_rule, m.causal_conv1d_fn = kernel

    return undo


# ------------------------------------------------------------------ data


def render(tok, line):
    """Text in alternating pieces: prompt, answer, prompt, answer. Every assistant turn is an answer to learn;
    the empty or opened <think> block in front of one is given, as in serving."""
    messages = [dict(x) for x in line["messages"]]
    if line["thinking"]:
        messages[-1]["reasoning_content"] = line["reasoning"]
        if messages[-2]["role"] == "tool":
            messages[-3]["reasoning_content"] = line["call_reasoning"]
    text = tok.apply_chat_template(messages, tools=line.get("tools"), tokenize=False)
    pieces, at = [], 0
    for head in re.finditer(r"<\|im_start\|>assistant\n(<think>\n\n</think>\n\n|<think>\n)?", text):
        end = text.index("<|im_end|>\n", head.end()) + len("<|im_end|>")
        pieces += [text[at : head.end()], text[head.end() : end]]
        at = end
    return pieces


def load(path, folder, part, parts, limit=None):
    """Rows of (token ids, 1 where the token belongs to an answer)."""
    from transformers import AutoTokenizer

    tok = AutoTokenizer.from_pretrained(folder)
    raw = tok.backend_tokenizer
    rows = []
    with open(path, encoding="utf-8") as f:
        for i, text in enumerate(f):
            if limit and i >= limit:
                break
            if i % parts == part:
                rows.append(render(tok, json.loads(text)))
    return encode(raw, rows)


def encode(raw, rows):
    flat = iter(raw.encode_batch([p for row in rows for p in row], add_special_tokens=False))
    out = []
    for row in rows:
        ids, learn = [], []
        for i in range(len(row)):
            piece = next(flat).ids
            ids += piece
            learn += [i % 2] * len(piece)
        out.append((ids, learn))
    return out


def batches(rows, tokens, r, pad, prompt_weight):
    """Rows of one length class together; endless; every row starts at position 0, as in serving."""
    while True:
        r.shuffle(rows)
        bins = {}
        for row in rows:
            n = len(row[0]) - 1
            if n > 768:
                continue
            size = -(-n // CHUNK) * CHUNK
            bins.setdefault(size, []).append(row)
            if len(bins[size]) * size >= tokens:
                group = bins.pop(size)
                x = torch.full((len(group), size + 1), pad)
                w = torch.zeros(len(group), size + 1)
                for i, (ids, learn) in enumerate(group):
                    x[i, : len(ids)] = torch.tensor(ids)
                    w[i, : len(ids)] = torch.tensor(learn, dtype=torch.float).clamp(min=prompt_weight)
                yield x[:, :-1], x[:, 1:], w[:, 1:]


# ------------------------------------------------------------------ optimiser


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal by Newton-Schulz steps; for matrices. Scaled to match AdamW's step size."""

    def __init__(self, params, lr, weight_decay):
        super().__init__([p for p in params], dict(lr=lr, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, mine=lambda i: True):
        for group in self.param_groups:
            for i, p in enumerate(group["params"]):
                if not mine(i):
                    continue
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                m.mul_(0.95).add_(p.grad, alpha=0.05)
                x = p.grad.lerp(m, 0.95)
                shape = x.shape
                if p.dim() == 3 and shape[1] == 2 * p.half:  # gate and up are two matrices
                    x = x.reshape(-1, p.half, shape[2])
                if x.dim() == 2:
                    x = x.unsqueeze(0)
                flip = x.shape[1] > x.shape[2]
                if flip:
                    x = x.transpose(1, 2)
                x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
                for a, b, c in (
                    (4.0848, -6.8946, 2.9270),
                    (3.9505, -6.3029, 2.6377),
                    (3.7418, -5.5913, 2.3037),
                    (2.8769, -3.1427, 1.2046),
                    (2.8366, -3.0525, 1.2012),
                ):
                    y = x @ x.transpose(1, 2)
                    z = torch.baddbmm(y, y, y, beta=b, alpha=c)
                    x = torch.baddbmm(x, z, x, beta=a)
                if flip:
                    x = x.transpose(1, 2)
                scale = 0.2 * math.sqrt(max(x.shape[1:]))
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(x.reshape(shape), alpha=-group["lr"] * scale)


def split_params(model):
    mats, rest = [], []
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        p.half = p.shape[1] // 2 if "gate_up" in name else -1
        small = (
            "embed" in name
            or "conv1d" in name
            or "mlp.gate.weight" in name
            or "shared_expert_gate" in name
            or "in_proj_ba" in name
        )
        (mats if p.dim() >= 2 and not small else rest).append(p)
    return mats, rest


def schedule(progress, step):
    """Fraction of the peak learning rate: short warm-up, flat, then down to almost nothing."""
    down = 1 if progress < 0.4 else max(0.01, 1 - (progress - 0.4) / 0.6)
    return down * min(1, (step + 1) / 40)


def balance(router_logits, k, experts):
    """Load-balancing loss over all layers at once (as in the Switch Transformer)."""
    total = 0.0
    for logits in router_logits:
        p = torch.softmax(logits, -1)
        used = torch.zeros(experts).index_add_(
            0, p.detach().topk(k, -1).indices.reshape(-1), torch.ones(p.shape[0] * k)
        )
        total = total + experts * (used / used.sum() * p.mean(0)).sum()
    return total / len(router_logits)


# ------------------------------------------------------------------ training


def export(model, folder, tokenizer):
    """Writes the folder as Hugging Face does: config, generation config, BF16 weights by their published names."""
    import copy
    import shutil

    from transformers import GenerationConfig

    m = copy.deepcopy(model).to(torch.bfloat16)
    m.config.dtype = torch.bfloat16
    m.generation_config = GenerationConfig()  # tidy writes the shipped one
    m.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if not os.path.exists(os.path.join(folder, name)):
            shutil.copy(os.path.join(tokenizer, name), folder)
    tidy(folder)


def tidy(folder):
    """Adds the keys that readers of the published Qwen3-Next config look for, and drops what says nothing."""
    path = os.path.join(folder, "config.json")
    with open(path) as f:
        config = json.load(f)
    rope = config["rope_parameters"]
    config.update(
        rope_theta=rope["rope_theta"],
        partial_rotary_factor=rope["partial_rotary_factor"],
        rope_scaling=None,
        full_attention_interval=4,
        torch_dtype="bfloat16",
    )
    import safetensors

    with safetensors.safe_open(os.path.join(folder, "model.safetensors"), "pt") as f:
        if "mtp.fc.weight" in f.keys():
            config["num_nextn_predict_layers"] = 1
    with open(path, "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")
    with open(os.path.join(folder, "generation_config.json"), "w") as f:
        json.dump(
            {
                "do_sample": True,
                "temperature": 0.2,
                "top_p": 0.9,
                "top_k": 20,
                "eos_token_id": config["eos_token_id"],
                "pad_token_id": config["pad_token_id"],
            },
            f,
            indent=2,
        )
        f.write("\n")


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


# ------------------------------------------------------------------ multi-token prediction


class Mtp(torch.nn.Module):
    """Guesses the token after next from the trunk's output at t and the embedding of token t + 1.
    Parameter names follow the published Qwen3-Next checkpoints."""

    def __init__(self, config):
        super().__init__()
        import copy
        import transformers.models.qwen3_next.modeling_qwen3_next as m

        config = copy.deepcopy(config)
        config.layer_types = ["full_attention"]
        config._attn_implementation = "sdpa"
        h = config.hidden_size
        self.fc = torch.nn.Linear(2 * h, h, bias=False)
        self.pre_fc_norm_hidden = m.Qwen3NextRMSNorm(h, eps=config.rms_norm_eps)
        self.pre_fc_norm_embedding = m.Qwen3NextRMSNorm(h, eps=config.rms_norm_eps)
        self.layers = torch.nn.ModuleList([m.Qwen3NextDecoderLayer(config, 0)])
        self.norm = m.Qwen3NextRMSNorm(h, eps=config.rms_norm_eps)

    def forward(self, embedded, hidden, rotary):
        x = self.fc(torch.cat([self.pre_fc_norm_embedding(embedded), self.pre_fc_norm_hidden(hidden)], -1))
        positions = torch.arange(x.shape[1]).unsqueeze(0)
        return self.norm(
            self.layers[0](x, position_embeddings=rotary(x, positions), attention_mask=None, position_ids=positions)
        )


def published_names(mtp):
    """The head's tensors with one matrix an expert, as checkpoints store them."""
    out = {}
    for name, p in mtp.state_dict().items():
        if name.endswith("experts.gate_up_proj"):
            for e, w in enumerate(p):
                gate, up = w.chunk(2)
                out[f"mtp.{name[:-12]}{e}.gate_proj.weight"] = gate.contiguous()
                out[f"mtp.{name[:-12]}{e}.up_proj.weight"] = up.contiguous()
        elif name.endswith("experts.down_proj"):
            for e, w in enumerate(p):
                out[f"mtp.{name[:-9]}{e}.down_proj.weight"] = w.contiguous()
        else:
            out["mtp." + name] = p
    return {n: p.to(torch.bfloat16).clone() for n, p in out.items()}


@torch.no_grad()
def fit_input(mtp, model, stream, pad, count=24):
    """Begins with the trunk's last layer and norm, behind the matrix that comes nearest (in least squares) to what that
    layer reads at the next position. Without any training, two guesses in five are right."""
    last = model.model.layers[-1]
    mtp.layers[0].load_state_dict(last.state_dict())
    mtp.norm.load_state_dict(model.model.norm.state_dict())
    read = {}
    hook = last.register_forward_pre_hook(
        lambda module, args, kwargs: read.update(x=args[0] if args else kwargs["hidden_states"]), with_kwargs=True
    )
    h = model.config.hidden_size
    squares, products = torch.zeros(2 * h, 2 * h), torch.zeros(2 * h, h)
    for _ in range(count):
        x, y, w = next(stream)
        hidden = model.model(input_ids=x, use_cache=False).last_hidden_state
        embedded = model.model.embed_tokens(x[:, 1:])
        real = x[:, 1:] != pad
        rows = torch.cat([mtp.pre_fc_norm_embedding(embedded), mtp.pre_fc_norm_hidden(hidden[:, :-1])], -1)[real]
        squares += rows.T @ rows
        products += rows.T @ read["x"][:, 1:][real]
    hook.remove()
    squares += 1e-3 * squares.diagonal().mean() * torch.eye(2 * h)
    mtp.fc.weight.data = torch.linalg.solve(squares, products).T.contiguous()


def train_mtp(args):
    import safetensors
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("medium")
    torch.manual_seed(args.seed)
    tok = AutoTokenizer.from_pretrained(args.tokenizer)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval().requires_grad_(False)
    mtp = Mtp(model.config)
    speed_up()
    rows = load(os.path.join(args.data, "train.jsonl"), args.tokenizer, 0, 1, args.limit)
    r = random.Random(args.seed + 77)
    stream = batches(rows, args.tokens, r, tok.pad_token_id, 0)
    if args.start:
        mtp.load_state_dict(torch.load(args.start))
    else:
        fit_input(mtp, model, stream, tok.pad_token_id)
    mats, rest = split_params(mtp)
    muon, adam = Muon(mats, args.lr, 0.1), torch.optim.AdamW(rest, lr=args.lr, betas=(0.9, 0.98), weight_decay=0.0)

    @torch.no_grad()
    def trunk(batch):
        """What the head reads of a batch: embeddings, the trunk's output, and where tokens belong to an answer."""
        x, y, w = batch
        return model.model.embed_tokens(x), model.model(input_ids=x, use_cache=False).last_hidden_state, w

    def drafts(embedded, hidden, w, count):
        """For each of `count` drafts in a row: the trunk's logits for the token and the head's, where that token belongs
        to an answer. A later draft reads the head's own output in place of the trunk's, as in serving; its keys of
        earlier positions do, too, which in serving come from the trunk."""
        before, pairs = hidden, []
        for ahead in range(1, count + 1):
            before = mtp(embedded[:, ahead:], before[:, :-1], model.model.rotary_emb)
            keep = w[:, ahead:] > 0
            with torch.no_grad():
                target = model.lm_head(hidden[:, ahead:][keep])
            pairs.append((target, model.lm_head(before[keep])))
        return pairs

    # The trunk costs several times what the head does: each of its batches is used a few times, between others.
    recent = []
    begin, step, total, saved = time.process_time(), 0, args.minutes * 60, time.time()
    while (used := time.process_time() - begin) < total and step < args.steps:
        progress = args.progress + (1 - args.progress) * used / total
        for opt in (muon, adam):
            for group in opt.param_groups:
                group["lr"] = args.lr * schedule(progress, step)
        if step % 4 == 0:
            recent = recent[-63:] + [trunk(next(stream))]
        ((target, guess),) = drafts(*(recent[-1] if step % 4 == 0 else r.choice(recent)), 1)
        loss = -(torch.softmax(target, -1) * torch.log_softmax(guess, -1)).sum(-1).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(rest, 1.0)
        muon.step()
        adam.step()
        for p in mtp.parameters():
            p.grad = None
        if step % 4 == 0:  # of a batch that is new to the head
            hit = (target.argmax(-1) == guess.argmax(-1)).float().mean().item()
            mean = hit if step == 0 else 0.9 * mean + 0.1 * hit
            if step % args.log < 4:
                print(f"{used:5.0f}s step {step} loss {loss.item():.4f} agreement {mean:.3f}", flush=True)
        step += 1
        if time.time() - saved > 60:
            torch.save(mtp.state_dict(), os.path.join(args.data, "head.pt"))
            saved = time.time()
    torch.save(mtp.state_dict(), os.path.join(args.data, "head.pt"))
    mtp.load_state_dict({n: p.to(torch.bfloat16).float() for n, p in mtp.state_dict().items()})
    hits = {True: [[0, 0], [0, 0]], False: [[0, 0], [0, 0]]}
    with open(os.path.join(args.data, "test.jsonl"), encoding="utf-8") as f:
        lines = [json.loads(t) for t in f][:2000]
    for thinking in hits:
        part = [render(tok, line) for line in lines if line["thinking"] == thinking]
        part = encode(tok.backend_tokenizer, part)
        stream, count = batches(part, args.tokens, random.Random(3), tok.pad_token_id, 0), 0
        while count < 40_000:
            batch = next(stream)
            with torch.no_grad():
                for hit, (target, guess) in zip(hits[thinking], drafts(*trunk(batch), 2)):
                    hit[0] += (target.argmax(-1) == guess.argmax(-1)).sum().item()
                    hit[1] += len(target)
            count += batch[0].numel()
    for thinking, counts in hits.items():
        first, second = (f"{100 * good / n:.1f}%" for good, n in counts)
        print(
            f"{'Thinking' if thinking else 'Instruct'}: of {counts[0][1]} held-out positions the first draft is the model's"
            f" choice in {first}, the second in {second}"
        )
    path = os.path.join(args.model, "model.safetensors")
    with safetensors.safe_open(path, "pt") as f:
        tensors = {n: f.get_tensor(n) for n in f.keys() if not n.startswith("mtp.")}
    tensors.update(published_names(mtp))
    save_file(tensors, path, metadata={"format": "pt"})
    tidy(args.model)


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


def check(args):
    from transformers import AutoTokenizer, Qwen3NextForCausalLM

    tok = AutoTokenizer.from_pretrained(args.tokenizer)
    torch.manual_seed(0)
    model = Qwen3NextForCausalLM(make_config(len(tok), {"<|im_end|>": 1, "<|endoftext|>": 0}))
    for p in model.parameters():
        p.data.add_(torch.randn_like(p) * 0.05)
    x = torch.randint(0, len(tok), (2, 128))
    grads = []
    for fast in (False, True):
        undo = speed_up() if fast else None
        model.zero_grad()
        out = model(input_ids=x, labels=x, use_cache=False)
        out.loss.backward()
        grads.append((out.logits.detach(), {n: p.grad.clone() for n, p in model.named_parameters()}))
        if undo:
            undo()
    print("logits differ by", (grads[0][0] - grads[1][0]).abs().max().item(), "of", grads[0][0].abs().max().item())
    worst = max(((grads[0][1][n] - g).norm() / (g.norm() + 1e-9)).item() for n, g in grads[1][1].items())
    print("gradients differ by at most", worst, "(relative)")


if __name__ == "__main__":
    main()
