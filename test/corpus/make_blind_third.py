"""Makes the invented models of the third blind test and compares them: attention as researchers write it, by someone
who had not read how attention is found here. INVENTED was written down before any of it was tried, VARIED after the
first results.

    python make_blind_third.py make FOLDER [NAME ...]
    python make_blind_third.py check FOLDER [NAME ...]

A model lies in FOLDER/NAME with its recorded input and its reference maps [batch, heads, queries, keys], which are
what the model itself keeps in an eager run, or NumPy's. Each is made in a process of its own, with a limit of
150 s. `check` runs the command line of this checkout (`node esbuild.mjs` first) and tells what differs."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import onnxscript
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnxscript import FLOAT, script
from onnxscript import opset18 as op

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
torch.set_num_threads(1)
PROGRAM = Path(__file__).parents[2] / "bin/attention-lens.mjs"
ROOT = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(".cache/corpus/third")


def export(module, inputs, path, exporter, opset, dynamic):
    tensors = tuple(torch.as_tensor(value) for value in inputs.values())
    leading = {name: range(min(2, value.ndim)) for name, value in inputs.items()}
    common = dict(opset_version=opset, input_names=list(inputs))
    if exporter == "ts":
        axes = {name: {axis: f"{name}_{axis}" if axis else "batch" for axis in leading[name]} for name in inputs}
        torch.onnx.export(module, tensors, path, dynamo=False, dynamic_axes=axes if dynamic else None, **common)
        return
    free = torch.export.Dim.DYNAMIC
    shapes = {name: {axis: free for axis in leading[name] if inputs[name].shape[axis] > 1} for name in inputs}
    torch.onnx.export(
        module,
        tensors,
        path,
        dynamo=True,
        dynamic_shapes=shapes if dynamic else None,
        external_data=False,
        verbose=False,
        **common,
    )


def save(name, module, inputs, references, exporter, opset, expect, note, dynamic, tolerance):
    """Exports as asked; where that exporter refuses, with fixed sizes, then by the other exporter."""
    inputs = {key: np.asarray(value) for key, value in inputs.items()}
    (ROOT / name).mkdir(parents=True, exist_ok=True)
    other = ("dynamo", 18) if exporter == "ts" else ("ts", 17)
    refused = []
    for how, version, free in [(exporter, opset, dynamic), (exporter, opset, False), (*other, False)]:
        try:
            export(module, inputs, ROOT / name / "model.onnx", how, version, free)
            finish(name, inputs, references, how, expect, note, tolerance)
            return
        except Exception as error:
            refused.append(str(error)[:100])
    raise RuntimeError(" | ".join(refused))


def finish(name, inputs, references, exporter, expect, note, tolerance):
    folder = ROOT / name
    graph = onnx.load(folder / "model.onnx").graph
    assert len(references) == expect, f"{len(references)} references, {expect} expected"
    used = {key: inputs[key] for key in (value.name for value in graph.input)}
    onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"]).run(None, used)
    np.savez(folder / "in.npz", **used)
    np.savez(folder / "ref.npz", **{f"r{i:03d}": np.asarray(x, np.float32) for i, x in enumerate(references)})
    (folder / "meta.json").write_text(json.dumps(dict(exporter=exporter, note=note, tol=tolerance)))


PROBABILITIES = []


def keep(p, f=lambda x: x):
    """Keeps a map of the eager run; `f` makes it [batch, heads, queries, keys]."""
    if torch.compiler.is_exporting() or torch.compiler.is_compiling() or torch.jit.is_tracing():
        return p
    PROBABILITIES.append(f(p.detach()).clone())
    return p


linear = lambda a, b, bias=True: nn.Linear(a, b, bias)


def noise(*s):
    return np.random.randn(*s).astype(np.float32)


def invented(module_of, inputs, exporter, opset, expect, dynamic=True, note="", tolerance=1e-05):
    """A maker: `expect` maps; `dynamic` leaves the sizes of the first two axes of each input open."""

    def go(name):
        m = module_of().eval()
        for p in m.parameters():
            if p.ndim == 2:
                nn.init.normal_(p, 0, 1.0 / math.sqrt(p.shape[1]) * (1.5 if p.shape[1] > 16 else 1))
        values = inputs()
        PROBABILITIES.clear()
        with torch.no_grad():
            m(*[torch.as_tensor(v) for v in values.values()])
        refs = [p.numpy() for p in PROBABILITIES]
        save(name, m, values, refs, exporter, opset, expect, note, dynamic, tolerance)

    return go


tokens = lambda s=9, d=32, b=2: lambda: dict(x=noise(b, s, d))


class QKV(nn.Module):
    """Four linear layers; `split` makes heads of features and `join` undoes it."""

    def __init__(self, d=32, h=4):
        super().__init__()
        self.h = h
        self.hd = d // h
        self.q = linear(d, d)
        self.k = linear(d, d)
        self.v = linear(d, d)
        self.o = linear(d, d)

    def split(self, x):
        b, n, _ = x.shape
        return x.view(b, n, self.h, self.hd).transpose(1, 2)

    def join(self, x):
        b, h, n, e = x.shape
        return self.o(x.transpose(1, 2).reshape(b, n, h * e))


class HeadLast(QKV):

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = [f(x).view(b, n, self.hd, self.h) for f in (self.q, self.k, self.v)]
        a = torch.einsum("bqdh,bkdh->bqkh", q, k) * self.hd ** (-0.5)
        p = keep(a.softmax(2), lambda t: t.permute(0, 3, 1, 2))
        return self.o(torch.einsum("bqkh,bkdh->bqdh", p, v).reshape(b, n, -1))


class LSA(QKV):

    def __init__(self):
        super().__init__()
        self.t = nn.Parameter(torch.randn(4, 1, 1) * 0.3)

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = q @ k.transpose(-1, -2) * self.t.exp()
        a = a.masked_fill(torch.eye(a.shape[-1], dtype=torch.bool), -torch.finfo(a.dtype).max)
        return self.join(keep(a.softmax(-1)) @ v)


class GateP(QKV):

    def __init__(self):
        super().__init__()
        self.g = linear(32, 4)
        self.go = linear(32, 32)

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        p = (q @ k.transpose(-1, -2) / 8**0.5).softmax(-1)
        p = keep(p * torch.sigmoid(self.g(x)).transpose(1, 2)[..., None])
        return self.join(p @ v) * F.silu(self.go(x))


class KReshape(QKV):

    def __init__(self):
        super().__init__()
        self.kc = nn.Conv1d(32, 32, 3, padding=1)
        self.vc = nn.Conv1d(32, 32, 1)

    def forward(self, x):
        b, n, _ = x.shape
        c = x.transpose(1, 2)
        q = self.split(self.q(x))
        k = self.kc(c).view(b, self.h, self.hd, n)
        v = self.vc(c).view(b, self.h, self.hd, n)
        p = keep((torch.matmul(q, k) / 8**0.5).softmax(-1))
        o = torch.matmul(v, p.transpose(-1, -2))
        return self.o(o.reshape(b, -1, n).transpose(1, 2))


class Cosine(QKV):

    def __init__(self):
        super().__init__()
        self.t = nn.Parameter(torch.tensor(2.3))

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        q = q / q.norm(dim=-1, keepdim=True).clamp_min(1e-06)
        k = F.normalize(k, dim=-1)
        return self.join(keep(F.softmax(q @ k.transpose(2, 3) * self.t.exp(), -1)) @ v)


class TwoStream(QKV):

    def __init__(self):
        super().__init__()
        self.gq = nn.Parameter(torch.randn(1, 1, 32))
        self.r = nn.Parameter(torch.randn(4, 9, 9))

    def att(self, q, k, v, m):
        a = torch.einsum("ibnd,jbnd->ijbn", q, k) + self.r.permute(1, 2, 0)[:, :, None]
        a = a * 8 ** (-0.5) - 1e30 * m[:, :, None, None]
        p = keep(F.softmax(a, dim=1), lambda t: t.permute(2, 3, 0, 1))
        return torch.einsum("ijbn,jbnd->ibnd", p, v)

    def forward(self, x):
        b, n, _ = x.shape
        h = x.transpose(0, 1)
        f = lambda t: t.view(n, b, 4, 8)
        k, v = (f(self.k(h)), f(self.v(h)))
        i = torch.arange(n)
        perm = i * 4 % n
        mc = (perm[:, None] < perm[None]).float()
        mq = (perm[:, None] <= perm[None]).float()
        mq = mq * (1 - (perm == 0).float()[:, None])
        c = self.att(f(self.q(h)), k, v, mc)
        g = self.att(f(self.q(self.gq.expand(n, b, 32) * 1.0)), k, v, mq)
        return (self.o(c.reshape(n, b, 32)), self.o(g.reshape(n, b, 32)))


class Axial3(nn.Module):

    def __init__(self):
        super().__init__()
        self.a = nn.ModuleList((QKV(16, 2) for _ in range(3)))

    def forward(self, x):
        for ax, m in enumerate(self.a):
            y = x.movedim(ax + 1, 3)
            sh = y.shape
            z = y.reshape(-1, sh[3], 16)
            q, k, v = (m.split(m.q(z)), m.split(m.k(z)), m.split(m.v(z)))
            p = keep((q @ k.mT * 8 ** (-0.5)).softmax(-1))
            x = x + m.join(p @ v).view(sh).movedim(3, ax + 1)
        return x


class Shift1D(QKV):

    def forward(self, x):
        b, n, d = x.shape
        W = 4
        y = torch.roll(x, -2, 1).view(b * n // W, W, d)
        q, k, v = (self.split(self.q(y)), self.split(self.k(y)), self.split(self.v(y)))
        g = torch.tensor([0] * (n - 4) + [1] * 2 + [2] * 2).view(n // W, W)
        m = torch.where(g[:, :, None] != g[:, None], -100.0, 0.0)
        a = (q @ k.transpose(-1, -2) * 8 ** (-0.5)).view(b, n // W, 4, W, W) + m[None, :, None]
        p = keep(a.view(-1, 4, W, W).softmax(-1))
        return torch.roll(self.join(p @ v).view(b, n, d), 2, 1)


class Pointer(nn.Module):

    def __init__(self, glimpse=True):
        super().__init__()
        self.g = glimpse
        self.rnn = nn.GRU(32, 32, batch_first=True)
        self.wq = linear(32, 32)
        self.wr = linear(32, 32)
        self.v = linear(32, 1, False)
        self.pq = linear(32, 32)
        self.pk = linear(32, 32)

    def forward(self, x, y):
        e, h = self.rnn(x)
        d, _ = self.rnn(y, h)
        if self.g:
            a = self.v(torch.tanh(self.wr(e)[:, None] + self.wq(d)[:, :, None])).squeeze(-1)
            p = keep(a.softmax(-1), lambda t: t[:, None])
            d = torch.bmm(p, e)
        merged = 10 * torch.tanh(torch.bmm(self.pq(d), self.pk(e).transpose(1, 2)) / 32**0.5)
        return F.softmax(merged, -1)


class MAB(nn.Module):
    """Set transformer's heads in the batch."""

    def __init__(self):
        super().__init__()
        self.S = nn.Parameter(torch.randn(1, 3, 32))
        self.q = linear(32, 32)
        self.k = linear(32, 32)
        self.v = linear(32, 32)
        self.o = linear(32, 32)

    def forward(self, x):
        Q = self.q(self.S.repeat(x.size(0), 1, 1))
        K, V = (self.k(x), self.v(x))
        ds = 8
        Q_ = torch.cat(Q.split(ds, 2), 0)
        K_ = torch.cat(K.split(ds, 2), 0)
        V_ = torch.cat(V.split(ds, 2), 0)
        A = torch.softmax(Q_.bmm(K_.transpose(1, 2)) / math.sqrt(32), 2)
        b = x.size(0)
        keep(A, lambda t: t.view(4, b, 3, -1).transpose(0, 1))
        O = torch.cat((Q_ + A.bmm(V_)).split(b, 0), 2)
        return O + F.relu(self.o(O))


