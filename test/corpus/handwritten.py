"""Attention as people write it: PyTorch's own modules, and forms with other layouts, softmaxes and masks.

Each hand-written module passes its map through `Map`, an identity whose output a forward hook records and of which the
export shows nothing; the map is what meets the values.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from subject import Kind, Site, Subject, randomise, recorded

BATCH = 2
TOKENS = 10
HEADS = 4
WIDTH = 16
SEQUENCE_AXES = {0: "batch", 1: "sequence"}


class Map(nn.Identity):
    """Marks the probabilities."""


def tokens(length: int = TOKENS, width: int = WIDTH, *, seed: int, batch: int = BATCH) -> Tensor:
    return torch.randn(batch, length, width, generator=torch.Generator().manual_seed(seed))


class Projections(nn.Module):
    """Queries, keys and values of one width, and the way back."""

    def __init__(self, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.heads = heads
        self.size = width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.map = Map()

    def split(self, x: Tensor) -> Tensor:
        """[B, T, heads · size] to [B, heads, T, size]"""
        return x.unflatten(-1, (self.heads, self.size)).transpose(1, 2)

    def joined(self, x: Tensor) -> Tensor:
        return self.out(x.transpose(1, 2).flatten(2))


class Bmm(Projections):
    """Three axes throughout, [B · H, T, S], as in fairseq."""

    def flat(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        return x.view(batch, length, self.heads, self.size).transpose(1, 2).reshape(-1, length, self.size)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        query = self.flat(self.query(x) * self.size**-0.5)
        scores = torch.bmm(query, self.flat(self.key(x)).transpose(1, 2))
        result = torch.bmm(self.map(scores.softmax(-1)), self.flat(self.value(x)))
        return self.out(result.view(batch, self.heads, length, self.size).transpose(1, 2).reshape(batch, length, width))


class SingleHead(Projections):
    """[B, T, S], without an axis of heads."""

    def forward(self, x: Tensor) -> Tensor:
        scores = self.query(x) @ self.key(x).transpose(1, 2) / math.sqrt(WIDTH)
        return self.out(self.map(scores.softmax(-1)) @ self.value(x))


class Unbatched(Projections):
    """[T, S]: one head, no batch."""

    def forward(self, x: Tensor) -> Tensor:
        scores = self.query(x) @ self.key(x).t() / math.sqrt(WIDTH)
        return self.out(self.map(scores.softmax(-1)) @ self.value(x))


class Einsum(Projections):
    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shape = (self.heads, self.size)
        return tuple(f(x).unflatten(-1, shape) for f in (self.query, self.key, self.value))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.parts(x)
        scores = torch.einsum("bthd,bshd->bhts", query, key) / math.sqrt(self.size)
        return self.out(torch.einsum("bhts,bshd->bthd", self.map(scores.softmax(-1)), value).flatten(2))


class HeadsLast(Einsum):
    """The map is [B, T, S, H]: the softmax is over the last axis but one."""

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.parts(x)
        scores = torch.einsum("bthd,bshd->btsh", query, key) / math.sqrt(self.size)
        return self.out(torch.einsum("btsh,bshd->bthd", self.map(scores.softmax(2)), value).flatten(2))


class QueriesThenHeads(Einsum):
    """The map is [B, T, H, S]."""

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.parts(x)
        scores = torch.einsum("bthd,bshd->bths", query, key) / math.sqrt(self.size)
        return self.out(torch.einsum("bths,bshd->bthd", self.map(scores.softmax(-1)), value).flatten(2))


class PackedQkv(nn.Module):
    """One projection to queries, keys and values, as in timm."""

    def __init__(self) -> None:
        super().__init__()
        self.to_qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.map = Map()

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = self.to_qkv(x).reshape(batch, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)
        scores = (query * (width // HEADS) ** -0.5) @ key.transpose(-2, -1)
        return self.out((self.map(scores.softmax(-1)) @ value).transpose(1, 2).reshape(batch, length, width))


class MultiQuery(nn.Module):
    """One key head for all query heads, by broadcasting."""

    def __init__(self) -> None:
        super().__init__()
        size = WIDTH // HEADS
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, size)
        self.value = nn.Linear(WIDTH, size)
        self.map = Map()

    def forward(self, x: Tensor) -> Tensor:
        query = self.query(x).unflatten(-1, (HEADS, -1)).transpose(1, 2)
        scores = query @ self.key(x).unsqueeze(1).transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        return (self.map(scores.softmax(-1)) @ self.value(x).unsqueeze(1)).transpose(1, 2).flatten(2)


class WrittenSoftmax(Projections):
    """Exponentials over their sum, without a Softmax."""

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / math.sqrt(self.size)
        powers = torch.exp(scores - scores.amax(-1, keepdim=True))
        return self.joined(self.map(powers / powers.sum(-1, keepdim=True)) @ value)


class Softcap(Projections):
    """Scores bounded by tanh, then a causal mask: Gemma 2."""

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        scores = 5.0 * torch.tanh(query @ key.transpose(2, 3) / math.sqrt(self.size) / 5.0)
        length = x.shape[1]
        later = torch.ones(length, length, dtype=torch.bool).triu(1)
        return self.joined(self.map(scores.masked_fill(later, float("-inf")).softmax(-1)) @ value)


class MaskedAfterwards(Projections):
    """The mask zeroes probabilities, which are then divided by their sum."""

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        weights = (query @ key.transpose(2, 3) / math.sqrt(self.size)).softmax(-1) * present[:, None, None, :]
        return self.joined(self.map(weights / weights.sum(-1, keepdim=True)) @ value)


class Sink(Projections):
    """A learnt score beside the keys' takes a share of each row, as in gpt-oss."""

    def __init__(self) -> None:
        super().__init__()
        self.sink = nn.Parameter(torch.zeros(1, HEADS, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / math.sqrt(self.size)
        sink = self.sink.expand(scores.shape[0], -1, scores.shape[2], -1)
        return self.joined(self.map(torch.cat([scores, sink], -1).softmax(-1)[..., :-1]) @ value)


class Cosine(Projections):
    """Unit queries and keys, a learnt temperature per head, a bias of positions: Swin 2."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.zeros(HEADS, 1, 1))
        self.bias = nn.Parameter(torch.zeros(HEADS, TOKENS, TOKENS))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        scores = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(2, 3)
        scores = scores * (self.temperature + 3.0).clamp(max=math.log(100)).exp() * 0.2 + self.bias
        return self.joined(self.map(scores.softmax(-1)) @ value)


class RelativePositions(Projections):
    """Two products in one score: keys, and embeddings of the distance (Shaw), which come first in the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.distances = nn.Embedding(2 * TOKENS - 1, self.size)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        place = torch.arange(x.shape[1])
        distance = self.distances(place[None, :] - place[:, None] + TOKENS - 1)
        scores = torch.einsum("bhtd,tsd->bhts", query, distance) + query @ key.transpose(2, 3)
        return self.joined(self.map((scores / math.sqrt(self.size)).softmax(-1)) @ value)


class ShiftedWindows(Projections):
    """Windows in the batch; five axes where a mask per window is added, as the original Swin does."""

    WINDOW = 5

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        windows = length // self.WINDOW
        shifted = torch.roll(x, -2, dims=1).view(batch * windows, self.WINDOW, width)
        query, key, value = (self.split(f(shifted)) for f in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / math.sqrt(self.size)
        side = ((torch.arange(length) + 2) >= length).view(windows, self.WINDOW)
        mask = (side[:, :, None] != side[:, None, :]).float() * -100.0
        scores = scores.view(batch, windows, self.heads, self.WINDOW, self.WINDOW) + mask[None, :, None]
        weights = self.map(scores.view(-1, self.heads, self.WINDOW, self.WINDOW).softmax(-1))
        return torch.roll(self.joined(weights @ value).view(batch, length, width), 2, dims=1)


class Perceiver(nn.Module):
    """Learnt queries over the tokens, then attention among the results."""

    def __init__(self) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(1, 6, WIDTH))
        self.read = Projections()
        self.think = Projections()

    def forward(self, x: Tensor) -> Tensor:
        latents = self.latents.expand(x.shape[0], -1, -1)
        return self.attend(self.think, *2 * [latents + self.attend(self.read, latents, x)])

    @staticmethod
    def attend(part: Projections, to: Tensor, of: Tensor) -> Tensor:
        query, key, value = part.split(part.query(to)), part.split(part.key(of)), part.split(part.value(of))
        scores = query @ key.transpose(2, 3) * part.size**-0.5
        return part.joined(part.map(scores.softmax(-1)) @ value)


Reshape = Callable[[Tensor], Tensor]


def written(
    module: nn.Module,
    inputs: dict[str, Tensor],
    *,
    kinds: tuple[Kind, ...] = ("self",),
    reshape: Reshape = lambda probabilities: probabilities,
    heads: int = HEADS,
    axes: dict[str, dict[int, str]] | None = None,
    sharpness: float = 0.4,
    rows_sum_to_one: bool = True,
) -> Subject:
    """A module that marks its maps; `reshape` brings them to [batch, heads, queries, keys]."""
    randomise(module, sharpness=sharpness, spread=0.3)
    calls = recorded(module, list(inputs.values()), lambda each: isinstance(each, Map))
    sites = [Site(kind, reshape(map_).float()) for kind, (_, map_) in zip(kinds, calls, strict=True)]
    return Subject(
        module=module,
        inputs=inputs,
        outputs=("output",),
        sites=tuple(sites),
        axes={name: SEQUENCE_AXES for name in inputs} if axes is None else axes,
        layers=len(sites),
        heads=heads,
        rows_sum_to_one=rows_sum_to_one,
    )


def simple(build: Callable[[], nn.Module], **changes: object) -> Callable[[], Subject]:
    """A self-attention module over `x`, [batch, sequence, width]."""
    return lambda: written(build(), {"x": tokens(seed=20)}, **changes)


def unbatched() -> Subject:
    return written(
        Unbatched(),
        {"x": tokens(seed=21)[0]},
        reshape=lambda p: p[None, None],
        heads=1,
        axes={"x": {0: "sequence"}},
    )


def masked_afterwards() -> Subject:
    present = torch.ones(BATCH, TOKENS)
    present[1, 6:] = 0
    return written(MaskedAfterwards(), {"x": tokens(seed=22), "present": present})


WRITTEN: dict[str, Callable[[], Subject]] = {
    "bmm": simple(Bmm, reshape=lambda p: p.unflatten(0, (BATCH, HEADS))),
    "single-head": simple(SingleHead, reshape=lambda p: p[:, None], heads=1),
    "unbatched": unbatched,
    "einsum": simple(Einsum),
    "heads-last": simple(HeadsLast, reshape=lambda p: p.permute(0, 3, 1, 2)),
    "queries-then-heads": simple(QueriesThenHeads, reshape=lambda p: p.transpose(1, 2)),
    "packed-qkv": simple(PackedQkv),
    "multi-query": simple(MultiQuery),
    "written-softmax": simple(WrittenSoftmax),
    "softcap": simple(Softcap),
    "masked-afterwards": masked_afterwards,
    "sink": simple(Sink, rows_sum_to_one=False),
    "cosine": simple(Cosine, axes={"x": {0: "batch"}}),
    "relative-positions": simple(RelativePositions, axes={"x": {0: "batch"}}),
    "shifted-windows": simple(ShiftedWindows, axes={"x": {0: "batch"}}),
    "perceiver": simple(Perceiver, kinds=("cross", "self")),
}
