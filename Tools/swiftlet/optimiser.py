"""What a training step does with gradients: the optimiser for matrices, the learning rate, the experts' balance."""

import math

import torch


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