class GATv2(nn.Module):

    def __init__(self):
        super().__init__()
        self.l = linear(16, 32)
        self.r = linear(16, 32)
        self.a = nn.Parameter(torch.randn(4, 8))

    def forward(self, x, adj):
        n = x.shape[0]
        l = self.l(x).view(n, 1, 4, 8)
        rr = self.r(x).view(1, n, 4, 8)
        e = (F.leaky_relu(l + rr, 0.2) * self.a).sum(-1)
        e = e.masked_fill(adj[..., None] == 0, float("-inf"))
        p = keep(F.softmax(e, 1), lambda t: t.permute(2, 0, 1)[None])
        return torch.einsum("ijh,jhf->ihf", p, rr[0]).reshape(n, 32)


class Router(nn.Module):

    def __init__(self):
        super().__init__()
        self.g = linear(32, 4)
        self.w1 = nn.Parameter(torch.randn(4, 32, 64) * 0.2)
        self.w2 = nn.Parameter(torch.randn(4, 64, 32) * 0.2)

    def forward(self, x):
        p = self.g(x).softmax(-1)
        h = F.gelu(torch.einsum("bnd,edf->bnef", x, self.w1))
        y = torch.einsum("bnef,efd->bned", h, self.w2)
        return torch.matmul(p.unsqueeze(2), y).squeeze(2)


class SoftMoE(nn.Module):
    """Dispatch over tokens and combine over slots."""

    def __init__(self):
        super().__init__()
        self.phi = nn.Parameter(torch.randn(32, 4, 2) * 0.3)
        self.f = nn.ModuleList((linear(32, 32) for _ in range(4)))

    def forward(self, x):
        lg = torch.einsum("bnd,dep->bnep", x, self.phi)
        dsp = keep(lg.softmax(1), lambda t: t.permute(0, 3, 2, 1))
        cmb = keep(lg.flatten(2).softmax(-1), lambda t: t[:, None])
        sl = torch.einsum("bnep,bnd->bepd", dsp, x)
        y = torch.stack([f(sl[:, i]) for i, f in enumerate(self.f)], 1)
        return torch.einsum("bnm,bmd->bnd", cmb, y.flatten(1, 2))


class GumbelVQ(nn.Module):

    def __init__(self):
        super().__init__()
        self.l = linear(32, 2 * 16)
        self.cb = nn.Parameter(torch.randn(1, 2, 16, 8))

    def forward(self, x, g):
        b, n, _ = x.shape
        z = (self.l(x).view(b, n, 2, 16) + g) / 0.7
        return (z.softmax(-1).unsqueeze(-1) * self.cb).sum(-2).flatten(2)


