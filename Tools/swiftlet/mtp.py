"""The multi-token-prediction head, and its training on the finished network."""

import json
import os
import random
import time

import torch
from fast_forms import speed_up
from network import tidy
from optimiser import Muon, schedule, split_params
from rows import batches, encode, load, render


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
