"""Makes the blind test: two dozen models of other authors' styles, invented by someone who has not read how this
repository finds attention. Whatever it makes of them is reported, misses included.

The reference maps are what meets the values: from hooks in PyTorch, from JAX, or from NumPy for graphs written node by
node. Where leading axes other than heads are batched (rows of an image, windows, sequences of an alignment), they are one
axis with the batch."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

warnings.simplefilter("ignore")

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from corpus_table import Array, Made, Maker, run, run_makers
from exporting import Exporter, export
from handwritten import Map
from subject import Kind, Site, Subject, randomise, recorded

BATCH = 2
WIDTH = 16
HEADS = 4
SIZE = WIDTH // HEADS


def noise(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def heads_of(x: Tensor, heads: int = HEADS) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def together(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


class TransformerXl(nn.Module):
    """Content and position terms with their own biases; positions are shifted by padding and slicing, and a memory of
    former tokens comes before the keys."""

    def __init__(self) -> None:
        super().__init__()
        self.q_net = nn.Linear(WIDTH, WIDTH, bias=False)
        self.kv_net = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.r_net = nn.Linear(WIDTH, WIDTH, bias=False)
        self.r_w_bias = nn.Parameter(torch.zeros(HEADS, SIZE))
        self.r_r_bias = nn.Parameter(torch.zeros(HEADS, SIZE))
        self.o_net = nn.Linear(WIDTH, WIDTH, bias=False)
        self.map = Map()

    def forward(self, w: Tensor, memory: Tensor) -> Tensor:
        # [tokens, batch, width] as in the original
        cat = torch.cat([memory, w], 0)
        klen, qlen, batch = cat.size(0), w.size(0), w.size(1)
        query = self.q_net(w).view(qlen, batch, HEADS, SIZE)
        key, value = self.kv_net(cat).chunk(2, dim=-1)
        key, value = key.view(klen, batch, HEADS, SIZE), value.view(klen, batch, HEADS, SIZE)
        places = torch.arange(klen - 1, -1, -1.0)
        angles = torch.outer(places, 1 / (10000 ** (torch.arange(0.0, WIDTH, 2.0) / WIDTH)))
        r = self.r_net(torch.cat([angles.sin(), angles.cos()], -1)).view(klen, HEADS, SIZE)
        ac = torch.einsum("ibnd,jbnd->bnij", query + self.r_w_bias, key)
        bd = torch.einsum("ibnd,jnd->bnij", query + self.r_r_bias, r)
        padded = F.pad(bd, (1, 0)).view(batch, HEADS, klen + 1, qlen)
        bd = padded[:, :, 1:].view(batch, HEADS, qlen, klen)
        score = (ac + bd) * (1 / SIZE**0.5)
        later = torch.triu(torch.ones(qlen, klen), 1 + klen - qlen).bool()
        prob = self.map(score.masked_fill(later, -1e30).softmax(3))
        vec = torch.einsum("bnij,jbnd->ibnd", prob, value)
        return w + self.o_net(vec.reshape(qlen, batch, WIDTH))


class TalkingHeads(nn.Module):
    """Heads are mixed before the softmax and after it, so that rows of what meets the values need not sum to one."""

    def __init__(self) -> None:
        super().__init__()
        self.to_q = nn.Linear(WIDTH, WIDTH, bias=False)
        self.to_kv = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.mix_before = nn.Parameter(torch.zeros(HEADS, HEADS))
        self.mix_after = nn.Parameter(torch.zeros(HEADS, HEADS))
        self.map = Map()

    def forward(self, x: Tensor) -> Tensor:
        query, (key, value) = heads_of(self.to_q(x)), (heads_of(each) for each in self.to_kv(x).chunk(2, -1))
        dots = query @ key.transpose(-1, -2) * SIZE**-0.5
        dots = torch.einsum("bhij,hg->bgij", dots, self.mix_before * 4 + torch.eye(HEADS))
        attn = torch.einsum("bhij,hg->bgij", dots.softmax(-1), self.mix_after + torch.eye(HEADS))
        return together(self.map(attn) @ value)


class Differential(nn.Module):
    """The difference of two softmaxes weighs the values (DIFF Transformer)."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.k_proj = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.v_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.lambda_q = nn.Parameter(torch.zeros(SIZE))
        self.lambda_k = nn.Parameter(torch.zeros(SIZE))
        self.map = Map()

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        query = self.q_proj(x).view(batch, length, 2 * HEADS, SIZE).transpose(1, 2)
        key = self.k_proj(x).view(batch, length, 2 * HEADS, SIZE).transpose(1, 2)
        value = heads_of(self.v_proj(x))
        weights = torch.matmul(query * SIZE**-0.5, key.transpose(-1, -2)).softmax(-1)
        weights = weights.view(batch, HEADS, 2, length, length)
        share = torch.exp((self.lambda_q * self.lambda_k).sum()) * 0.4
        first, second = self.map(weights[:, :, 0]), self.map(weights[:, :, 1])
        return together(self.map(first - share * second) @ value)