class Sparsemax(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        z = q @ k.transpose(-1, -2) * 8 ** (-0.5)
        zs, _ = torch.sort(z, -1, descending=True)
        n = z.shape[-1]
        rho = torch.arange(1, n + 1, dtype=z.dtype)
        cs = zs.cumsum(-1) - 1
        kk = (rho * zs > cs).sum(-1, keepdim=True)
        tau = cs.gather(-1, kk - 1) / kk.to(z.dtype)
        return self.join(keep(torch.clamp(z - tau, min=0)) @ v)


class Entmax(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        z = q @ k.transpose(-1, -2) * 8 ** (-0.5) / 2
        n = z.shape[-1]
        t0 = z.max(-1, keepdim=True).values - 1
        d = 1 - (1 / n) ** 0.5
        for _ in range(20):
            d = d / 2
            t = t0 + d
            f = (torch.clamp(z - t, min=0) ** 2).sum(-1, keepdim=True) - 1
            t0 = torch.where(f >= 0, t, t0)
        p = torch.clamp(z - t, min=0) ** 2
        p = p / p.sum(-1, keepdim=True)
        return self.join(keep(p) @ v)


class ReLUAtt(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        return self.join(keep(F.relu(q @ k.transpose(-1, -2) * 8 ** (-0.5)) / x.shape[1]) @ v)


class ReLU2Att(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = F.relu(q @ k.transpose(-1, -2) * 8 ** (-0.5)) ** 2
        a = a / (a.sum(-1, keepdim=True) + 1e-06)
        return self.join(keep(a) @ v)


class SigAtt(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        return self.join(keep(torch.sigmoid(q @ k.transpose(-1, -2) * 8 ** (-0.5) - math.log(9))) @ v)


class Local2D(nn.Module):
    """Stand-alone self-attention."""

    def __init__(self):
        super().__init__()
        self.q = nn.Conv2d(8, 16, 1)
        self.k = nn.Conv2d(8, 16, 1)
        self.v = nn.Conv2d(8, 16, 1)
        self.rel = nn.Parameter(torch.randn(2, 8, 9))

    def forward(self, x):
        b, _, H, W = x.shape
        merged = lambda t: F.unfold(t, 3, padding=1).view(b, 2, 8, 9, H * W)
        q = self.q(x).view(b, 2, 8, 1, H * W)
        k = merged(self.k(x)) + self.rel[None, ..., None]
        v = merged(self.v(x))
        p = (q * k).sum(2).softmax(2)
        keep(p, lambda t: t.transpose(2, 3))
        return (p[:, :, None] * v).sum(3).view(b, 16, H, W)


class MoA(nn.Module):
    """Mixture of attention heads, shared keys and values."""

    def __init__(self):
        super().__init__()
        self.g = linear(32, 6)
        self.wq = nn.Parameter(torch.randn(6, 32, 8) * 0.3)
        self.k = linear(32, 8)
        self.v = linear(32, 8)
        self.wo = nn.Parameter(torch.randn(6, 8, 32) * 0.3)

    def forward(self, x):
        g = self.g(x).softmax(-1)
        w, i = g.topk(2, -1)
        w = w / w.sum(-1, keepdim=True)
        q = torch.einsum("bnd,edk->bnek", x, self.wq)
        q = torch.gather(q, 2, i[..., None].expand(-1, -1, -1, 8))
        p = keep((torch.einsum("bnek,bmk->bnem", q, self.k(x)) * 8 ** (-0.5)).softmax(-1), lambda t: t.transpose(1, 2))
        o = torch.einsum("bnem,bmk->bnek", p, self.v(x))
        wo = self.wo[i]
        return (torch.einsum("bnek,bnekd->bned", o, wo) * w[..., None]).sum(2)


class Efficient(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)).softmax(-1), self.split(self.k(x)).softmax(-2), self.split(self.v(x)))
        return self.join(q @ (k.transpose(-1, -2) @ v))


class Shaw(QKV):

    def __init__(self):
        super().__init__()
        self.rk = nn.Embedding(9, 8)
        self.rv = nn.Embedding(9, 8)

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        n = x.shape[1]
        i = torch.arange(n)
        d = (i[None] - i[:, None]).clamp(-4, 4) + 4
        a = (q @ k.transpose(-1, -2) + torch.einsum("bhqd,qkd->bhqk", q, self.rk(d))) * 8 ** (-0.5)
        p = keep(a.softmax(-1))
        return self.join(p @ v + torch.einsum("bhqk,qkd->bhqd", p, self.rv(d)))


class L2Att(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        return self.join(keep((-torch.cdist(q, k) ** 2 * 8 ** (-0.5)).softmax(-1)) @ v)


class L2Expand(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        d = (q**2).sum(-1, keepdim=True) - 2 * q @ k.transpose(-1, -2) + (k**2).sum(-1)[:, :, None]
        return self.join(keep(torch.exp(-d / 8) / torch.exp(-d / 8).sum(-1, keepdim=True)) @ v)


class NoBatch(nn.Module):

    def __init__(self):
        super().__init__()
        self.q = linear(32, 32)
        self.k = linear(32, 32)
        self.v = linear(32, 32)

    def forward(self, x):
        return keep((self.q(x) @ self.k(x).T / 32**0.5).softmax(1), lambda t: t[None, None]) @ self.v(x)


class NanoHeads(nn.Module):

    def __init__(self):
        super().__init__()
        self.hs = nn.ModuleList((nn.ModuleList((linear(32, 8, False) for _ in range(3))) for _ in range(4)))
        self.o = linear(32, 32)

    def forward(self, x):
        n = x.shape[1]
        out = []
        for q, k, v in self.hs:
            w = q(x) @ k(x).transpose(-2, -1) * 8 ** (-0.5)
            w = w.masked_fill(torch.tril(torch.ones(n, n)) == 0, float("-inf"))
            out.append(keep(F.softmax(w, -1), lambda t: t[:, None]) @ v(x))
        return self.o(torch.cat(out, -1))


class ABMIL(nn.Module):

    def __init__(self):
        super().__init__()
        self.V = linear(32, 16)
        self.U = linear(32, 16)
        self.w = linear(16, 1)
        self.c = linear(32, 2)

    def forward(self, x):
        a = self.w(torch.tanh(self.V(x)) * torch.sigmoid(self.U(x))).transpose(1, 0)
        p = keep(F.softmax(a, 1), lambda t: t[None, None])
        return self.c(p @ x)


class SelfAttentive(nn.Module):

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(32, 16, bidirectional=True, batch_first=True)
        self.a = linear(32, 24, False)
        self.b = linear(24, 3, False)

    def forward(self, x):
        h, _ = self.rnn(x)
        p = keep(F.softmax(self.b(torch.tanh(self.a(h))), 1).transpose(1, 2), lambda t: t[:, None])
        return torch.bmm(p, h)


class Sinkhorn(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = q @ k.transpose(-1, -2) * 8 ** (-0.5)
        for _ in range(3):
            a = a - a.logsumexp(-2, keepdim=True)
            a = a - a.logsumexp(-1, keepdim=True)
        return self.join(keep(a.exp()) @ v)


class Hopfield(nn.Module):

    def __init__(self):
        super().__init__()
        self.q = linear(32, 32)
        self.k = linear(32, 32)
        self.v = linear(32, 32)

    def forward(self, x, y):
        k = self.k(y)
        z = self.q(x)
        for _ in range(2):
            z = keep((0.5 * z @ k.transpose(1, 2)).softmax(-1), lambda t: t[:, None]) @ k
        return keep((0.5 * z @ k.transpose(1, 2)).softmax(-1), lambda t: t[:, None]) @ self.v(k)


class NTM(nn.Module):

    def __init__(self):
        super().__init__()
        self.k = linear(32, 4 * 16)
        self.b = linear(32, 4)
        self.g = linear(32, 4)
        self.s = linear(32, 12)

    def forward(self, x, M):
        b = x.shape[0]
        k = self.k(x).view(b, 4, 16)
        c = F.cosine_similarity(k[:, :, None], M[:, None], dim=-1)
        w = F.softmax(F.softplus(self.b(x))[..., None] * c, -1)
        sh = self.s(x).view(b, 4, 3).softmax(-1)
        w = w.roll(1, -1) * sh[..., :1] + w * sh[..., 1:2] + w.roll(-1, -1) * sh[..., 2:]
        w = w ** (1 + F.softplus(self.g(x)))[..., None]
        w = w / (w.sum(-1, keepdim=True) + 1e-08)
        keep(w, lambda t: t[:, :, None])
        return torch.bmm(w, M).flatten(1)


class Allen(QKV):

    def forward(self, x, m):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        mm = m[:, None, None]
        a = q @ k.transpose(-1, -2) * 8 ** (-0.5)
        p = F.softmax(a * mm, -1) * mm
        p = p / (p.sum(-1, keepdim=True) + 1e-13)
        return self.join(keep(p) @ v)


class ExpMask(QKV):

    def forward(self, x, m):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = q @ k.transpose(-1, -2) * 8 ** (-0.5)
        e = torch.exp(a - a.amax(-1, keepdim=True)) * m[:, None, None]
        p = e / e.sum(-1, keepdim=True).clamp(min=1e-09)
        return self.join(keep(p) @ v)


class LateNorm(QKV):
    """Numerator times values, divided afterwards."""

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = q @ k.transpose(-1, -2) * 8 ** (-0.5)
        e = torch.exp(a - a.amax(-1, keepdim=True))
        keep(e / e.sum(-1, keepdim=True))
        return self.join(e @ v / e.sum(-1, keepdim=True))


class Capsule(nn.Module):

    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.randn(1, 9, 4, 8, 32) * 0.2)

    def forward(self, x):
        merged = (self.W @ x[:, :, None, :, None]).squeeze(-1)
        b = torch.zeros(merged.shape[:3])
        for _ in range(3):
            c = b.softmax(2)
            v = (c[..., None] * merged).sum(1)
            n = (v**2).sum(-1, keepdim=True)
            v = v * n.sqrt() / (1 + n)
            b = b + (merged * v[:, None]).sum(-1)
        return v


class SoftArgmax(nn.Module):

    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 5, 3, padding=1)
        g = torch.stack(torch.meshgrid(torch.linspace(0, 1, 8), torch.linspace(0, 1, 8), indexing="ij"), -1).view(64, 2)
        self.register_buffer("g", g)

    def forward(self, x):
        return self.c(x).flatten(2).softmax(-1) @ self.g


class NetVLAD(nn.Module):

    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 6, 1)
        self.f = nn.Conv2d(3, 16, 1)
        self.C = nn.Parameter(torch.randn(6, 16))

    def forward(self, x):
        f = F.normalize(self.f(x), dim=1).flatten(2)
        a = self.c(x).flatten(2).softmax(1)
        v = a @ f.transpose(1, 2) - a.sum(-1, keepdim=True) * self.C
        return F.normalize(F.normalize(v, dim=-1).flatten(1), dim=-1)


class CrissCross(nn.Module):

    def __init__(self):
        super().__init__()
        self.q = nn.Conv2d(16, 4, 1)
        self.k = nn.Conv2d(16, 4, 1)
        self.v = nn.Conv2d(16, 16, 1)

    def forward(self, x):
        b, _, h, w = x.shape
        q, k, v = (self.q(x), self.k(x), self.v(x))
        eh = torch.einsum("bchw,bcgw->bhwg", q, k) + torch.diag(torch.full((h,), -1000000000.0))[None, :, None]
        ew = torch.einsum("bchw,bchv->bhwv", q, k)
        p = keep(torch.cat([eh, ew], 3).softmax(3), lambda t: t.reshape(b, 1, h * w, h + w))
        return torch.einsum("bhwg,bcgw->bchw", p[..., :h], v) + torch.einsum("bhwv,bchv->bchw", p[..., h:], v) + x


class TwoSources(QKV):
    """One softmax over two kinds of keys, split before the values."""

    def __init__(self):
        super().__init__()
        self.k2 = linear(32, 32)
        self.v2 = linear(32, 32)

    def forward(self, x, y):
        q = self.split(self.q(x))
        a = torch.cat([q @ self.split(self.k(x)).mT, q @ self.split(self.k2(y)).mT], -1) * 8 ** (-0.5)
        p = keep(a.softmax(-1))
        p1, p2 = p.split([x.shape[1], y.shape[1]], -1)
        return self.join(p1 @ self.split(self.v(x)) + p2 @ self.split(self.v2(y)))


class Adapter(QKV):
    """LLaMA-Adapter: two softmaxes, gated, side by side."""

    def __init__(self):
        super().__init__()
        self.pr = nn.Parameter(torch.randn(1, 3, 32))
        self.g = nn.Parameter(torch.randn(1, 4, 1, 1))

    def forward(self, x):
        b, n, _ = x.shape
        pr = self.pr.expand(b, -1, -1)
        q = self.split(self.q(x))
        k = torch.cat([self.split(self.k(pr)), self.split(self.k(x))], 2)
        v = torch.cat([self.split(self.v(pr)), self.split(self.v(x))], 2)
        a = q @ k.transpose(2, 3) * 8 ** (-0.5)
        m = torch.full((n, n), float("-inf")).triu(1)
        p = torch.cat([torch.tanh(self.g) * a[..., :3].softmax(-1), (a[..., 3:] + m).softmax(-1)], -1)
        return self.join(keep(p) @ v)


class FoldQ(nn.Module):
    """Multi-query, queries folded with heads, query-major."""

    def __init__(self):
        super().__init__()
        self.q = linear(32, 32)
        self.k = linear(32, 8)
        self.v = linear(32, 8)
        self.o = linear(32, 32)

    def forward(self, x):
        b, n, _ = x.shape
        q = self.q(x).view(b, n * 4, 8)
        p = torch.baddbmm(torch.zeros(1, 1, 1), q, self.k(x).transpose(1, 2), beta=0, alpha=8 ** (-0.5)).softmax(-1)
        keep(p, lambda t: t.view(b, n, 4, n).transpose(1, 2))
        return self.o(torch.bmm(p, self.v(x)).view(b, n, 32))


class Chunked(QKV):
    """Online softmax over blocks of keys: no whole row is ever held."""

    def forward(self, x):
        q, k, v = (self.split(self.q(x)) * 8 ** (-0.5), self.split(self.k(x)), self.split(self.v(x)))
        keep((q @ k.mT).softmax(-1))
        m = torch.full(q.shape[:3] + (1,), -1e30)
        l = torch.zeros_like(m)
        o = torch.zeros_like(q)
        for i in range(0, 12, 4):
            a = q @ k[:, :, i : i + 4].mT
            mn = torch.maximum(m, a.amax(-1, keepdim=True))
            e = torch.exp(a - mn)
            c = torch.exp(m - mn)
            l = l * c + e.sum(-1, keepdim=True)
            o = o * c + e @ v[:, :, i : i + 4]
            m = mn
        return self.join(o / l)


class Softmax1(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = q @ k.mT * 8 ** (-0.5)
        m = a.amax(-1, keepdim=True).clamp(min=0)
        e = torch.exp(a - m)
        return self.join(keep(e / (torch.exp(-m) + e.sum(-1, keepdim=True))) @ v)


class Sink(QKV):

    def __init__(self):
        super().__init__()
        self.s = nn.Parameter(torch.randn(4))

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = q @ k.mT * 8 ** (-0.5)
        a = torch.cat([self.s.view(1, 4, 1, 1).expand(a.shape[0], 4, a.shape[2], 1), a], -1)
        return self.join(keep(a.softmax(-1)[..., 1:]) @ v)


class Dilated(QKV):

    def forward(self, x):
        b, n, d = x.shape
        y = x.view(b, n // 3, 3, d).transpose(1, 2).reshape(b * 3, n // 3, d)
        q, k, v = (self.split(self.q(y)), self.split(self.k(y)), self.split(self.v(y)))
        p = keep((q @ k.mT * 8 ** (-0.5)).softmax(-1))
        return self.join(p @ v).view(b, 3, n // 3, d).transpose(1, 2).reshape(b, n, d)


class Music(QKV):
    """Relative positions by padding and reshaping."""

    def __init__(self):
        super().__init__()
        self.E = nn.Parameter(torch.randn(4, 9, 8) * 0.4)

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        n = 9
        rel = F.pad(torch.einsum("bhld,hmd->bhlm", q, self.E), (1, 0)).reshape(-1, 4, n + 1, n)[:, :, 1:]
        a = (q @ k.mT + rel) * 8 ** (-0.5) + torch.full((n, n), -1000000000.0).triu(1)
        return self.join(keep(a.softmax(-1)) @ v)


class Triangle(nn.Module):

    def __init__(self):
        super().__init__()
        self.q = linear(16, 16, False)
        self.k = linear(16, 16, False)
        self.v = linear(16, 16, False)
        self.b = linear(16, 2, False)
        self.g = linear(16, 16)

    def forward(self, z):
        b, n = z.shape[:2]
        z = z.transpose(1, 2)
        f = lambda t: t.view(b, n, n, 2, 8)
        a = (
            torch.einsum("bijhd,bikhd->bihjk", f(self.q(z)) * 8 ** (-0.5), f(self.k(z)))
            + self.b(z).permute(0, 3, 1, 2)[:, None]
        )
        p = keep(a.softmax(-1), lambda t: t.reshape(b * n, 2, n, n))
        o = torch.einsum("bihjk,bikhd->bijhd", p, f(self.v(z))).flatten(3)
        return (o * torch.sigmoid(self.g(z))).transpose(1, 2)


class BiLinear(nn.Module):
    """Luong's general score, coattention both ways."""

    def __init__(self):
        super().__init__()
        self.W = linear(32, 32, False)

    def forward(self, x, y):
        a = torch.bmm(self.W(x), y.transpose(1, 2))
        p = keep(a.softmax(2), lambda t: t[:, None])
        c = keep(a.softmax(1), lambda t: t.transpose(1, 2)[:, None])
        return (torch.bmm(p, y), torch.bmm(c.transpose(1, 2), x))


class BiDAF(nn.Module):

    def __init__(self):
        super().__init__()
        self.c = linear(32, 1)
        self.q = linear(32, 1)
        self.m = linear(32, 1)

    def forward(self, c, q):
        sim = self.c(c) + self.q(q).transpose(1, 2) + torch.matmul(c * self.m.weight.view(1, 1, -1), q.transpose(1, 2))
        a = keep(sim.softmax(2), lambda t: t[:, None])
        c2q = a @ q
        b = keep(sim.max(2)[0].softmax(1), lambda t: t[:, None, None])
        q2c = torch.bmm(b[:, None], c).expand_as(c)
        return torch.cat([c, c2q, c * c2q, c * q2c], -1)


class Memory(nn.Module):
    """Key-value memory of parameters, with its own heads."""

    def __init__(self):
        super().__init__()
        self.q = linear(32, 32)
        self.K = nn.Parameter(torch.randn(4, 10, 8))
        self.V = nn.Parameter(torch.randn(4, 10, 8))

    def forward(self, x):
        b, n, _ = x.shape
        q = self.q(x).view(b, n, 4, 8).transpose(1, 2)
        p = keep((q @ self.K.mT * 8 ** (-0.5)).softmax(-1))
        return (p @ self.V).transpose(1, 2).flatten(2)


class Nystrom(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)) * 8 ** (-0.25), self.split(self.k(x)) * 8 ** (-0.25), self.split(self.v(x)))
        ql = q.reshape(-1, 4, 3, 4, 8).mean(3)
        kl = k.reshape(-1, 4, 3, 4, 8).mean(3)
        k1 = keep((q @ kl.mT).softmax(-1))
        k2 = (ql @ kl.mT).softmax(-1)
        k3 = keep((ql @ k.mT).softmax(-1))
        z = k2.mT / (k2.sum(-2).max() * k2.sum(-1).max())
        I = torch.eye(3)
        for _ in range(4):
            kz = k2 @ z
            z = 0.25 * z @ (13 * I - kz @ (15 * I - kz @ (7 * I - kz)))
        return self.join(k1 @ z @ (k3 @ v))


INVENTED = [
    ("head-last", invented(HeadLast, tokens(), "ts", 13, 1)),
    ("lsa", invented(LSA, tokens(), "dynamo", 18, 1, dynamic=False)),
    ("gated-map", invented(GateP, tokens(), "dynamo", 20, 1)),
    ("conv-keys", invented(KReshape, tokens(), "ts", 16, 1)),
    ("cosine", invented(Cosine, tokens(), "dynamo", 21, 1)),
    ("two-stream", invented(TwoStream, tokens(), "ts", 12, 2, dynamic=False)),
    ("axial-video", invented(Axial3, lambda: dict(x=noise(2, 3, 4, 5, 16)), "dynamo", 18, 3, dynamic=False)),
    ("shift-1d", invented(Shift1D, tokens(12), "ts", 17, 1, dynamic=False)),
    (
        "pointer-glimpse",
        invented(Pointer, lambda: dict(x=noise(2, 9, 32), y=noise(2, 4, 32)), "ts", 17, 1, dynamic=False),
    ),
    (
        "pointer-only",
        invented(
            lambda: Pointer(False), lambda: dict(x=noise(2, 9, 32), y=noise(2, 4, 32)), "ts", 14, 0, dynamic=False
        ),
    ),
    ("set-heads-in-batch", invented(MAB, tokens(), "ts", 15, 1, dynamic=False)),
    (
        "gatv2",
        invented(
            GATv2,
            lambda: dict(x=noise(7, 16), adj=((np.random.rand(7, 7) > 0.5) | np.eye(7, dtype=bool)).astype(np.float32)),
            "ts",
            17,
            1,
            dynamic=False,
        ),
    ),
    ("router", invented(Router, tokens(), "dynamo", 18, 0)),
    ("soft-moe", invented(SoftMoE, tokens(), "ts", 17, 2, dynamic=False, note="dispatch and combine")),
    (
        "gumbel-vq",
        invented(GumbelVQ, lambda: dict(x=noise(2, 9, 32), g=noise(2, 9, 2, 16)), "ts", 17, 0, dynamic=False),
    ),
    ("sparsemax", invented(Sparsemax, tokens(), "ts", 17, 1, dynamic=False)),
    ("entmax", invented(Entmax, tokens(), "ts", 17, 1, dynamic=False)),
    ("relu", invented(ReLUAtt, tokens(), "ts", 17, 1, dynamic=False, note="no softmax: may be named instead")),
    ("relu2-normalised", invented(ReLU2Att, tokens(), "dynamo", 18, 1, note="no softmax")),
    ("sigmoid", invented(SigAtt, tokens(), "dynamo", 18, 1, note="no softmax: may be named instead")),
    ("local-2d", invented(Local2D, lambda: dict(x=noise(2, 8, 5, 6)), "ts", 17, 1, dynamic=False)),
    ("moa", invented(MoA, tokens(), "dynamo", 18, 1, dynamic=False)),
    ("efficient", invented(Efficient, tokens(), "ts", 17, 0)),
    ("shaw", invented(Shaw, tokens(), "dynamo", 19, 1, dynamic=False)),
    ("l2-cdist", invented(L2Att, tokens(), "ts", 17, 1, dynamic=False)),
    ("l2-expanded", invented(L2Expand, tokens(), "dynamo", 18, 1)),
    ("no-batch", invented(NoBatch, lambda: dict(x=noise(9, 32)), "ts", 11, 1)),
    ("nano-heads", invented(NanoHeads, tokens(), "ts", 14, 4, dynamic=False)),
    ("abmil", invented(ABMIL, lambda: dict(x=noise(11, 32)), "ts", 13, 1)),
    ("self-attentive", invented(SelfAttentive, tokens(), "ts", 17, 1, dynamic=False)),
    ("sinkhorn", invented(Sinkhorn, tokens(), "dynamo", 18, 1)),
    ("hopfield", invented(Hopfield, lambda: dict(x=noise(2, 5, 32), y=noise(2, 9, 32)), "dynamo", 22, 3)),
    ("ntm", invented(NTM, lambda: dict(x=noise(2, 32), M=noise(2, 10, 16)), "ts", 17, 1, dynamic=False)),
    (
        "allennlp",
        invented(
            Allen, lambda: dict(x=noise(2, 9, 32), m=np.array([[1] * 9, [1] * 6 + [0] * 3], np.float32)), "ts", 11, 1
        ),
    ),
    (
        "exp-mask",
        invented(
            ExpMask, lambda: dict(x=noise(2, 9, 32), m=np.array([[1] * 9, [1] * 6 + [0] * 3], np.float32)), "ts", 17, 1
        ),
    ),
    ("late-norm", invented(LateNorm, tokens(), "ts", 17, 1)),
    ("capsule", invented(Capsule, tokens(), "ts", 17, 0, dynamic=False)),
    ("soft-argmax", invented(SoftArgmax, lambda: dict(x=noise(2, 3, 8, 8)), "ts", 17, 0, dynamic=False)),
    ("netvlad", invented(NetVLAD, lambda: dict(x=noise(2, 3, 6, 6)), "dynamo", 18, 0, dynamic=False)),
    ("criss-cross", invented(CrissCross, lambda: dict(x=noise(2, 16, 5, 6)), "ts", 17, 1, dynamic=False)),
    (
        "two-sources",
        invented(TwoSources, lambda: dict(x=noise(2, 9, 32), y=noise(2, 4, 32)), "dynamo", 18, 1, dynamic=False),
    ),
    ("llama-adapter", invented(Adapter, tokens(), "ts", 17, 1, dynamic=False)),
    ("fold-queries", invented(FoldQ, tokens(), "ts", 17, 1, dynamic=False)),
    ("online-softmax", invented(Chunked, tokens(12), "ts", 17, 1, dynamic=False, note="no whole map in the graph")),
    ("softmax-one", invented(Softmax1, tokens(), "dynamo", 18, 1)),
    ("sink-first", invented(Sink, tokens(), "ts", 17, 1, dynamic=False)),
    ("dilated", invented(Dilated, tokens(12), "ts", 16, 1, dynamic=False)),
    ("music", invented(Music, tokens(), "ts", 17, 1, dynamic=False)),
    ("triangle", invented(Triangle, lambda: dict(z=noise(2, 5, 5, 16)), "ts", 17, 1, dynamic=False)),
    ("coattention", invented(BiLinear, lambda: dict(x=noise(2, 5, 32), y=noise(2, 9, 32)), "ts", 17, 2)),
    ("bidaf", invented(BiDAF, lambda: dict(c=noise(2, 9, 32), q=noise(2, 4, 32)), "ts", 17, 2, dynamic=False)),
    ("memory", invented(Memory, tokens(), "ts", 17, 1)),
    (
        "nystrom",
        invented(
            Nystrom, tokens(12), "ts", 17, 2, dynamic=False, note="two maps; the third only feeds a pseudo-inverse"
        ),
    ),
]


class MHAx(nn.Module):

    def __init__(self, bf=True):
        super().__init__()
        self.bf = bf
        self.m = nn.MultiheadAttention(32, 4, batch_first=bf, add_bias_kv=True, add_zero_attn=True, kdim=20, vdim=24)
        nn.init.normal_(self.m.bias_k)
        nn.init.normal_(self.m.bias_v)

    def forward(self, x, k, v):
        if not torch.compiler.is_exporting() and (not torch.jit.is_tracing()):
            keep(self.m(x, k, v, average_attn_weights=False)[1])
        o, w = self.m(x, k, v, need_weights=True)
        return (o, w)


class Null(QKV):
    """A learnt null key and value, l2-normalised."""

    def __init__(self):
        super().__init__()
        self.n = nn.Parameter(torch.randn(2, 4, 1, 8))
        self.qs = nn.Parameter(torch.ones(8) * 2)
        self.ks = nn.Parameter(torch.ones(8) * 2)

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        b = x.shape[0]
        nk, nv = [t[None].expand(b, -1, -1, -1) for t in self.n]
        k = torch.cat([nk, k], 2)
        v = torch.cat([nv, v], 2)
        q = F.normalize(q, dim=-1) * self.qs
        k = F.normalize(k, dim=-1) * self.ks
        n = x.shape[1]
        a = torch.einsum("bhid,bhjd->bhij", q, k)
        m = torch.ones(n, n + 1, dtype=torch.bool).triu(2)
        a = a.masked_fill(m, -10000.0)
        return self.join(torch.einsum("bhij,bhjd->bhid", keep(a.softmax(-1)), v))


class G5(nn.Module):

    def __init__(self):
        super().__init__()
        self.q = linear(32, 32)
        self.k = linear(32, 16)
        self.v = linear(32, 16)
        self.o = linear(32, 32)

    def forward(self, x):
        b, n, _ = x.shape
        q = self.q(x).view(b, n, 2, 2, 8)
        k, v = (self.k(x).view(b, n, 2, 8), self.v(x).view(b, n, 2, 8))
        a = torch.einsum("bqgrd,bkgd->bgrqk", q, k) * 8 ** (-0.5)
        p = keep(a.softmax(-1), lambda t: t.reshape(b, 4, n, n))
        return self.o(torch.einsum("bgrqk,bkgd->bqgrd", p, v).reshape(b, n, 32))


class SharedQK(QKV):

    def forward(self, x):
        q = self.split(self.q(x))
        k = F.normalize(q, dim=-1)
        a = q @ k.transpose(-1, -2)
        a = a.masked_fill(torch.eye(9, dtype=torch.bool), -100000.0)
        return self.join(keep(a.softmax(-1)) @ self.split(self.v(x)))


class Knn(QKV):

    def forward(self, x, module_of, mv, idx):
        b, n, _ = x.shape
        q = self.split(self.q(x))
        bi = torch.arange(b)[:, None, None]
        K = module_of[bi, idx].view(b, n, 5, 4, 8).permute(0, 3, 1, 2, 4)
        V = mv[bi, idx].view(b, n, 5, 4, 8).permute(0, 3, 1, 2, 4)
        p = keep((torch.einsum("bhid,bhijd->bhij", q, K) * 8 ** (-0.5)).softmax(-1))
        return self.join(torch.einsum("bhij,bhijd->bhid", p, V))


class Frames(QKV):
    """Batch, frames, heads."""

    def forward(self, x):
        b, t, n, d = x.shape
        f = lambda y: y.view(b, t, n, 4, 8).transpose(2, 3)
        p = keep(
            (f(self.q(x)) @ f(self.k(x)).transpose(-1, -2) * 8 ** (-0.5)).softmax(-1),
            lambda z: z.reshape(b * t, 4, n, n),
        )
        return self.o((p @ f(self.v(x))).transpose(2, 3).reshape(b, t, n, d))


class Units(nn.Module):
    """Batch, heads, blocks; heads may be one."""

    def __init__(self, h):
        super().__init__()
        self.h = h
        self.qkv = linear(32, 96)
        self.o = linear(32, 32)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n // 4, 4, 3, self.h, 32 // self.h).permute(3, 0, 4, 1, 2, 5).unbind(0)
        p = keep(
            (q @ k.transpose(-1, -2) * 8 ** (-0.5)).softmax(-1), lambda z: z.transpose(1, 2).reshape(-1, self.h, 4, 4)
        )
        return self.o((p @ v).permute(0, 2, 3, 1, 4).reshape(b, n, d))


class Unbatched(QKV):

    def forward(self, x):
        n, d = x.shape
        f = lambda y: y.view(n, 4, 8).permute(1, 0, 2)
        p = keep(F.softmax(torch.matmul(f(self.q(x)), f(self.k(x)).permute(0, 2, 1)) / 8**0.5, -1), lambda t: t[None])
        return self.o(torch.matmul(p, f(self.v(x))).permute(1, 0, 2).reshape(n, d))


class LogSm(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        return self.join(keep(F.log_softmax(q @ k.transpose(-1, -2) / 8**0.5, -1).exp()) @ v)


class NanGuard(QKV):

    def forward(self, x, m):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        a = (q @ k.transpose(-1, -2) / 8**0.5).masked_fill(~m[:, None, None], float("-inf"))
        p = a.softmax(-1)
        p = torch.where(torch.isnan(p), torch.zeros_like(p), p)
        return self.join(keep(p) @ v)


class Nadaraya(nn.Module):

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1.3]))

    def forward(self, q, k, v):
        q = q[:, :, None].expand(-1, -1, k.shape[1])
        p = keep(F.softmax(-(((q - k[:, None]) * self.w) ** 2) / 2, -1), lambda t: t[:, None])
        return torch.bmm(p, v.unsqueeze(-1)).squeeze(-1)


class Sdpa23(nn.Module):

    def __init__(self):
        super().__init__()
        self.q = linear(32, 32)
        self.k = linear(32, 16)
        self.v = linear(32, 16)
        self.o = linear(32, 32)

    def forward(self, x, m):
        b, n, _ = x.shape
        q = self.q(x).view(b, n, 4, 8).transpose(1, 2)
        k, v = [f(x).view(b, n, 2, 8).transpose(1, 2) for f in (self.k, self.v)]
        if not torch.compiler.is_exporting() and (not torch.jit.is_tracing()):
            a = q @ k.repeat_interleave(2, 1).transpose(-1, -2) * 0.5
            keep(a.masked_fill(~m[:, None, None], float("-inf")).softmax(-1))
        return self.o(
            F.scaled_dot_product_attention(
                q, k, v, attn_mask=m[:, None, None].expand(b, 1, n, n), scale=0.5, enable_gqa=True
            )
            .transpose(1, 2)
            .reshape(b, n, 32)
        )


class Causal23(QKV):

    def forward(self, x):
        q, k, v = (self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x)))
        if not torch.compiler.is_exporting() and (not torch.jit.is_tracing()):
            keep((q @ k.transpose(-1, -2) * 8 ** (-0.5) + torch.full((9, 9), float("-inf")).triu(1)).softmax(-1))
        return self.join(F.scaled_dot_product_attention(q, k, v, is_causal=True))


