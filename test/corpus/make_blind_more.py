"""Makes the second blind test: more models in the styles of other authors, written down before it was tried what this
repository makes of any of them. Misses are reported as they are."""

from __future__ import annotations

import logging
import math
import warnings
from typing import Any

warnings.simplefilter("ignore")

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corpus_table import Made, Maker, run, run_makers
from handwritten import Map
from make_blind import (
    BATCH,
    HEADS,
    SEQUENCE,
    SIZE,
    WIDTH,
    Nodes,
    heads_of,
    noise,
    numbers,
    of_numpy,
    of_torch,
    softmaxed,
    together,
    x,
)


def scores_of(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.transpose(-1, -2) / math.sqrt(query.size(-1))


def linears(*names: str, width: int = WIDTH) -> nn.ModuleDict:
    return nn.ModuleDict({name: nn.Linear(width, width) for name in names})


def unmapped(module: nn.Module) -> nn.Module:
    return module


class Latent(nn.Module):
    """DeepSeek's latent attention: keys and values unfolded from one small vector, a rotary part shared by all heads."""

    RANK, TURNED = 6, 4

    def __init__(self, absorbed: bool) -> None:
        super().__init__()
        self.absorbed = absorbed
        self.q_proj = nn.Linear(WIDTH, HEADS * (SIZE + self.TURNED), bias=False)
        self.kv_a = nn.Linear(WIDTH, self.RANK + self.TURNED, bias=False)
        self.norm = nn.LayerNorm(self.RANK)
        self.k_up = nn.Parameter(torch.zeros(HEADS, SIZE, self.RANK))
        self.v_up = nn.Parameter(torch.zeros(HEADS, SIZE, self.RANK))
        self.o_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.map = Map()

    def turned(self, part: Tensor) -> Tensor:
        places = torch.arange(part.size(-2), dtype=torch.float32)
        angles = torch.outer(places, 100.0 ** -torch.arange(0.0, 1.0, 2 / self.TURNED)).repeat(1, 2)
        left, right = part.chunk(2, -1)
        return part * angles.cos() + torch.cat([-right, left], -1) * angles.sin()

    def forward(self, hidden: Tensor) -> Tensor:
        query = heads_of(self.q_proj(hidden))
        plain, rotary = query.split([SIZE, self.TURNED], -1)
        latent, shared = self.kv_a(hidden).split([self.RANK, self.TURNED], -1)
        latent = self.norm(latent)
        position = self.turned(rotary) @ self.turned(shared).unsqueeze(1).transpose(-1, -2)
        if self.absorbed:
            asked = torch.einsum("bhtd,hdr->bhtr", plain, self.k_up)
            content = torch.einsum("bhtr,bsr->bhts", asked, latent)
        else:
            key = torch.einsum("bsr,hdr->bhsd", latent, self.k_up)
            content = torch.einsum("bhtd,bhsd->bhts", plain, key)
        scores = (content + position * 0.5) / math.sqrt(SIZE + self.TURNED)
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        weights = self.map(scores.masked_fill(later, float("-inf")).softmax(-1))
        if self.absorbed:
            read = torch.einsum("bhts,bsr->bhtr", weights, latent)
            attended = torch.einsum("bhtr,hdr->bthd", read, self.v_up)
        else:
            value = torch.einsum("bsr,hdr->bhsd", latent, self.v_up)
            attended = torch.einsum("bhts,bhsd->bthd", weights, value)
        return self.o_proj(attended.flatten(2))


class AlibiMultiQuery(nn.Module):
    """One key and value for all heads, a slope per head, causal, by baddbmm-free MatMul with heads beside the tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.c_attn = nn.Linear(WIDTH, WIDTH + 2 * SIZE)
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        batch, length, _ = hidden.shape
        query, key, value = self.c_attn(hidden).split([WIDTH, SIZE, SIZE], -1)
        # [B, T · H, d] against [B, d, S], as in GPT-BigCode
        query = query.reshape(batch, length * HEADS, SIZE)
        scores = torch.bmm(query, key.transpose(1, 2)).view(batch, length, HEADS, length) / math.sqrt(SIZE)
        distance = torch.arange(length)[None, :] - torch.arange(length)[:, None]
        slopes = 2.0 ** -torch.arange(1.0, HEADS + 1)
        scores = scores + (distance[:, None, :] * slopes[None, :, None])
        scores = torch.where((distance <= 0)[:, None, :], scores, torch.tensor(-1e4))
        weights = self.map(F.softmax(scores, -1)).reshape(batch, length * HEADS, length)
        return torch.bmm(weights, value).view(batch, length, WIDTH)


class CosineCross(nn.Module):
    """Unit vectors, a learnt temperature per head, a mask of the memory's padding, cross attention."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = linears("query", "key", "value")
        self.logit_scale = nn.Parameter(torch.zeros(HEADS, 1, 1))
        self.map = Map()

    def forward(self, tokens: Tensor, memory: Tensor, present: Tensor) -> Tensor:
        query = F.normalize(heads_of(self.parts["query"](tokens)), dim=-1)
        key = F.normalize(heads_of(self.parts["key"](memory)), dim=-1)
        value = heads_of(self.parts["value"](memory))
        scale = torch.clamp(self.logit_scale + 1.5, max=math.log(100)).exp()
        bias = (1.0 - present[:, None, None, :].float()) * torch.finfo(torch.float32).min
        return together(self.map(((query @ key.mT) * scale + bias).softmax(-1)) @ value)


class OffByOne(nn.Module):
    """exp(x) / (1 + sum of exp(x)), with the maximum subtracted from all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = linears("query", "key", "value")
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        query, key, value = (heads_of(self.parts[name](hidden)) for name in ("query", "key", "value"))
        scores = scores_of(query, key)
        top = scores.amax(-1, keepdim=True).clamp(min=0)
        raised = torch.exp(scores - top)
        return together(self.map(raised / (raised.sum(-1, keepdim=True) + torch.exp(-top))) @ value)


class Memory(nn.Module):
    """Learnt keys and values stand before those of the tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.in_proj = nn.Linear(WIDTH, 3 * WIDTH)
        self.memory_k = nn.Parameter(torch.zeros(1, 3, WIDTH))
        self.memory_v = nn.Parameter(torch.zeros(1, 3, WIDTH))
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        query, key, value = self.in_proj(hidden).chunk(3, -1)
        batch = hidden.size(0)
        key = torch.cat([(self.memory_k * 3).expand(batch, -1, -1), key], 1)
        value = torch.cat([self.memory_v.expand(batch, -1, -1), value], 1)
        query, key, value = heads_of(query), heads_of(key), heads_of(value)
        return together(self.map(scores_of(query, key).softmax(-1)) @ value)


class Gated(nn.Module):
    """What is read is gated by a sigmoid of the tokens, head by head."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = linears("query", "key", "value", "gate")
        self.norm = nn.LayerNorm(SIZE)
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        query, key, value, gate = (heads_of(self.parts[name](hidden)) for name in ("query", "key", "value", "gate"))
        read = self.map(scores_of(self.norm(query), self.norm(key)).softmax(-1)) @ value
        return together(read * torch.sigmoid(gate))


class SigmoidWeights(nn.Module):
    """No softmax: each pair's weight is a sigmoid of its score."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = linears("query", "key", "value")
        self.bias = nn.Parameter(torch.zeros(HEADS, 1, 1))
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        query, key, value = (heads_of(self.parts[name](hidden)) for name in ("query", "key", "value"))
        return together(self.map(torch.sigmoid(scores_of(query, key) + self.bias - 2)) @ value)


class PerceiverIO(nn.Module):
    """Latents read the input, then each other; output queries read the latents."""

    def __init__(self) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(5, WIDTH))
        self.asked = nn.Parameter(torch.zeros(3, WIDTH))
        self.layers = nn.ModuleList(linears("query", "key", "value", "out") for _ in range(3))
        self.norm = nn.LayerNorm(WIDTH)
        self.map = Map()

    def block(self, layer: Any, query: Tensor, source: Tensor) -> Tensor:
        asked, key, value = (
            heads_of(layer[name](self.norm(of))) for name, of in (("query", query), ("key", source), ("value", source))
        )
        return query + layer["out"](together(self.map(scores_of(asked, key).softmax(-1)) @ value))

    def forward(self, hidden: Tensor) -> Tensor:
        latents = (self.latents * 4).unsqueeze(0).repeat(hidden.size(0), 1, 1)
        latents = self.block(self.layers[0], latents, hidden)
        latents = self.block(self.layers[1], latents, latents)
        return self.block(self.layers[2], (self.asked * 4).unsqueeze(0).repeat(hidden.size(0), 1, 1), latents)


