"""Softmaxes that are no attention. Some are multiplied with values, some come from a product of two inputs; none weighs
values by how queries match keys."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from handwritten import BATCH, SEQUENCE_AXES, WIDTH, tokens
from subject import Subject, randomise


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, 24), nn.ReLU(), nn.Linear(24, 5))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).softmax(-1)


class SparseExperts(nn.Module):
    """Softmax over experts, the best two, and their weighted sum."""

    def __init__(self, experts: int = 4) -> None:
        super().__init__()
        self.router = nn.Linear(WIDTH, experts, bias=False)
        self.experts = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(experts))

    def forward(self, x: Tensor) -> Tensor:
        weights, chosen = self.router(x).softmax(-1).topk(2, dim=-1)
        weights = weights / weights.sum(-1, keepdim=True)
        results = torch.stack([expert(x) for expert in self.experts], dim=-2)
        picked = results.gather(-2, chosen[..., None].expand(-1, -1, -1, WIDTH))
        return (weights[..., None] * picked).sum(-2)


class DenseExperts(SparseExperts):
    """All experts, weighted by one product of the softmax with their results."""

    def forward(self, x: Tensor) -> Tensor:
        results = torch.stack([expert(x) for expert in self.experts], dim=-2)
        return (self.router(x).softmax(-1).unsqueeze(-2) @ results).squeeze(-2)


class Pooling(nn.Module):
    """A linear score per token weighs the tokens' values."""

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(WIDTH, 1)
        self.values = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.score(x).transpose(1, 2).softmax(-1)
        return (weights @ self.values(x)).squeeze(1)


class AdditivePooling(Pooling):
    """The score is of a hidden layer, and the sum is written out."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return (self.score(torch.tanh(self.hidden(x))).softmax(1) * self.values(x)).sum(1)


class Similarity(nn.Module):
    """Images against texts: a product of two inputs, and no values."""

    def __init__(self) -> None:
        super().__init__()
        self.images = nn.Linear(WIDTH, 8)
        self.texts = nn.Linear(WIDTH, 8)

    def forward(self, images: Tensor, texts: Tensor) -> Tensor:
        image = nn.functional.normalize(self.images(images), dim=-1)
        text = nn.functional.normalize(self.texts(texts), dim=-1)
        return (10.0 * image @ text.t()).softmax(-1)


class SamplingHead(nn.Module):
    """Temperature, softmax, and the best three with their share."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(WIDTH, 24, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        probabilities, ids = (self.head(x)[:, -1] / 0.7).softmax(-1).topk(3, dim=-1)
        return probabilities / probabilities.sum(-1, keepdim=True), ids


class ExpectedValue(nn.Module):
    """A distribution over fixed returns per action and its mean: a softmax times a constant."""

    def __init__(self, actions: int = 3, atoms: int = 11) -> None:
        super().__init__()
        self.logits = nn.Linear(WIDTH, actions * atoms)
        self.shape = (actions, atoms)
        self.register_buffer("returns", torch.linspace(-1, 1, atoms))

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(x).unflatten(-1, self.shape).softmax(-1) @ self.returns


class SpatialSoftmax(nn.Module):
    """Where each channel of an image is largest: a softmax over pixels times their coordinates."""

    def __init__(self, size: int = 6) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)
        line = torch.linspace(-1, 1, size)
        self.register_buffer("places", torch.cartesian_prod(line, line))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.convolution(pixels).flatten(2).softmax(-1) @ self.places


class LinearAttention(nn.Module):
    """Softmaxes of queries over features and of keys over tokens (efficient attention): there is no map of tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        summary = self.key(x).softmax(1).transpose(1, 2) @ self.value(x)
        return self.query(x).softmax(-1) @ summary


def negative(
    build: Callable[[], nn.Module],
    inputs: dict[str, Tensor],
    *,
    outputs: tuple[str, ...] = ("output",),
    axes: dict[str, dict[int, str]] | None = None,
    softmaxes: int = 1,
) -> Callable[[], Subject]:
    def subject() -> Subject:
        module = build()
        randomise(module, sharpness=0.4, spread=0.4)
        return Subject(
            module=module,
            inputs=inputs,
            outputs=outputs,
            sites=(),
            axes={name: SEQUENCE_AXES for name in inputs} if axes is None else axes,
            layers=0,
            heads=0,
            other_softmaxes=softmaxes,
        )

    return subject


TEXT = {"x": tokens(seed=40)}
VECTORS = {"x": tokens(1, seed=41)[:, 0]}
VECTOR_AXES = {"x": {0: "batch"}}

NEGATIVES: dict[str, Callable[[], Subject]] = {
    "classifier": negative(Classifier, VECTORS, axes=VECTOR_AXES),
    "sparse-experts": negative(SparseExperts, TEXT),
    "dense-experts": negative(DenseExperts, TEXT),
    "pooling": negative(Pooling, TEXT),
    "additive-pooling": negative(AdditivePooling, TEXT),
    "similarity": negative(
        Similarity,
        {"images": tokens(3, seed=42)[0], "texts": tokens(5, seed=43)[0]},
        axes={"images": {0: "images_count"}, "texts": {0: "texts_count"}},
    ),
    "sampling-head": negative(SamplingHead, TEXT, outputs=("probabilities", "ids")),
    "expected-value": negative(ExpectedValue, VECTORS, axes=VECTOR_AXES),
    "spatial-softmax": negative(
        SpatialSoftmax,
        {"pixels": torch.randn(BATCH, 3, 6, 6, generator=torch.Generator().manual_seed(44))},
        axes={"pixels": {0: "batch"}},
    ),
    "linear-attention": negative(LinearAttention, TEXT, softmaxes=2),
}