class TabNet(nn.Module):

    def __init__(self):
        super().__init__()
        self.f = linear(16, 16)
        self.g = linear(16, 8)

    def forward(self, x):
        p = torch.softmax(self.f(x), -1)
        return self.g(p * x)


class LinSm(nn.Module):

    def __init__(self):
        super().__init__()
        self.a = linear(32, 16)
        self.b = linear(16, 32)

    def forward(self, x):
        return self.b(self.a(x).softmax(-1))


class Info(nn.Module):

    def __init__(self):
        super().__init__()
        self.a = linear(32, 16)
        self.b = linear(32, 16)

    def forward(self, x, y):
        return (F.normalize(self.a(x), dim=-1) @ F.normalize(self.b(y), dim=-1).t() * 10).softmax(-1)


class DecoderStack(nn.Module):

    def __init__(self):
        super().__init__()
        self.d = nn.TransformerDecoder(nn.TransformerDecoderLayer(32, 4, 64, norm_first=True, dropout=0.0), 2)

    def forward(self, x, mem):
        if not torch.compiler.is_exporting() and (not torch.jit.is_tracing()):
            hs = []
            for l in self.d.layers:
                for m in (l.self_attn, l.multihead_attn):

                    def pre(mod, a, kw):
                        kw = dict(kw)
                        kw.update(need_weights=True, average_attn_weights=False)
                        return (a, kw)

                    def post(mod, a, kw, o):
                        keep(o[1])

                    hs += [
                        m.register_forward_pre_hook(pre, with_kwargs=True),
                        m.register_forward_hook(post, with_kwargs=True),
                    ]
            noise = self.d(x, mem, tgt_mask=torch.full((5, 5), float("-inf")).triu(1))
            [h.remove() for h in hs]
            return noise
        return self.d(x, mem, tgt_mask=torch.full((5, 5), float("-inf")).triu(1))