class Axial(nn.Module):
    """An image's rows attend within themselves, then its columns."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.columns = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.map = Map()

    def line(self, x: Tensor, to_qkv: nn.Linear) -> Tensor:
        query, key, value = (heads_of(each) for each in to_qkv(x).chunk(3, -1))
        return together(self.map((query @ key.transpose(2, 3) * SIZE**-0.5).softmax(-1)) @ value)

    def forward(self, image: Tensor) -> Tensor:
        batch, height, width, _ = image.shape
        x = image.reshape(batch * height, width, WIDTH)
        x = x + self.line(x, self.rows)
        x = x.view(batch, height, width, WIDTH).transpose(1, 2).reshape(batch * width, height, WIDTH)
        x = x + self.line(x, self.columns)
        return x.view(batch, width, height, WIDTH).transpose(1, 2)


class InducingPoints(nn.Module):
    """Set Transformer: learnt points read the set, the set reads the points, by scaled_dot_product_attention."""

    def __init__(self, written: bool = False) -> None:
        super().__init__()
        self.points = nn.Parameter(torch.zeros(1, 5, WIDTH))
        self.query = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))
        self.key = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))
        self.value = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))
        self.written = written
        self.map = Map()

    def block(self, index: int, x: Tensor, of: Tensor) -> Tensor:
        query, key, value = (heads_of(f[index](y)) for f, y in ((self.query, x), (self.key, of), (self.value, of)))
        if self.written:
            attended = self.map((query @ key.transpose(-1, -2) / math.sqrt(SIZE)).softmax(-1)) @ value
        else:
            attended = F.scaled_dot_product_attention(query, key, value)
        return x + torch.relu(together(attended))

    def forward(self, members: Tensor) -> Tensor:
        points = self.points * 5
        hidden = self.block(0, points.expand(members.size(0), -1, -1), members)
        return self.block(1, members, hidden)


class Slots(nn.Module):
    """Slot attention: slots compete by a softmax over *them*, and each slot's weights are then normalised over inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.project_q = nn.Linear(WIDTH, WIDTH, bias=False)
        self.project_k = nn.Linear(WIDTH, WIDTH, bias=False)
        self.project_v = nn.Linear(WIDTH, WIDTH, bias=False)
        self.norm = nn.LayerNorm(WIDTH)
        self.update = nn.GRUCell(WIDTH, WIDTH)
        self.map = Map()

    def forward(self, inputs: Tensor, slots: Tensor) -> Tensor:
        key, value = self.project_k(inputs), self.project_v(inputs)
        for _ in range(2):
            logits = torch.matmul(key, self.project_q(self.norm(slots)).transpose(1, 2)) * WIDTH**-0.5
            weights = torch.softmax(logits, dim=-1) + 1e-8
            weights = weights / weights.sum(dim=1, keepdim=True)
            updates = torch.matmul(self.map(weights.transpose(1, 2)), value)
            slots = self.update(updates.reshape(-1, WIDTH), slots.reshape(-1, WIDTH)).view(slots.shape)
        return slots


class SelfAttentionGan(nn.Module):
    """Convolutions make queries, keys and values; the values come first in the product."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Conv2d(WIDTH, 4, 1)
        self.key = nn.Conv2d(WIDTH, 4, 1)
        self.value = nn.Conv2d(WIDTH, WIDTH, 1)
        self.gamma = nn.Parameter(torch.ones(1))
        self.softmax = nn.Softmax(dim=-1)
        self.map = Map()

    def forward(self, image: Tensor) -> Tensor:
        batch, channels, height, width = image.size()
        query = self.query(image).view(batch, -1, height * width).permute(0, 2, 1)
        key = self.key(image).view(batch, -1, height * width)
        attention = self.map(self.softmax(torch.bmm(query, key)))
        value = self.value(image).view(batch, -1, height * width)
        out = torch.bmm(value, attention.permute(0, 2, 1)).view(batch, channels, height, width)
        return self.gamma * out + image


class Bahdanau(nn.Module):
    """Additive: a small network scores each pair of query and key."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, 12)
        self.key = nn.Linear(12, 12)
        self.score = nn.Linear(12, 1, bias=False)
        self.map = Map()

    def forward(self, states: Tensor, memory: Tensor, lengths: Tensor) -> Tensor:
        hidden = torch.tanh(self.query(states).unsqueeze(2) + self.key(memory).unsqueeze(1))
        scores = self.score(hidden * 3).squeeze(-1)
        inside = torch.arange(memory.size(1))[None, :] < lengths[:, None]
        scores = scores.masked_fill(~inside[:, None, :], -1e9)
        return torch.bmm(self.map(F.softmax(scores, dim=-1)), memory)


