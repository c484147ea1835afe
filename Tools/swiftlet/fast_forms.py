"""Fast forms, for training on a CPU, of the slow parts of Qwen3NextForCausalLM's forward pass."""

import math

import torch
import torch.nn.functional as F
from network import make_config

CHUNK = 32


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


def check(args):
    """Compares the fast forms with the original ones."""
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