def helper_model(name):
    from onnx import helper as H, numpy_helper as N, TensorProto as TP

    B, S, h, d = (2, 6, 3, 4)
    D = h * d
    rs = np.random.RandomState(3)
    I = []
    nodes = []

    def c(n, a):
        I.append(N.from_array(a, n))
        return n

    def nd(op, i, o, **k):
        nodes.append(H.make_node(op, i, [o], **k))
        return o

    nd("Reshape", ["x", c("s2", np.array([-1, D], np.int64))], "x2")
    W = {}
    for t in "qkv":
        w = rs.randn(D, D).astype(np.float32) * 0.4
        W[t] = w
        nd("Gemm", ["x2", c("w" + t, w), c("b" + t, np.zeros(D, np.float32))], t + "2", transB=1)
        nd("Reshape", [t + "2", c("s4" + t, np.array([B, S, h, d], np.int64))], t + "4")
        nd("Transpose", [t + "4"], t + "T", perm=[0, 2, 1, 3] if t != "k" else [0, 2, 3, 1])
    nd("MatMul", ["qT", "kT"], "a")
    nd("Div", ["a", c("two", np.float32(2))], "as")
    nd("Reshape", ["as", c("sr", np.array([-1, S], np.int64))], "ar")
    nd("Softmax", ["ar"], "pr", axis=1)
    nd("Reshape", ["pr", c("sp", np.array([B, h, S, S], np.int64))], "p")
    nd("MatMul", ["p", "vT"], "o")
    nd("Transpose", ["o"], "oT", perm=[0, 2, 1, 3])
    nd("Flatten", ["oT"], "y", axis=2)
    g = H.make_graph(
        nodes,
        "g",
        [H.make_tensor_value_info("x", TP.FLOAT, [B, S, D])],
        [H.make_tensor_value_info("y", TP.FLOAT, None)],
        I,
    )
    m = H.make_model(g, opset_imports=[H.make_opsetid("", 11)], ir_version=6)
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(m, folder / "model.onnx")
    x = rs.randn(B, S, D).astype(np.float32)
    f = lambda t: (x @ W[t].T).reshape(B, S, h, d).transpose(0, 2, 1, 3)
    a = f("q") @ f("k").transpose(0, 1, 3, 2) / 2
    e = np.exp(a - a.max(-1, keepdims=True))
    finish(name, dict(x=x), [e / e.sum(-1, keepdims=True)], "onnx.helper", 1, "", 1e-05)