class Luong(nn.Module):
    """An LSTM's states ask an encoder's: the general score, one head, the context joined to the state."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.LSTM(8, WIDTH, batch_first=True)
        self.decoder = nn.LSTM(6, WIDTH, batch_first=True)
        self.key = nn.Linear(WIDTH, WIDTH, bias=False)
        self.concat = nn.Linear(2 * WIDTH, WIDTH)
        self.map = Map()

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        outputs, state = self.encoder(source)
        hidden, _ = self.decoder(target, state)
        energies = torch.bmm(hidden, (self.key(outputs) * 6).transpose(1, 2))
        context = self.map(F.softmax(energies, dim=2)).bmm(outputs)
        return torch.tanh(self.concat(torch.cat((context, hidden), -1)))


class KeysFirst(nn.Module):
    """Scores are keys by queries, and the softmax is exp(s - logsumexp(s)) down the columns."""

    def __init__(self) -> None:
        super().__init__()
        self.k = nn.Linear(WIDTH, WIDTH, bias=False)
        self.q = nn.Linear(WIDTH, WIDTH, bias=False)
        self.v = nn.Linear(WIDTH, WIDTH, bias=False)
        self.map = Map()

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (heads_of(f(x)) for f in (self.q, self.k, self.v))
        scores = torch.matmul(key, query.transpose(-2, -1)) / math.sqrt(SIZE)
        weights = torch.exp(scores - torch.logsumexp(scores, dim=-2, keepdim=True))
        return together(torch.matmul(self.map(weights).transpose(-2, -1), value))


class TopK(nn.Module):
    """Only the best four scores of a row survive; grouped heads by repeat_interleave; queries and keys normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.wq = nn.Linear(WIDTH, WIDTH, bias=False)
        self.wk = nn.Linear(WIDTH, WIDTH // 2, bias=False)
        self.wv = nn.Linear(WIDTH, WIDTH // 2, bias=False)
        self.query_norm = nn.LayerNorm(SIZE)
        self.key_norm = nn.LayerNorm(SIZE)
        self.map = Map()

    def forward(self, x: Tensor) -> Tensor:
        query = self.query_norm(heads_of(self.wq(x)))
        key = self.key_norm(heads_of(self.wk(x), 2)).repeat_interleave(2, dim=1)
        value = heads_of(self.wv(x), 2).repeat_interleave(2, dim=1)
        sim = torch.einsum("b h i d, b h j d -> b h i j", query, key)
        least = sim.topk(4, dim=-1).values[..., -1:]
        sim = sim.masked_fill(sim < least, -torch.finfo(sim.dtype).max)
        return torch.einsum("b h i j, b h j d -> b i h d", self.map(sim.softmax(-1)), value).flatten(2)


class CachedStep(nn.Module):
    """One token against a cache: multi-query, keys [B, S, d] in the cache, a position-dependent bias per head (ALiBi)."""

    def __init__(self) -> None:
        super().__init__()
        self.query_key_value = nn.Linear(WIDTH, WIDTH + 2 * SIZE)
        self.map = Map()

    def forward(self, x: Tensor, past_key: Tensor, past_value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = self.query_key_value(x).split([WIDTH, SIZE, SIZE], -1)
        key, value = torch.cat([past_key, key], 1), torch.cat([past_value, value], 1)
        batch = x.size(0)
        slopes = 2.0 ** -torch.arange(1.0, HEADS + 1)
        alibi = slopes[:, None] * torch.arange(key.size(1), dtype=torch.float32)[None, :]
        query = query.reshape(batch, HEADS, SIZE)
        scores = torch.baddbmm(alibi.expand(batch, -1, -1), query, key.transpose(1, 2), beta=1.0, alpha=SIZE**-0.5)
        weights = self.map(F.softmax(scores, dim=-1))
        return torch.bmm(weights, value).reshape(batch, 1, WIDTH), key, value


class GraphAttention(nn.Module):
    """GAT with a dense adjacency: scores are sums of two vectors' shares, and there is no product of nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(WIDTH, WIDTH, bias=False)
        self.source = nn.Parameter(torch.zeros(HEADS, SIZE))
        self.target = nn.Parameter(torch.zeros(HEADS, SIZE))
        self.map = Map()

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        hidden = self.lin(nodes).view(-1, HEADS, SIZE)
        left = (hidden * self.source * 12).sum(-1)
        right = (hidden * self.target * 12).sum(-1)
        e = F.leaky_relu(left.t()[:, :, None] + right.t()[:, None, :], 0.2)
        e = torch.where(adjacency > 0, e, torch.full_like(e, -9e15))
        alpha = self.map(torch.softmax(e, dim=-1))
        return F.elu(torch.matmul(alpha, hidden.transpose(0, 1)).transpose(0, 1).flatten(1))


class GraphTransformer(nn.Module):
    """Edges multiply the scores and are added to them; gates from edges follow the softmax (EGT)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.edges = nn.Linear(6, HEADS)
        self.gates = nn.Linear(6, HEADS)
        self.map = Map()

    def forward(self, h: Tensor, e: Tensor) -> Tensor:
        batch, length, _ = h.shape
        query, key, value = self.qkv(h).view(batch, length, 3, SIZE, HEADS).unbind(2)
        scores = torch.einsum("bldh,bmdh->blmh", query, key) * SIZE**-0.5
        scores = scores.clamp(-5, 5) + self.edges(e)
        attention = F.softmax(scores, dim=2) * torch.sigmoid(self.gates(e))
        return torch.einsum("blmh,bmkh->blkh", self.map(attention), value).reshape(batch, length, WIDTH)


class Covariance(nn.Module):
    """XCiT: channels attend to channels, over unit vectors, with a temperature per head."""

    def __init__(self) -> None:
        super().__init__()
        self.to_qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.map = Map()

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = self.to_qkv(x).reshape(batch, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 4, 1)
        query, key, value = F.normalize(qkv[0], dim=-1), F.normalize(qkv[1], dim=-1), qkv[2]
        attn = self.map(((query @ key.transpose(-2, -1)) * (self.temperature + 4)).softmax(dim=-1))
        return (attn @ value).permute(0, 3, 1, 2).reshape(batch, length, width)


class Broadcast(nn.Module):
    """No matrix product at all, in float64: multiply with broadcasting, then sum; the values likewise."""

    def __init__(self) -> None:
        super().__init__()
        self.q = nn.Linear(6, 6)
        self.k = nn.Linear(6, 6)
        self.v = nn.Linear(6, 6)
        self.map = Map()

    def forward(self, agents: Tensor) -> Tensor:
        query, key, value = self.q(agents), self.k(agents), self.v(agents)
        scores = (query[:, :, None, :] * key[:, None, :, :]).sum(-1) / math.sqrt(6)
        weights = self.map(torch.softmax(scores, -1))
        return (weights[..., None] * value[:, None, :, :]).sum(2)


class Banded(nn.Module):
    """Chunks of four tokens see themselves and the chunk before: five axes, keys gathered by concatenation."""

    CHUNK = 4

    def __init__(self) -> None:
        super().__init__()
        self.wq = nn.Linear(WIDTH, WIDTH)
        self.wk = nn.Linear(WIDTH, WIDTH)
        self.wv = nn.Linear(WIDTH, WIDTH)
        self.map = Map()

    def chunks(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        return x.view(batch, length // self.CHUNK, self.CHUNK, HEADS, SIZE).transpose(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.chunks(f(x)) for f in (self.wq, self.wk, self.wv))
        before = [F.pad(each, (0, 0, 0, 0, 0, 0, 1, 0))[:, :-1] for each in (key, value)]
        key, value = torch.cat([before[0], key], 3), torch.cat([before[1], value], 3)
        scores = query @ key.transpose(-1, -2) / math.sqrt(SIZE)
        first = torch.arange(scores.shape[1]) == 0
        padded = first[:, None] & (torch.arange(2 * self.CHUNK) < self.CHUNK)[None]
        scores = scores.masked_fill(padded[None, :, None, None, :], float("-inf"))
        result = self.map(scores.softmax(-1)) @ value
        return result.transpose(2, 3).reshape(x.shape)


class Probe(nn.Module):
    """SigLIP's pooling: a learnt probe asks the patches through nn.MultiheadAttention, then an MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.probe = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 24), nn.GELU(), nn.Linear(24, WIDTH))

    def forward(self, patches: Tensor) -> Tensor:
        probe = (self.probe * 6).repeat(patches.shape[0], 1, 1)
        pooled = self.attention(probe, patches, patches, need_weights=False)[0]
        return (pooled + self.mlp(pooled))[:, 0]


class DualSoftmax(nn.Module):
    """Matching of two images' features: rows' softmax times columns'. Nothing is weighed."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(WIDTH, WIDTH)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        similarity = torch.einsum("blc,bsc->bls", self.project(left), self.project(right)) / 0.5
        return F.softmax(similarity, 1) * F.softmax(similarity, 2)


class Deformable(nn.Module):
    """Weights of four sampled places are a linear map of the query: no keys."""

    def __init__(self) -> None:
        super().__init__()
        self.offsets = nn.Linear(WIDTH, HEADS * 4 * 2)
        self.weights = nn.Linear(WIDTH, HEADS * 4)
        self.value = nn.Conv2d(WIDTH, WIDTH, 1)

    def forward(self, query: Tensor, image: Tensor) -> Tensor:
        batch, length, _ = query.shape
        weights = self.weights(query).view(batch, length, HEADS, 4).softmax(-1)
        places = torch.tanh(self.offsets(query)).view(batch, length, HEADS, 4, 2)
        value = self.value(image).view(batch * HEADS, SIZE, *image.shape[2:])
        places = places.transpose(1, 2).reshape(batch * HEADS, length, 4, 2)
        sampled = F.grid_sample(value, places, align_corners=False).view(batch, HEADS, SIZE, length, 4)
        return (sampled * weights.transpose(1, 2)[:, :, None]).sum(-1).flatten(1, 2).transpose(1, 2)


class SelectiveKernel(nn.Module):
    """A softmax over two branches weighs channels of feature maps."""

    def __init__(self) -> None:
        super().__init__()
        self.near = nn.Conv2d(3, 8, 3, padding=1)
        self.far = nn.Conv2d(3, 8, 3, padding=2, dilation=2)
        self.squeeze = nn.Linear(8, 4)
        self.select = nn.Linear(4, 16)

    def forward(self, image: Tensor) -> Tensor:
        branches = torch.stack([self.near(image), self.far(image)], 1)
        summary = torch.relu(self.squeeze(branches.sum(1).mean((2, 3))))
        share = self.select(summary).view(-1, 2, 8).softmax(1)
        return (branches * share[..., None, None]).sum(1)


class MixtureDensity(nn.Module):
    """Means of a mixture, weighed by a softmax of the input: both are predicted, nothing is matched."""

    def __init__(self) -> None:
        super().__init__()
        self.share = nn.Linear(WIDTH, 5)
        self.means = nn.Linear(WIDTH, 5 * 3)

    def forward(self, x: Tensor) -> Tensor:
        share = self.share(x).softmax(-1)
        return torch.bmm(share.unsqueeze(1), self.means(x).view(-1, 5, 3)).squeeze(1)


class StereoMatching(nn.Module):
    """A product of the two images' features at each shift, a softmax over shifts, and the expected shift."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 6, 3, padding=1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        a, b = self.features(left), self.features(right)
        volume = torch.stack([(a * F.pad(b, (shift, 0))[..., : b.shape[-1]]).sum(1) for shift in range(4)], 1)
        return (volume.softmax(1) * torch.arange(4.0).view(1, 4, 1, 1)).sum(1)


Reshape = Callable[[Tensor], Tensor]


def of_torch(
    name: str,
    module: nn.Module,
    inputs: dict[str, Tensor],
    exporter: Exporter,
    opset: int,
    kinds: Sequence[Kind],
    *,
    says: str,
    reshape: Reshape = lambda map_: map_,
    axes: dict[str, dict[int, str]] | None = None,
    outputs: Sequence[str] = ("output",),
    twin: nn.Module | None = None,
    maps: Callable[[nn.Module], Sequence[Tensor]] | None = None,
    sharpness: float = 0.5,
    rows_sum_to_one: bool = True,
    other_softmaxes: int | None = 0,
) -> Made:
    """`twin` has the same weights and writes out what the module leaves to PyTorch."""
    randomise(module, sharpness=sharpness, spread=0.3)
    double = next(iter(inputs.values())).dtype == torch.float64
    module = module.double() if double else module
    if twin is not None:
        twin.load_state_dict(module.state_dict())
    if maps is not None:
        found = list(maps(module))
    else:
        calls = recorded(twin or module, list(inputs.values()), lambda each: isinstance(each, Map))
        found = [map_ for _, map_ in calls]
    found = [reshape(map_).float() for map_ in found]
    subject = Subject(
        module=module,
        inputs=inputs,
        outputs=tuple(outputs),
        sites=tuple(Site(kind, map_) for kind, map_ in zip(kinds, found, strict=True)),
        axes=axes or {},
    )
    return Made(
        name=name,
        family=name.removeprefix("blind-"),
        exporter=exporter,
        opset=opset,
        attention=says,
        model=export(subject, exporter, opset),
        inputs={key: each.numpy() for key, each in inputs.items()},
        maps=[site.probabilities.numpy() for site in subject.sites],
        kinds=kinds,
        references="forward hooks in PyTorch",
        layers=len(found),
        heads=found[0].shape[1] if found else 0,
        rows_sum_to_one=rows_sum_to_one,
        other_softmaxes=other_softmaxes,
        extra={"blind": True},
    )


def probe_maps(module: nn.Module) -> list[Tensor]:
    assert isinstance(module, Probe)
    patches = PATCHES["patches"]
    with torch.no_grad():
        probe = (module.probe * 6).repeat(patches.shape[0], 1, 1)
        return [module.attention(probe, patches, patches, need_weights=True, average_attn_weights=False)[1]]


ADJACENCY = (noise(9, 9, seed=505) > 0.1).float() + torch.eye(9)
PATCHES = {"patches": noise(BATCH, 12, WIDTH, seed=500)}
SEQUENCE = {0: "batch", 1: "sequence"}


class Nodes:
    """A graph written node by node."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, array: Any, name: str) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op: str, name: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [out or f"{name}:0"], name=name, **attributes))
        return self.nodes[-1].output[0]

    def model(self, inputs: dict[str, Array], dims: dict[str, Sequence[Any]], output: str, rank: int) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(each.dtype), dims[name])
                for name, each in inputs.items()
            ],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, rank * [None])],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 6 if self.opset < 13 else 8
        onnx.checker.check_model(model)
        return model


def softmaxed(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def of_numpy(
    name: str, nodes: Nodes, inputs: dict[str, Array], dims: dict[str, Sequence[Any]], map_: Array, expected: Array, says: str
) -> Made:
    model = nodes.model(inputs, dims, "output", expected.ndim)
    difference = np.abs(run(model, inputs)[0] - expected).max()
    assert difference < 1e-4, f"{name} differs by {difference:.1e}"
    return Made(
        name=name,
        family=name.removeprefix("blind-"),
        exporter="onnx.helper",
        opset=nodes.opset,
        attention=says,
        model=model,
        inputs=inputs,
        maps=[map_.astype(np.float32)],
        kinds=["self"],
        references="NumPy, float64",
        heads=map_.shape[1],
        extra={"blind": True},
    )


def numbers(seed: int, *shape: int, spread: float = 1.0) -> Array:
    return (np.random.default_rng(seed).standard_normal(shape) * spread).astype(np.float32)


def keras() -> Made:
    """As tf2onnx writes keras.layers.MultiHeadAttention: einsums with letters of Keras, values before keys."""
    x, mask = numbers(600, BATCH, 8, WIDTH), np.ones((BATCH, 8), np.int32)
    mask[1, 5:] = 0
    kernels = {part: numbers(601 + i, WIDTH, HEADS, SIZE, spread=0.5) for i, part in enumerate(("query", "key", "value"))}
    out = numbers(605, HEADS, SIZE, WIDTH, spread=0.4)
    g = Nodes(15)
    path = "model/multi_head_attention"

    def projection(part: str) -> str:
        kernel = g.weight(kernels[part], f"{path}/{part}/einsum/Einsum/ReadVariableOp:0")
        product = g.node("Einsum", f"{path}/{part}/einsum/Einsum", "x", kernel, equation="abc,cde->abde")
        return g.node("Add", f"{path}/{part}/add", product, g.weight(np.full((HEADS, SIZE), 0.1, np.float32), f"{part}_bias"))

    query, value, key = projection("query"), projection("value"), projection("key")
    scaled = g.node("Mul", f"{path}/Mul", query, g.weight(np.array(SIZE**-0.5, np.float32), "scale"))
    scores = g.node("Einsum", f"{path}/einsum/Einsum", key, scaled, equation="aecd,abcd->acbe")
    cast = g.node("Cast", f"{path}/softmax/Cast", "mask", to=TensorProto.FLOAT)
    wide = g.node("Unsqueeze", f"{path}/ExpandDims", cast, g.weight(np.array([1, 2], np.int64), "axes"))
    holes = g.node("Sub", f"{path}/softmax/sub", g.weight(np.array(1, np.float32), "one"), wide)
    adder = g.node("Mul", f"{path}/softmax/mul", holes, g.weight(np.array(-1e9, np.float32), "big"))
    added = g.node("Add", f"{path}/softmax/add", scores, adder)
    map_ = g.node("Softmax", f"{path}/softmax/Softmax", added, axis=-1)
    attended = g.node("Einsum", f"{path}/einsum_1/Einsum", map_, value, equation="acbe,aecd->abcd")
    kernel = g.weight(out, f"{path}/attention_output/einsum/Einsum/ReadVariableOp:0")
    g.node("Einsum", f"{path}/attention_output/einsum/Einsum", attended, kernel, out="output", equation="abcd,cde->abe")

    q, k, v = (np.einsum("abc,cde->abde", x.astype(float), kernels[part]) + 0.1 for part in ("query", "key", "value"))
    p = softmaxed(np.einsum("aecd,abcd->acbe", k, q) * SIZE**-0.5 - 1e9 * (1 - mask[:, None, None]))
    expected = np.einsum("acbe,aecd,cdf->abf", p, v, out)
    dims = {"x": ("batch", "length", WIDTH), "mask": ("batch", "length")}
    return of_numpy("blind-keras", g, {"x": x, "mask": mask}, dims, p, expected, "tf2onnx style, einsums of Keras")


def tensorflow_bert() -> Made:
    """As tf2onnx writes Google's BERT at opset 12: rows of all samples in one matrix, a mask by outer product."""
    batch, length = BATCH, 7
    x, mask = numbers(610, batch, length, WIDTH), np.ones((batch, length), np.int32)
    mask[0, 6:] = 0
    kernels = {part: numbers(611 + i, WIDTH, WIDTH, spread=0.5) for i, part in enumerate(("query", "key", "value"))}
    out = numbers(615, WIDTH, WIDTH, spread=0.4)
    g = Nodes(12)
    path = "bert/encoder/layer_0/attention/self"
    flat = g.node("Reshape", "bert/encoder/Reshape", "x", g.weight(np.array([-1, WIDTH], np.int64), "rows"))

    def projection(part: str) -> str:
        product = g.node("MatMul", f"{path}/{part}/MatMul", flat, g.weight(kernels[part], f"{path}/{part}/kernel:0"))
        shape = g.weight(np.array([-1, length, HEADS, SIZE], np.int64), f"{part}_shape")
        four = g.node("Reshape", f"{path}/{part}/Reshape", product, shape)
        return g.node("Transpose", f"{path}/{part}/transpose", four, perm=[0, 2, 3, 1] if part == "key" else [0, 2, 1, 3])

    query, key, value = (projection(part) for part in ("query", "key", "value"))
    scores = g.node("MatMul", f"{path}/MatMul", query, key)
    scores = g.node("Mul", f"{path}/Mul", scores, g.weight(np.array(SIZE**-0.5, np.float32), f"{path}/Mul/y:0"))
    row = g.node("Reshape", "bert/encoder/Reshape_1", "mask", g.weight(np.array([-1, 1, length], np.int64), "wide"))
    row = g.node("Cast", "bert/encoder/Cast", row, to=TensorProto.FLOAT)
    outer = g.node("Mul", "bert/encoder/mul", g.weight(np.ones((1, length, 1), np.float32), "bert/encoder/ones:0"), row)
    outer = g.node("Unsqueeze", f"{path}/ExpandDims", outer, axes=[1])
    adder = g.node("Sub", f"{path}/sub", g.weight(np.array(1, np.float32), f"{path}/sub/x:0"), outer)
    adder = g.node("Mul", f"{path}/mul_1", adder, g.weight(np.array(-10000, np.float32), f"{path}/mul_1/y:0"))
    map_ = g.node("Softmax", f"{path}/Softmax", g.node("Add", f"{path}/add", scores, adder), axis=3)
    context = g.node("Transpose", f"{path}/transpose_3", g.node("MatMul", f"{path}/MatMul_1", map_, value), perm=[0, 2, 1, 3])
    context = g.node("Reshape", f"{path}/Reshape_3", context, g.weight(np.array([-1, WIDTH], np.int64), "back"))
    g.node("MatMul", "bert/encoder/layer_0/attention/output/dense/MatMul", context, g.weight(out, "dense/kernel:0"), out="output")

    def split(part: str) -> Array:
        return (x.astype(float) @ kernels[part]).reshape(batch, length, HEADS, SIZE).transpose(0, 2, 1, 3)

    p = softmaxed(split("query") @ split("key").transpose(0, 1, 3, 2) * SIZE**-0.5 - 1e4 * (1 - mask[:, None, None]))
    expected = (p @ split("value")).transpose(0, 2, 1, 3).reshape(-1, WIDTH) @ out
    dims = {"x": ("unk__1", length, WIDTH), "mask": ("unk__2", length)}
    return of_numpy("blind-tensorflow-bert", g, {"x": x, "mask": mask}, dims, p, expected, "tf2onnx style, opset 12")


def gluon() -> Made:
    """As MXNet writes GluonNLP: tokens first, projections interleaved by head, three axes, a softmax over rows that were
    made a matrix."""
    batch, length = BATCH, 6
    x = numbers(620, length, batch, WIDTH)
    weight, out = numbers(621, WIDTH, 3 * WIDTH, spread=0.5), numbers(622, WIDTH, WIDTH, spread=0.4)
    g = Nodes(11)
    packed = g.node("MatMul", "bertencoder0_qkv_fwd", "x", g.weight(weight, "bertencoder0_qkv_weight"))
    shape = g.weight(np.array([length, batch * HEADS, 3, SIZE], np.int64), "interleaved")
    packed = g.node("Reshape", "interleaved_matmul_selfatt_qk0_reshape", packed, shape)
    parts = []
    for index, part in enumerate("qkv"):
        one = g.node("Gather", f"gather_{part}", packed, g.weight(np.array(index, np.int64), f"index_{part}"), axis=2)
        parts.append(g.node("Transpose", f"transpose_{part}", one, perm=[1, 2, 0] if part == "k" else [1, 0, 2]))
    query = g.node("Div", "scaled_query", parts[0], g.weight(np.array([math.sqrt(SIZE)], np.float32), "root"))
    scores = g.node("MatMul", "interleaved_matmul_selfatt_qk0", query, parts[1])
    rows = g.node("Reshape", "rows", scores, g.weight(np.array([-1, length], np.int64), "matrix"))
    flat = g.node("Softmax", "softmax0", rows, axis=1)
    map_ = g.node("Reshape", "maps", flat, g.weight(np.array([batch * HEADS, length, length], np.int64), "three"))
    attended = g.node("Transpose", "attended", g.node("MatMul", "interleaved_matmul_selfatt_valatt0", map_, parts[2]), perm=[1, 0, 2])
    joined = g.node("Reshape", "joined", attended, g.weight(np.array([length, batch, WIDTH], np.int64), "join"))
    g.node("MatMul", "proj_fwd", joined, g.weight(out, "proj_weight"), out="output")

    qkv = (x.astype(float) @ weight).reshape(length, batch, HEADS, 3, SIZE).transpose(3, 1, 2, 0, 4)
    p = softmaxed(qkv[0] @ qkv[1].transpose(0, 1, 3, 2) / math.sqrt(SIZE))
    expected = (p @ qkv[2]).transpose(2, 0, 1, 3).reshape(length, batch, WIDTH) @ out
    return of_numpy("blind-gluon", g, {"x": x}, {"x": (length, batch, WIDTH)}, p, expected, "MXNet style, opset 11")


def alphafold() -> Made:
    """An alignment's rows with a bias of pairs and a gate, in JAX: five axes [B, rows, H, T, S]."""
    import jax
    import jax.numpy as jnp
    from jax2onnx import to_onnx

    rows, residues, pairs = 3, 7, 5
    msa, pair = numbers(630, BATCH, rows, residues, WIDTH), numbers(631, BATCH, residues, residues, pairs)
    w = {part: numbers(632 + i, WIDTH, HEADS, SIZE, spread=0.5) for i, part in enumerate(("q", "k", "v", "g"))}
    to_bias, out = numbers(640, pairs, HEADS, spread=0.5), numbers(641, HEADS, SIZE, WIDTH, spread=0.4)

    def both(msa: Any, pair: Any) -> tuple[Any, Any]:
        q = jnp.einsum("brqa,ahc->brqhc", msa, w["q"]) * SIZE**-0.5
        k, v = (jnp.einsum("brka,ahc->brkhc", msa, w[part]) for part in ("k", "v"))
        bias = jnp.einsum("bqkp,ph->bhqk", pair, to_bias)[:, None]
        weights = jax.nn.softmax(jnp.einsum("brqhc,brkhc->brhqk", q, k) + bias)
        average = jnp.einsum("brhqk,brkhc->brqhc", weights, v)
        gate = jax.nn.sigmoid(jnp.einsum("brqa,ahc->brqhc", msa, w["g"]))
        return jnp.einsum("brqhc,hco->brqo", average * gate, out), weights

    wanted, maps = both(msa, pair)
    specs = [jax.ShapeDtypeStruct(each.shape, each.dtype) for each in (msa, pair)]
    model = to_onnx(lambda m, p: both(m, p)[0], specs, opset=18, input_names=["msa", "pair"], output_names=["output"])
    inputs = {"msa": msa, "pair": pair}
    assert np.abs(run(model, inputs)[0] - np.asarray(wanted)).max() < 1e-4
    return Made(
        name="blind-alphafold",
        family="alphafold",
        exporter="jax2onnx",
        opset=18,
        attention="rows of an alignment, pair bias, gate",
        model=model,
        inputs=inputs,
        maps=[np.asarray(maps, np.float32).reshape(BATCH * rows, HEADS, residues, residues)],
        kinds=["self"],
        references="JAX",
        heads=HEADS,
        extra={"blind": True},
    )


def x(length: int = 8, seed: int = 510) -> dict[str, Tensor]:
    return {"x": noise(BATCH, length, WIDTH, seed=seed)}


MAKERS: dict[str, Maker] = {
    "blind-transformer-xl": lambda: of_torch(
        "blind-transformer-xl",
        TransformerXl(),
        {"w": noise(6, BATCH, WIDTH, seed=501), "memory": noise(4, BATCH, WIDTH, seed=502)},
        "dynamo",
        18,
        ("self",),
        says="relative positions by shifting, memory",
    ),
    "blind-talking-heads": lambda: of_torch(
        "blind-talking-heads",
        TalkingHeads(),
        x(),
        "torchscript",
        16,
        ("self",),
        says="heads mixed before and after the softmax",
        axes={"x": SEQUENCE},
        rows_sum_to_one=False,
    ),
    "blind-differential": lambda: of_torch(
        "blind-differential",
        Differential(),
        x(seed=511),
        "dynamo",
        18,
        ("self", "self", "self"),
        says="difference of two softmaxes; each of them, then the difference",
        axes={"x": SEQUENCE},
        rows_sum_to_one=False,
    ),
    "blind-axial": lambda: of_torch(
        "blind-axial",
        Axial(),
        {"image": noise(BATCH, 5, 6, WIDTH, seed=503)},
        "torchscript",
        17,
        ("self", "self"),
        says="rows, then columns of an image",
    ),
    "blind-inducing-points": lambda: of_torch(
        "blind-inducing-points",
        InducingPoints(),
        {"members": noise(BATCH, 9, WIDTH, seed=504)},
        "dynamo",
        23,
        ("cross", "cross"),
        says="learnt points, scaled_dot_product_attention at opset 23",
        axes={"members": SEQUENCE},
        twin=InducingPoints(written=True),
    ),
    "blind-slots": lambda: of_torch(
        "blind-slots",
        Slots(),
        {"inputs": noise(BATCH, 10, WIDTH, seed=506), "slots": noise(BATCH, 4, WIDTH, seed=507)},
        "torchscript",
        17,
        ("cross", "cross"),
        says="softmax over queries, normalised over keys",
        reshape=lambda map_: map_[:, None],
    ),
    "blind-self-attention-gan": lambda: of_torch(
        "blind-self-attention-gan",
        SelfAttentionGan(),
        {"image": noise(BATCH, WIDTH, 4, 5, seed=508)},
        "torchscript",
        11,
        ("self",),
        says="convolutions, values first",
        reshape=lambda map_: map_[:, None],
    ),
    "blind-bahdanau": lambda: of_torch(
        "blind-bahdanau",
        Bahdanau(),
        {
            "states": noise(BATCH, 5, WIDTH, seed=509),
            "memory": noise(BATCH, 8, 12, seed=512),
            "lengths": torch.tensor([8, 5]),
        },
        "torchscript",
        15,
        ("cross",),
        says="additive scores",
        reshape=lambda map_: map_[:, None],
    ),
    "blind-luong": lambda: of_torch(
        "blind-luong",
        Luong(),
        {"source": noise(BATCH, 9, 8, seed=513), "target": noise(BATCH, 6, 6, seed=514)},
        "torchscript",
        14,
        ("cross",),
        says="between LSTMs, one head",
        reshape=lambda map_: map_[:, None],
    ),
    "blind-keys-first": lambda: of_torch(
        "blind-keys-first",
        KeysFirst(),
        x(seed=515),
        "torchscript",
        18,
        ("self",),
        says="exp(s - logsumexp(s)) over keys by queries",
        reshape=lambda map_: map_.transpose(-1, -2),
        axes={"x": SEQUENCE},
    ),
    "blind-top-k": lambda: of_torch(
        "blind-top-k",
        TopK(),
        x(9, seed=516),
        "dynamo",
        20,
        ("self",),
        says="best four scores of a row, grouped",
        axes={"x": {0: "batch"}},
    ),
    "blind-cached-step": lambda: of_torch(
        "blind-cached-step",
        CachedStep(),
        {
            "x": noise(BATCH, 1, WIDTH, seed=517),
            "past_key": noise(BATCH, 7, SIZE, seed=518),
            "past_value": noise(BATCH, 7, SIZE, seed=519),
        },
        "torchscript",
        17,
        ("self",),
        says="one token, multi-query cache, heads as rows",
        reshape=lambda map_: map_[:, :, None],
        outputs=("output", "key", "value"),
        axes={name: {0: "batch", 1: "past"} for name in ("past_key", "past_value")} | {"x": {0: "batch"}},
    ),
    "blind-graph-attention": lambda: of_torch(
        "blind-graph-attention",
        GraphAttention(),
        {"nodes": noise(9, WIDTH, seed=520), "adjacency": ADJACENCY},
        "dynamo",
        18,
        ("self",),
        says="GAT, scores without a product",
        reshape=lambda map_: map_[None],
    ),
    "blind-graph-transformer": lambda: of_torch(
        "blind-graph-transformer",
        GraphTransformer(),
        {"h": noise(BATCH, 7, WIDTH, seed=521), "e": noise(BATCH, 7, 7, 6, seed=522)},
        "torchscript",
        17,
        ("self",),
        says="biases and gates from edges, heads last",
        reshape=lambda map_: map_.permute(0, 3, 1, 2),
        rows_sum_to_one=False,
    ),
    "blind-covariance": lambda: of_torch(
        "blind-covariance",
        Covariance(),
        x(10, seed=523),
        "dynamo",
        18,
        ("self",),
        says="channels by channels",
    ),
    "blind-broadcast-double": lambda: of_torch(
        "blind-broadcast-double",
        Broadcast(),
        {"agents": noise(BATCH, 6, 6, seed=524).double()},
        "torchscript",
        17,
        ("self",),
        says="broadcast and sum, float64",
        reshape=lambda map_: map_[:, None],
        sharpness=0.8,
    ),
    "blind-banded": lambda: of_torch(
        "blind-banded",
        Banded(),
        x(12, seed=525),
        "dynamo",
        18,
        ("self",),
        says="chunks with the chunk before",
        reshape=lambda map_: map_.flatten(0, 1),
    ),
    "blind-probe": lambda: of_torch(
        "blind-probe",
        Probe(),
        PATCHES,
        "dynamo",
        23,
        ("cross",),
        says="learnt probe, nn.MultiheadAttention at opset 23",
        maps=probe_maps,
        axes={"patches": SEQUENCE},
    ),
    "blind-keras": keras,
    "blind-tensorflow-bert": tensorflow_bert,
    "blind-gluon": gluon,
    "blind-alphafold": alphafold,
    "blind-dual-softmax": lambda: of_torch(
        "blind-dual-softmax",
        DualSoftmax(),
        {"left": noise(BATCH, 6, WIDTH, seed=526), "right": noise(BATCH, 7, WIDTH, seed=527)},
        "torchscript",
        17,
        (),
        says="no attention: matching",
        other_softmaxes=2,
    ),
    "blind-deformable": lambda: of_torch(
        "blind-deformable",
        Deformable(),
        {"query": noise(BATCH, 5, WIDTH, seed=528), "image": noise(BATCH, WIDTH, 6, 6, seed=529)},
        "torchscript",
        17,
        (),
        says="no attention: weights of sampled places",
        other_softmaxes=1,
    ),
    "blind-selective-kernel": lambda: of_torch(
        "blind-selective-kernel",
        SelectiveKernel(),
        {"image": noise(BATCH, 3, 6, 6, seed=530)},
        "dynamo",
        18,
        (),
        says="no attention: branches of convolutions",
        other_softmaxes=1,
    ),
    "blind-mixture-density": lambda: of_torch(
        "blind-mixture-density",
        MixtureDensity(),
        {"x": noise(BATCH, WIDTH, seed=531)},
        "dynamo",
        18,
        (),
        says="no attention: a mixture's means",
        other_softmaxes=1,
    ),
    "blind-stereo": lambda: of_torch(
        "blind-stereo",
        StereoMatching(),
        {"left": noise(1, 3, 5, 8, seed=532), "right": noise(1, 3, 5, 8, seed=533)},
        "torchscript",
        17,
        (),
        says="no attention: expected shift between images",
        other_softmaxes=1,
    ),
}


def main() -> None:
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    run_makers(__file__, __doc__, MAKERS, ("torch", "jax", "jax2onnx", "onnx", "onnxruntime", "numpy"))


if __name__ == "__main__":
    main()