class AxialImage(nn.Module):
    """Rows and columns of an image from a convolution; both read in one layer and are added."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 2, 2)
        self.qkv = nn.Conv2d(WIDTH, 3 * WIDTH, 1)
        self.map = Map()

    def along(self, qkv: Tensor, columns: bool) -> Tensor:
        batch, _, height, width = qkv.shape
        parts = qkv.view(batch, 3, HEADS, SIZE, height, width)
        # [B · lines, H, cells, d]
        order = (0, 4, 1, 3, 2) if columns else (0, 3, 1, 4, 2)
        lines, cells = (width, height) if columns else (height, width)
        query, key, value = (
            parts[:, index].permute(order).reshape(batch * lines, HEADS, cells, SIZE) for index in range(3)
        )
        read = (self.map(scores_of(query, key).softmax(-1)) @ value).view(batch, lines, HEADS, cells, SIZE)
        back = (0, 2, 4, 3, 1) if columns else (0, 2, 4, 1, 3)
        return read.permute(back).reshape(batch, WIDTH, height, width)

    def forward(self, image: Tensor) -> Tensor:
        hidden = self.stem(image)
        qkv = self.qkv(hidden)
        return hidden + self.along(qkv, columns=False) + self.along(qkv, columns=True)


class SlidingGrouped(nn.Module):
    """Gemma-like: grouped heads, a soft cap, a causal window of three tokens, queries scaled beforehand."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.k_proj = nn.Linear(WIDTH, 2 * SIZE, bias=False)
        self.v_proj = nn.Linear(WIDTH, 2 * SIZE, bias=False)
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        batch, length, _ = hidden.shape
        query = self.q_proj(hidden).view(batch, length, 2, HEADS // 2, SIZE) * SIZE**-0.5
        key, value = (f(hidden).view(batch, length, 2, SIZE) for f in (self.k_proj, self.v_proj))
        scores = torch.einsum("btkgd,bskd->bkgts", query, key)
        scores = 5 * torch.tanh(scores / 5)
        places = torch.arange(length)
        gap = places[:, None] - places[None, :]
        scores = scores.masked_fill((gap < 0) | (gap >= 3), -2.3e38)
        read = torch.einsum("bkgts,bskd->btkgd", self.map(scores.softmax(-1)), value)
        return read.reshape(batch, length, WIDTH)


class WindowedImage(nn.Module):
    """Windows of an image by scaled_dot_product_attention, the second layer rolled by half a window."""

    WINDOW = 3

    def __init__(self, written: bool = False) -> None:
        super().__init__()
        self.written = written
        self.embed = nn.Conv2d(3, WIDTH, 2, 2)
        self.layers = nn.ModuleList(nn.Linear(WIDTH, 3 * WIDTH) for _ in range(2))
        self.norm = nn.LayerNorm(WIDTH)
        self.map = Map()

    def forward(self, image: Tensor) -> Tensor:
        hidden = self.embed(image).permute(0, 2, 3, 1)
        batch, height, width, _ = hidden.shape
        side = self.WINDOW
        for index, layer in enumerate(self.layers):
            here = self.norm(hidden)
            if index:
                here = torch.roll(here, (-1, -1), (1, 2))
            windows = here.view(batch, height // side, side, width // side, side, WIDTH).transpose(2, 3)
            query, key, value = (heads_of(each) for each in layer(windows.reshape(-1, side * side, WIDTH)).chunk(3, -1))
            if self.written:
                read = self.map(scores_of(query, key).softmax(-1)) @ value
            else:
                read = F.scaled_dot_product_attention(query, key, value)
            back = together(read).view(batch, height // side, width // side, side, side, WIDTH).transpose(2, 3)
            back = back.reshape(batch, height, width, WIDTH)
            hidden = hidden + (torch.roll(back, (1, 1), (1, 2)) if index else back)
        return hidden


class Translator(nn.Module):
    """Encoder and decoder of two layers each, cross attention over the encoder's end, padding in the source."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(30, WIDTH)
        self.encoder = nn.ModuleList(linears("query", "key", "value", "out", "up", "down") for _ in range(2))
        self.decoder = nn.ModuleList(linears("query", "key", "value", "out") for _ in range(2))
        self.across = nn.ModuleList(linears("query", "key", "value", "out") for _ in range(2))
        self.norm = nn.LayerNorm(WIDTH)
        self.map = Map()

    def read(self, layer: Any, query: Tensor, source: Tensor, hidden: Tensor | None) -> Tensor:
        asked, key, value = heads_of(layer["query"](query)), heads_of(layer["key"](source)), heads_of(layer["value"](source))
        scores = scores_of(asked, key)
        if hidden is not None:
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        return layer["out"](together(self.map(F.softmax(scores, dim=-1)) @ value))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        padding = (source == 0)[:, None, None, :]
        memory = self.table(source) * 3
        for layer in self.encoder:
            here = self.norm(memory)
            memory = memory + self.read(layer, here, here, padding)
            memory = memory + layer["down"](F.gelu(layer["up"](self.norm(memory))))
        hidden = self.table(target) * 3
        later = torch.ones(target.size(1), target.size(1), dtype=torch.bool).triu(1)
        for layer, across in zip(self.decoder, self.across, strict=True):
            here = self.norm(hidden)
            hidden = hidden + self.read(layer, here, here, later)
            hidden = hidden + self.read(across, self.norm(hidden), memory, padding)
        return hidden @ self.table.weight.t()


class GroupedStep(nn.Module):
    """One token, a cache of grouped keys [B, kv, S, d], rotary angles from its position."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(WIDTH, WIDTH)
        self.k_proj = nn.Linear(WIDTH, 2 * SIZE)
        self.v_proj = nn.Linear(WIDTH, 2 * SIZE)
        self.map = Map()

    def forward(self, hidden: Tensor, position: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        angles = position[:, None, :, None].float() * torch.tensor([1.0, 0.1, 1.0, 0.1])

        def turned(part: Tensor) -> Tensor:
            left, right = part.chunk(2, -1)
            return part * angles.cos() + torch.cat([-right, left], -1) * angles.sin()

        query, key = turned(heads_of(self.q_proj(hidden))), turned(heads_of(self.k_proj(hidden), 2))
        keys = torch.cat([keys, key], 2)
        values = torch.cat([values, heads_of(self.v_proj(hidden), 2)], 2)
        batch, groups, length, size = keys.shape
        wide = [
            each[:, :, None].expand(batch, groups, HEADS // groups, length, size).reshape(batch, HEADS, length, size)
            for each in (keys, values)
        ]
        return together(self.map(scores_of(query, wide[0]).softmax(-1)) @ wide[1]), keys, values


class GatedPositions(nn.Module):
    """ConViT: a gate between a softmax of contents and a softmax of positions, renormalised."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = linears("query", "key", "value")
        self.positions = nn.Linear(3, HEADS)
        self.gating = nn.Parameter(torch.zeros(HEADS))
        self.map = Map()

    def forward(self, patches: Tensor) -> Tensor:
        query, key, value = (heads_of(self.parts[name](patches)) for name in ("query", "key", "value"))
        places = torch.arange(9)
        dx = (places % 3)[None, :] - (places % 3)[:, None]
        dy = (places // 3)[None, :] - (places // 3)[:, None]
        relative = torch.stack([dx, dy, dx * dx + dy * dy], -1).float()
        position = self.positions(relative).permute(2, 0, 1)[None].expand(patches.size(0), -1, -1, -1).softmax(-1)
        gate = torch.sigmoid(self.gating * 3).view(1, -1, 1, 1)
        both = (1 - gate) * scores_of(query, key).softmax(-1) + gate * position
        return together(self.map(both / both.sum(-1, keepdim=True)) @ value)


class TwoSoftmaxes(nn.Module):
    """The differential transformer with two softmaxes of their own, a factor per head, and a norm over each head."""

    def __init__(self) -> None:
        super().__init__()
        self.first = linears("query", "key")
        self.second = linears("query", "key")
        self.value = nn.Linear(WIDTH, WIDTH)
        self.factor = nn.Parameter(torch.zeros(HEADS, 1, 1))
        self.norm = nn.LayerNorm(SIZE)
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        one, other = (
            self.map(scores_of(heads_of(pair["query"](hidden)), heads_of(pair["key"](hidden))).softmax(-1))
            for pair in (self.first, self.second)
        )
        weights = self.map(one - torch.sigmoid(self.factor) * other)
        return together(self.norm(weights @ heads_of(self.value(hidden))))


class ReAttention(nn.Module):
    """DeepViT: a convolution mixes the heads of the map, and a norm follows."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.mix = nn.Conv2d(HEADS, HEADS, 1)
        self.norm = nn.BatchNorm2d(HEADS)
        self.map = Map()

    def forward(self, patches: Tensor) -> Tensor:
        query, key, value = (heads_of(each) for each in self.qkv(patches).chunk(3, -1))
        weights = scores_of(query, key).softmax(-1)
        return together(self.map(self.norm(self.mix(weights))) @ value)


class LinearTalking(nn.Module):
    """CaiT: heads are mixed by linear layers on the last axis, before the softmax and after it."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj_l = nn.Linear(HEADS, HEADS)
        self.proj_w = nn.Linear(HEADS, HEADS)
        self.map = Map()

    def forward(self, patches: Tensor) -> Tensor:
        query, key, value = (heads_of(each) for each in self.qkv(patches).chunk(3, -1))
        scores = self.proj_l(scores_of(query, key).permute(0, 2, 3, 1) * 3).permute(0, 3, 1, 2)
        weights = self.proj_w(scores.softmax(-1).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return together(self.map(weights) @ value)


class ClassAttention(nn.Module):
    """CaiT's last layers: only the class token asks, of itself and the patches."""

    def __init__(self) -> None:
        super().__init__()
        self.cls = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.parts = linears("query", "key", "value")
        self.head = nn.Linear(WIDTH, 5)
        self.map = Map()

    def forward(self, patches: Tensor) -> Tensor:
        hidden = torch.cat([(self.cls * 5).expand(patches.size(0), -1, -1), patches], 1)
        query = self.parts["query"](hidden[:, 0]).unsqueeze(1).reshape(-1, 1, HEADS, SIZE).permute(0, 2, 1, 3)
        key, value = heads_of(self.parts["key"](hidden)), heads_of(self.parts["value"](hidden))
        read = self.map((query * SIZE**-0.5 @ key.transpose(-2, -1)).softmax(dim=-1)) @ value
        return self.head(read.transpose(1, 2).reshape(-1, WIDTH)).softmax(-1)


class SpeechDecoder(nn.Module):
    """One step of an additive attention: the decoder's state against all of the encoder's, then a GRU cell."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.GRU(6, WIDTH // 2, batch_first=True, bidirectional=True)
        self.query = nn.Linear(WIDTH, 10)
        self.key = nn.Linear(WIDTH, 10, bias=False)
        self.energy = nn.Linear(10, 1)
        self.cell = nn.GRUCell(WIDTH, WIDTH)
        self.map = Map()

    def forward(self, frames: Tensor, state: Tensor) -> Tensor:
        memory, _ = self.encoder(frames)
        hidden = torch.tanh(self.query(state)[:, None] + self.key(memory * 4))
        weights = self.map(F.softmax(self.energy(hidden * 4).squeeze(2), dim=1))
        return self.cell(torch.bmm(weights.unsqueeze(1), memory).squeeze(1), state)


class GraphAttentionTwo(nn.Module):
    """GATv2 on a dense graph: the activation comes before the vector that scores a pair."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(WIDTH, WIDTH)
        self.right = nn.Linear(WIDTH, WIDTH)
        self.attn = nn.Parameter(torch.zeros(HEADS, SIZE))
        self.map = Map()

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        left, right = (f(nodes).view(-1, HEADS, SIZE) for f in (self.left, self.right))
        pairs = F.leaky_relu(left[:, None] + right[None, :], 0.2)
        scores = (pairs * self.attn * 8).sum(-1)
        scores = scores.masked_fill(adjacency[:, :, None] == 0, float("-inf"))
        alpha = self.map(torch.softmax(scores, 1))
        return torch.einsum("ijh,jhf->ihf", alpha, right).reshape(-1, WIDTH)


class NativeHeads(nn.Module):
    """A list of heads, each with matrices of its own, their results joined (the way of many notebooks)."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.ModuleDict({name: nn.Linear(WIDTH, SIZE, bias=False) for name in ("key", "query", "value")}) for _ in range(2)
        )
        self.register_buffer("tril", torch.tril(torch.ones(8, 8)))
        self.map = Map()

    def forward(self, hidden: Tensor) -> Tensor:
        results = []
        length = hidden.size(1)
        for head in self.heads:
            scores = head["query"](hidden) @ head["key"](hidden).transpose(-2, -1) * WIDTH**-0.5
            scores = scores.masked_fill(self.tril[:length, :length] == 0, float("-inf"))
            results.append(self.map(F.softmax(scores, dim=-1)) @ head["value"](hidden))
        return torch.cat(results, -1)


class LocalGlobal(nn.Module):
    """Strided keys by a convolution (spatial reduction) in one branch, and a pooled image in the other."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.kv = nn.Linear(WIDTH, 2 * WIDTH)
        self.pool_kv = nn.Linear(WIDTH, 2 * WIDTH)
        self.reduce = nn.Conv2d(WIDTH, WIDTH, 2, 2)
        self.map = Map()

    def forward(self, image: Tensor) -> Tensor:
        batch, channels, height, width = image.shape
        tokens = image.flatten(2).transpose(1, 2)
        query = heads_of(self.query(tokens))
        small = self.reduce(image).flatten(2).transpose(1, 2)
        pooled = F.adaptive_avg_pool2d(image, 2).flatten(2).transpose(1, 2)
        result = 0
        for kv, source in ((self.kv, small), (self.pool_kv, pooled)):
            key, value = (heads_of(each) for each in kv(source).chunk(2, -1))
            result = result + together(self.map(scores_of(query, key).softmax(-1)) @ value)
        return (tokens + result).transpose(1, 2).view(batch, channels, height, width)


class SoftMoE(nn.Module):
    """Slots of experts take shares of tokens, tokens take shares of slots: a router."""

    def __init__(self) -> None:
        super().__init__()
        self.phi = nn.Parameter(torch.zeros(WIDTH, 6))
        self.experts = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(3))

    def forward(self, hidden: Tensor) -> Tensor:
        logits = hidden @ self.phi
        slots = logits.softmax(1).transpose(1, 2) @ hidden
        made = torch.cat([expert(part) for expert, part in zip(self.experts, slots.chunk(3, 1), strict=True)], 1)
        return logits.softmax(-1) @ made


class Capsules(nn.Module):
    """Routing by agreement: shares among capsules, from what they agreed on before."""

    def __init__(self) -> None:
        super().__init__()
        self.votes = nn.Parameter(torch.zeros(7, 4, 5, WIDTH))

    def forward(self, parts: Tensor) -> Tensor:
        votes = torch.einsum("ijdw,biw->bijd", self.votes, parts)
        logits = torch.zeros(parts.size(0), 7, 4)
        whole = votes.mean(1)
        for _ in range(2):
            shares = F.softmax(logits, dim=2)
            whole = torch.tanh((shares[..., None] * votes).sum(1))
            logits = logits + (votes * whole[:, None]).sum(-1)
        return whole


class Codebook(nn.Module):
    """Soft assignment to a learnt codebook by distance, and a pooled descriptor (NetVLAD)."""

    def __init__(self) -> None:
        super().__init__()
        self.assign = nn.Conv2d(WIDTH, 5, 1)
        self.centres = nn.Parameter(torch.zeros(5, WIDTH))

    def forward(self, image: Tensor) -> Tensor:
        shares = self.assign(image).flatten(2).softmax(1)
        cells = image.flatten(2)
        residuals = cells[:, None] - self.centres[None, :, :, None]
        described = (residuals * shares[:, :, None]).sum(-1)
        nearest = torch.softmax(-torch.cdist(described, self.centres[None]) ** 2, -1) @ self.centres
        return F.normalize(described + nearest, dim=-1)


class StatisticsPooling(nn.Module):
    """Speaker embeddings: shares of the frames from the frames and their mean, then a weighted mean and deviation."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(2 * WIDTH, 8, 1)
        self.second = nn.Conv1d(8, WIDTH, 1)

    def forward(self, frames: Tensor) -> Tensor:
        mean = frames.mean(-1, keepdim=True).expand_as(frames)
        weights = torch.softmax(self.second(torch.tanh(self.first(torch.cat([frames, mean], 1)))), -1)
        average = (frames * weights).sum(-1)
        return torch.cat([average, ((frames**2 * weights).sum(-1) - average**2).clamp(min=1e-5).sqrt()], -1)


class Retention(nn.Module):
    """RetNet: scores decay with distance and are never normalised; there are no probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = linears("query", "key", "value")

    def forward(self, hidden: Tensor) -> Tensor:
        query, key, value = (heads_of(self.parts[name](hidden)) for name in ("query", "key", "value"))
        places = torch.arange(hidden.size(1))
        gap = places[:, None] - places[None, :]
        decay = torch.where(gap >= 0, 0.8**gap.float(), torch.tensor(0.0))
        return together((query @ key.transpose(-1, -2) * decay) @ value)


def neural_engine() -> Made:
    """Channels before tokens, one head after another, keys before queries: as the Neural Engine likes it."""
    hidden = numbers(700, BATCH, WIDTH, 1, 9)
    kernels = {name: numbers(701 + index, WIDTH, WIDTH, 1, 1, spread=0.4) for index, name in enumerate("qkv")}
    g = Nodes(17)
    parts = {
        name: g.node("Conv", f"{name}_proj", "x", g.weight(kernel, f"{name}_weight"), kernel_shape=[1, 1])
        for name, kernel in kernels.items()
    }
    sizes = g.weight(np.array([SIZE] * HEADS, np.int64), "sizes")
    results = []
    for head in range(HEADS):
        cut = {}
        for name, part in parts.items():
            bounds = [g.weight(np.array([at], np.int64), f"{name}_{head}_{at}_{of}") for of, at in (("from", head * SIZE), ("to", (head + 1) * SIZE), ("axis", 1))]
            cut[name] = g.node("Slice", f"{name}_{head}", part, *bounds)
        keys = g.node("Transpose", f"k_{head}_turned", cut["k"], perm=[0, 3, 2, 1])
        scores = g.node("Einsum", f"scores_{head}", cut["q"], keys, equation="bchq,bkhc->bkhq")
        scaled = g.node("Mul", f"scaled_{head}", scores, g.weight(np.array(SIZE**-0.5, np.float32), f"scale_{head}"))
        map_ = g.node("Softmax", f"weights_{head}", scaled, axis=1)
        results.append(g.node("Einsum", f"read_{head}", map_, cut["v"], equation="bkhq,bchk->bchq"))
    del sizes
    g.node("Concat", "joined", *results, out="output", axis=1)

    q, k, v = (np.einsum("bcht,oc->bot", hidden.astype(float), kernels[name][:, :, 0, 0]) for name in "qkv")
    split = lambda each: each.reshape(BATCH, HEADS, SIZE, -1)  # noqa: E731
    p = softmaxed(np.einsum("bhdt,bhds->bhts", split(q), split(k)) * SIZE**-0.5)
    expected = np.einsum("bhts,bhds->bhdt", p, split(v)).reshape(BATCH, WIDTH, 1, -1)
    made = of_numpy("blind-neural-engine", g, {"x": hidden}, {"x": (BATCH, WIDTH, 1, 9)}, p, expected, "channels first, a softmax per head")
    maps = [made.maps[0][:, head : head + 1] for head in range(HEADS)]
    return Made(**{**made.__dict__, "maps": maps, "kinds": ["self"] * HEADS, "heads": 1})


def paddle() -> Made:
    """As paddle2onnx writes ERNIE: opset 11, Scale as Mul and Add, shapes from Shape and Slice, a mask from the ids."""
    ids = np.array([[5, 3, 9, 2, 7, 0, 0], [4, 8, 1, 6, 2, 3, 5]], np.int64)
    table = numbers(710, 12, WIDTH)
    kernels = {name: numbers(711 + index, WIDTH, WIDTH, spread=0.4) for index, name in enumerate("qkv")}
    g = Nodes(11)
    hidden = g.node("Gather", "embedding_0.tmp_0", g.weight(table, "word_embedding"), "ids", axis=0)
    zero = g.node("Equal", "equal_0.tmp_0", "ids", g.weight(np.array([0], np.int64), "pad"))
    holes = g.node("Cast", "cast_0.tmp_0", zero, to=1)
    wide = g.node("Unsqueeze", "unsqueeze2_0.tmp_0", holes, axes=[1, 2])
    mask = g.node("Mul", "scale_0.tmp_0", wide, g.weight(np.array([-1e4], np.float32), "scale_value"))

    def projected(name: str) -> str:
        product = g.node("MatMul", f"linear_{name}.tmp_0", hidden, g.weight(kernels[name], f"linear_{name}.w_0"))
        shaped = g.node("Reshape", f"reshape2_{name}.tmp_0", product, g.weight(np.array([0, 0, HEADS, SIZE], np.int64), f"shape_{name}"))
        return g.node("Transpose", f"transpose_{name}.tmp_0", shaped, perm=[0, 2, 1, 3])

    query = g.node("Mul", "scale_1.tmp_0", projected("q"), g.weight(np.array([SIZE**-0.5], np.float32), "scale_1"))
    key = g.node("Transpose", "transpose_k.tmp_1", projected("k"), perm=[0, 1, 3, 2])
    scores = g.node("Add", "tmp_0", g.node("MatMul", "matmul_v2_0.tmp_0", query, key), mask)
    map_ = g.node("Softmax", "softmax_0.tmp_0", scores, axis=3)
    read = g.node("Transpose", "transpose_0.tmp_9", g.node("MatMul", "matmul_v2_1.tmp_0", map_, projected("v")), perm=[0, 2, 1, 3])
    g.node("Reshape", "reshape2_9.tmp_0", read, g.weight(np.array([0, 0, WIDTH], np.int64), "shape_9"), out="output")

    looked = table[ids].astype(float)
    split = lambda each: each.reshape(BATCH, -1, HEADS, SIZE).transpose(0, 2, 1, 3)  # noqa: E731
    q, k, v = (split(looked @ kernels[name]) for name in "qkv")
    p = softmaxed(np.einsum("bhtd,bhsd->bhts", q, k) * SIZE**-0.5 - 1e4 * (ids == 0)[:, None, None])
    expected = np.einsum("bhts,bhsd->bthd", p, v).reshape(BATCH, -1, WIDTH)
    return of_numpy("blind-paddle", g, {"ids": ids}, {"ids": ("batch", "length")}, p, expected, "paddle2onnx style, opset 11")


def jax_sinks() -> Made:
    """Grouped heads with a learnt sink beside the scores, a local causal window, under vmap over the batch, in JAX."""
    import jax
    import jax.numpy as jnp
    from jax2onnx import to_onnx

    length, groups = 9, 2
    hidden = numbers(720, BATCH, length, WIDTH)
    wq = numbers(721, WIDTH, groups, HEADS // groups, SIZE, spread=0.5)
    wk, wv = (numbers(722 + i, WIDTH, groups, SIZE, spread=0.5) for i in range(2))
    sink = numbers(725, groups, HEADS // groups)

    def one(tokens: Any) -> tuple[Any, Any]:
        q = jnp.einsum("td,dkgc->tkgc", tokens, wq) * SIZE**-0.5
        k, v = jnp.einsum("sd,dkc->skc", tokens, wk), jnp.einsum("sd,dkc->skc", tokens, wv)
        scores = jnp.einsum("tkgc,skc->kgts", q, k)
        gap = jnp.arange(length)[:, None] - jnp.arange(length)[None, :]
        scores = jnp.where((gap >= 0) & (gap < 4), scores, -1e30)
        beside = jnp.broadcast_to(sink[:, :, None, None], (*scores.shape[:3], 1))
        weights = jax.nn.softmax(jnp.concatenate([scores, beside], -1), axis=-1)[..., :-1]
        return jnp.einsum("kgts,skc->tkgc", weights, v).reshape(length, WIDTH), weights

    wanted, maps = jax.vmap(one)(hidden)
    model = to_onnx(
        lambda tokens: jax.vmap(lambda each: one(each)[0])(tokens),
        [jax.ShapeDtypeStruct(hidden.shape, hidden.dtype)],
        opset=21,
        input_names=["x"],
        output_names=["output"],
    )
    assert np.abs(run(model, {"x": hidden})[0] - np.asarray(wanted)).max() < 1e-4
    return Made(
        name="blind-jax-sinks",
        family="jax-sinks",
        exporter="jax2onnx",
        opset=21,
        attention="sinks, grouped, a local window, vmap",
        model=model,
        inputs={"x": hidden},
        maps=[np.asarray(maps, np.float32).reshape(BATCH, HEADS, length, length)],
        kinds=["self"],
        references="JAX",
        heads=HEADS,
        rows_sum_to_one=False,
        extra={"blind": True},
    )


MEMORY = {"tokens": noise(BATCH, 6, WIDTH, seed=730), "memory": noise(BATCH, 9, WIDTH, seed=731)}
GRAPH = (noise(8, 8, seed=732) > 0.1).float() + torch.eye(8)
IMAGE = noise(BATCH, 3, 12, 12, seed=733)
WINDOWED = WindowedImage(written=True)


def windows(name: str, exporter: Any, opset: int, says: str) -> Made:
    return of_torch(
        name, WindowedImage(), {"image": IMAGE}, exporter, opset, ("self", "self"), says=says, twin=WindowedImage(written=True)
    )


def plain(name: str, module: Any, exporter: Any, opset: int, says: str, **more: Any) -> Maker:
    """A model that reads one sequence."""
    return lambda: of_torch(name, module, more.pop("inputs", x(seed=740)), exporter, opset, more.pop("kinds", ("self",)), says=says, **more)


def one_head(map_: Tensor) -> Tensor:
    return map_[:, None]


MAKERS: dict[str, Maker] = {
    "blind-latent": plain("blind-latent", Latent(False), "dynamo", 18, "latent keys and values, a shared rotary part"),
    "blind-latent-absorbed": plain("blind-latent-absorbed", Latent(True), "torchscript", 17, "latent attention, matrices absorbed", axes={"hidden": {}}, inputs={"hidden": noise(BATCH, 8, WIDTH, seed=741)}),
    "blind-alibi-multi-query": plain("blind-alibi-multi-query", AlibiMultiQuery(), "torchscript", 13, "tokens and heads merged, ALiBi", reshape=lambda map_: map_.transpose(1, 2)),
    "blind-cosine-cross": plain("blind-cosine-cross", CosineCross(), "dynamo", 20, "cosine, learnt temperature, padded memory", kinds=("cross",), inputs=MEMORY | {"present": torch.arange(9)[None] < torch.tensor([[9], [5]])}),
    "blind-off-by-one": plain("blind-off-by-one", OffByOne(), "torchscript", 17, "softmax with one more in the sum, written out", rows_sum_to_one=False),
    "blind-memory-tokens": plain("blind-memory-tokens", Memory(), "torchscript", 16, "learnt keys and values before the tokens'", axes={"hidden": SEQUENCE}, inputs={"hidden": noise(BATCH, 8, WIDTH, seed=742)}),
    "blind-output-gate": plain("blind-output-gate", Gated(), "dynamo", 18, "what is read is gated by a sigmoid"),
    "blind-sigmoid-weights": plain("blind-sigmoid-weights", SigmoidWeights(), "dynamo", 18, "a sigmoid in the place of the softmax", rows_sum_to_one=False),
    "blind-perceiver-io": plain("blind-perceiver-io", PerceiverIO(), "torchscript", 17, "latents read, think, and are read", kinds=("cross", "self", "cross")),
    "blind-axial-image": plain("blind-axial-image", AxialImage(), "dynamo", 18, "rows and columns of an image", kinds=("self", "self"), inputs={"image": noise(BATCH, 3, 8, 12, seed=743)}),
    "blind-sliding-grouped": plain("blind-sliding-grouped", SlidingGrouped(), "dynamo", 21, "grouped, capped, a causal window", reshape=lambda map_: map_.flatten(1, 2)),
    "blind-windows-fused": lambda: windows("blind-windows-fused", "dynamo", 23, "windows of an image, rolled, opset 23"),
    "blind-windows-traced": lambda: windows("blind-windows-traced", "torchscript", 15, "windows of an image, rolled"),
    "blind-translator": plain("blind-translator", Translator(), "torchscript", 17, "encoder and decoder", kinds=("self", "self", "self", "cross", "self", "cross"), inputs={"source": torch.tensor([[5, 3, 9, 2, 7, 0, 0], [4, 8, 1, 6, 2, 3, 5]]), "target": torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 9, 1]])}, axes={"source": SEQUENCE, "target": {0: "batch", 1: "target"}}),
    "blind-grouped-step": plain("blind-grouped-step", GroupedStep(), "torchscript", 17, "one token, grouped cache, rotary", inputs={"hidden": noise(BATCH, 1, WIDTH, seed=744), "position": torch.tensor([[6], [6]]), "keys": noise(BATCH, 2, 6, SIZE, seed=745), "values": noise(BATCH, 2, 6, SIZE, seed=746)}, outputs=("output", "new_keys", "new_values"), axes={name: {0: "batch", 2: "past"} for name in ("keys", "values")} | {"hidden": {0: "batch"}, "position": {0: "batch"}}),
    "blind-gated-positions": plain("blind-gated-positions", GatedPositions(), "dynamo", 18, "a gate between contents and positions", inputs=x(9, seed=747)),
    "blind-two-softmaxes": plain("blind-two-softmaxes", TwoSoftmaxes(), "torchscript", 17, "differential, two softmaxes; each of them, then the difference", kinds=("self", "self", "self"), rows_sum_to_one=False),
    "blind-re-attention": plain("blind-re-attention", ReAttention(), "dynamo", 18, "a convolution mixes heads, a norm follows", rows_sum_to_one=False),
    "blind-linear-talking": plain("blind-linear-talking", LinearTalking(), "torchscript", 17, "linear layers mix heads", rows_sum_to_one=False),
    "blind-class-attention": plain("blind-class-attention", ClassAttention(), "torchscript", 14, "only the class token asks", other_softmaxes=1),
    "blind-speech-decoder": plain("blind-speech-decoder", SpeechDecoder(), "torchscript", 15, "additive, one query, recurrent", kinds=("cross",), inputs={"frames": noise(BATCH, 9, 6, seed=748), "state": noise(BATCH, WIDTH, seed=749)}, reshape=lambda map_: map_[:, None, None]),
    "blind-graph-two": plain("blind-graph-two", GraphAttentionTwo(), "dynamo", 18, "GATv2", inputs={"nodes": noise(8, WIDTH, seed=750), "adjacency": GRAPH}, reshape=lambda map_: map_.permute(2, 0, 1)[None]),
    "blind-notebook": plain("blind-notebook", NativeHeads(), "dynamo", 18, "a list of single heads", kinds=("self", "self"), reshape=one_head, axes={"hidden": {0: "batch"}}, inputs={"hidden": noise(BATCH, 8, WIDTH, seed=751)}),
    "blind-reduced-keys": plain("blind-reduced-keys", LocalGlobal(), "torchscript", 17, "keys from a strided convolution, and from pooling", kinds=("self", "self"), inputs={"image": noise(BATCH, WIDTH, 4, 4, seed=752)}),
    "blind-neural-engine": neural_engine,
    "blind-paddle": paddle,
    "blind-jax-sinks": jax_sinks,
    "blind-soft-experts": plain("blind-soft-experts", SoftMoE(), "dynamo", 18, "no attention: soft experts", kinds=(), other_softmaxes=2),
    "blind-capsules": plain("blind-capsules", Capsules(), "torchscript", 17, "no attention: routing by agreement", kinds=(), other_softmaxes=None, inputs={"parts": noise(BATCH, 7, WIDTH, seed=753)}),
    "blind-codebook": plain("blind-codebook", Codebook(), "torchscript", 17, "no attention: a codebook", kinds=(), other_softmaxes=2, inputs={"image": noise(BATCH, WIDTH, 3, 3, seed=754)}),
    "blind-statistics": plain("blind-statistics", StatisticsPooling(), "dynamo", 18, "no attention: statistics of frames", kinds=(), other_softmaxes=1, inputs={"frames": noise(BATCH, WIDTH, 9, seed=755)}),
    "blind-retention": plain("blind-retention", Retention(), "dynamo", 18, "no attention: decaying scores", kinds=(), other_softmaxes=0),
}


def main() -> None:
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    packages = ("torch", "jax", "jax2onnx", "onnx", "onnxruntime", "numpy")
    run_makers(__file__, __doc__, MAKERS, packages, large=("blind-translator", "blind-windows-traced"))


if __name__ == "__main__":
    main()