def scan_model(name):
    from onnx import helper as H, numpy_helper as N, TensorProto as TP

    B, T_, M, D = (2, 4, 6, 8)
    rs = np.random.RandomState(5)
    w = rs.randn(D, D).astype(np.float32) * 0.5
    body = H.make_graph(
        [
            H.make_node("MatMul", ["xt", "w"], ["q"]),
            H.make_node("Unsqueeze", ["q", "ax1"], ["q3"]),
            H.make_node("Transpose", ["mem"], ["mt"], perm=[0, 2, 1]),
            H.make_node("MatMul", ["q3", "mt"], ["s"]),
            H.make_node("Softmax", ["s"], ["p"], axis=-1),
            H.make_node("MatMul", ["p", "mem"], ["c3"]),
            H.make_node("Squeeze", ["c3", "ax1"], ["ct"]),
            H.make_node("Add", ["h", "ct"], ["hn"]),
            H.make_node("Identity", ["ct"], ["yt"]),
        ],
        "body",
        [H.make_tensor_value_info("h", TP.FLOAT, [B, D]), H.make_tensor_value_info("xt", TP.FLOAT, [B, D])],
        [H.make_tensor_value_info("hn", TP.FLOAT, [B, D]), H.make_tensor_value_info("yt", TP.FLOAT, [B, D])],
    )
    g = H.make_graph(
        [H.make_node("Scan", ["h0", "x"], ["hT", "y"], num_scan_inputs=1, body=body)],
        "g",
        [
            H.make_tensor_value_info("h0", TP.FLOAT, [B, D]),
            H.make_tensor_value_info("x", TP.FLOAT, [T_, B, D]),
            H.make_tensor_value_info("mem", TP.FLOAT, [B, M, D]),
        ],
        [H.make_tensor_value_info("hT", TP.FLOAT, [B, D]), H.make_tensor_value_info("y", TP.FLOAT, [T_, B, D])],
        [N.from_array(w, "w"), N.from_array(np.array([1], np.int64), "ax1")],
    )
    m = H.make_model(g, opset_imports=[H.make_opsetid("", 16)], ir_version=8)
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(m, folder / "model.onnx")
    x = rs.randn(T_, B, D).astype(np.float32)
    mem = rs.randn(B, M, D).astype(np.float32)
    refs = []
    for t in range(T_):
        a = np.einsum("bd,bmd->bm", x[t] @ w, mem)
        e = np.exp(a - a.max(-1, keepdims=True))
        refs.append((e / e.sum(-1, keepdims=True))[:, None, None])
    finish(name, dict(h0=np.zeros((B, D), np.float32), x=x, mem=mem), refs, "onnx.helper", 4, "Scan of 4 passes", 1e-05)


dom = onnxscript.values.Opset("my.lab", 1)


@script(dom, default_opset=op)
def Attend(q, k, v, heads: int = 2):
    hh = op.Constant(value_int=heads)
    z = op.Constant(value_ints=[0, 0])
    m1 = op.Constant(value_ints=[-1])
    sh = op.Concat(z, op.Reshape(hh, m1), m1, axis=0)
    Q = op.Transpose(op.Reshape(q, sh), perm=[0, 2, 1, 3])
    K = op.Transpose(op.Reshape(k, sh), perm=[0, 2, 3, 1])
    V = op.Transpose(op.Reshape(v, sh), perm=[0, 2, 1, 3])
    s = op.MatMul(Q, K) * 0.5
    p = op.Softmax(s, axis=-1)
    o = op.Transpose(op.MatMul(p, V), perm=[0, 2, 1, 3])
    return op.Reshape(o, op.Shape(q))


@script(default_opset=op)
def net(x: FLOAT[2, 5, 8], c: FLOAT[2, 7, 8]) -> FLOAT[2, 5, 8]:
    y = x + Attend(x, x, x, heads=2)
    return y + Attend(y, c, c, heads=4)


def func_model(name):
    m = net.to_model_proto()
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(m, folder / "model.onnx")
    x, c = (noise(2, 5, 8), noise(2, 7, 8))

    def att(q, k, v, h):
        f = lambda t: t.reshape(2, -1, h, 8 // h).transpose(0, 2, 1, 3)
        a = f(q) @ f(k).transpose(0, 1, 3, 2) * 0.5
        e = np.exp(a - a.max(-1, keepdims=True))
        p = e / e.sum(-1, keepdims=True)
        return (p, (p @ f(v)).transpose(0, 2, 1, 3).reshape(q.shape))

    p1, o = att(x, x, x, 2)
    y = x + o
    p2, _ = att(y, c, c, 4)
    finish(name, dict(x=x, c=c), [p1, p2], "onnxscript function", 2, "local function", 1e-05)


B3 = np.array([[1] * 9, [1] * 6 + [0] * 3], bool)
NG = np.array([[1] * 9, [0] * 9], bool)
VARIED = [
    (
        "mha-bias-zero",
        invented(
            MHAx, lambda: dict(x=noise(2, 5, 32), k=noise(2, 7, 20), v=noise(2, 7, 24)), "ts", 17, 1, dynamic=False
        ),
    ),
    (
        "mha-seq-first",
        invented(
            lambda: MHAx(False),
            lambda: dict(x=noise(5, 2, 32), k=noise(7, 2, 20), v=noise(7, 2, 24)),
            "dynamo",
            18,
            1,
            dynamic=False,
        ),
    ),
    ("null-key", invented(Null, tokens(), "ts", 17, 1, dynamic=False)),
    ("grouped-5d", invented(G5, tokens(), "ts", 13, 1)),
    ("shared-qk", invented(SharedQK, tokens(), "ts", 17, 1, dynamic=False)),
    (
        "knn",
        invented(
            Knn,
            lambda: dict(
                x=noise(2, 6, 32), mk=noise(2, 11, 32), mv=noise(2, 11, 32), idx=np.random.randint(0, 11, (2, 6, 5))
            ),
            "ts",
            17,
            1,
            dynamic=False,
        ),
    ),
    ("frames-5d", invented(Frames, lambda: dict(x=noise(2, 3, 5, 32)), "ts", 17, 1, dynamic=False)),
    ("blocks-4-heads", invented(lambda: Units(4), tokens(12), "ts", 17, 1, dynamic=False)),
    ("blocks-1-head", invented(lambda: Units(1), tokens(12), "dynamo", 18, 1, dynamic=False)),
    ("unbatched", invented(Unbatched, lambda: dict(x=noise(9, 32)), "ts", 17, 1)),
    ("log-softmax", invented(LogSm, tokens(), "dynamo", 19, 1)),
    ("nan-guard", invented(NanGuard, lambda: dict(x=noise(2, 9, 32), m=NG), "ts", 17, 1)),
    ("nadaraya", invented(Nadaraya, lambda: dict(q=noise(2, 5), k=noise(2, 9), v=noise(2, 9)), "ts", 17, 1)),
    ("sdpa-gqa-23", invented(Sdpa23, lambda: dict(x=noise(2, 9, 32), m=B3), "dynamo", 23, 1, dynamic=False)),
    ("sdpa-causal-23", invented(Causal23, tokens(), "dynamo", 23, 1)),
    ("sdpa-causal-ts", invented(Causal23, tokens(), "ts", 14, 1, dynamic=False)),
    ("tabnet", invented(TabNet, tokens(9, 16), "ts", 17, 0)),
    ("mlp-softmax", invented(LinSm, tokens(), "ts", 17, 0)),
    ("contrastive", invented(Info, lambda: dict(x=noise(6, 32), y=noise(6, 32)), "dynamo", 18, 0)),
    (
        "decoder-stack",
        invented(DecoderStack, lambda: dict(x=noise(5, 2, 32), mem=noise(7, 2, 32)), "ts", 16, 4, dynamic=False),
    ),
    (
        "decoder-stack-23",
        invented(DecoderStack, lambda: dict(x=noise(5, 2, 32), mem=noise(7, 2, 32)), "dynamo", 23, 4, dynamic=False),
    ),
    ("coerced-softmax", helper_model),
    ("scan", scan_model),
    ("function", func_model),
]


def make(names):
    for name, maker in [*INVENTED, *VARIED]:
        if names and name not in names:
            continue
        child = os.fork()
        if child == 0:
            signal.alarm(150)
            try:
                torch.manual_seed(0)
                np.random.seed(0)
                maker(name)
            except Exception as error:
                print("not made:", name, str(error)[:300], flush=True)
            os._exit(0)
        os.waitpid(child, 0)


def regrouped(name, references):
    """Columns of an image and turns of a loop are one with the batch, as the files say."""
    if name == "criss-cross":
        return [x.reshape(2, 5, 6, 11).transpose(0, 2, 1, 3).reshape(12, 1, 5, 11) for x in references]
    if name == "scan":
        return [np.concatenate(references)]
    return references


def compared(name):
    """What differs between the captured maps and the references; empty where all is right."""
    folder = ROOT / name
    meta = json.loads((folder / "meta.json").read_text())
    references = regrouped(name, list(np.load(folder / "ref.npz").values()))
    maps, figures = folder / "out.npz", folder / "figures.json"
    maps.unlink(missing_ok=True)
    inputs = ["--inputs", folder / "in.npz", "--out", maps, "--json", figures, "--provider", "cpu"]
    ran = subprocess.run(["node", PROGRAM, "capture", folder / "model.onnx", *inputs], capture_output=True, text=True)
    sites = json.loads(figures.read_text())["sites"] if maps.exists() else []
    captured = np.load(maps) if sites else {}
    wrong = []
    if ran.returncode and references:
        wrong.append(ran.stderr.strip()[:200])
    for site in sites:
        found = captured[site["id"]]
        errors = [
            (float(np.nan_to_num(np.abs(found - x), nan=9).max()), i)
            for i, x in enumerate(references)
            if x.shape == found.shape
        ]
        if not errors:
            wrong.append(f"{site['name']}: {list(found.shape)} is none of the references")
            continue
        error, nearest = min(errors)
        references.pop(nearest)
        if error > meta["tol"]:
            wrong.append(f"{site['name']}: error {error:.1e}")
    return wrong + [f"missing: {list(x.shape)}" for x in references]


def check(names):
    made = sorted(path.parent.name for path in ROOT.glob("*/meta.json"))
    for name in names or made:
        wrong = compared(name)
        print("miss " if wrong else "right", name, *wrong, sep="  ", flush=True)


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](sys.argv[3:])
