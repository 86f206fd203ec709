"""What a corpus model is made from: a module with random weights, its inputs and PyTorch's own attention maps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

Implementation = Literal["eager", "sdpa"]
Kind = Literal["self", "cross"]

QUERY_OR_KEY = re.compile(
    r"(query|key|q_proj|k_proj|q_lin|k_lin|c_attn|in_proj|to_qkv|\bq|\bk)(\.weight|_weight)$"
)


@dataclass(frozen=True)
class Site:
    kind: Kind
    probabilities: Tensor
    """[batch, heads, queries, keys] float32, as PyTorch computed it eagerly."""


@dataclass(frozen=True)
class Subject:
    """A model to export, with one recorded run of its eager twin (same weights, same inputs)."""

    module: nn.Module
    """forward(*inputs) gives a tensor, or a tuple of tensors named by `outputs`."""
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
    sites: tuple[Site, ...]
    """In the order in which the eager run computed them, which is the order of the exported graph."""
    axes: dict[str, dict[int, str]] = field(default_factory=dict)
    """Dynamic axes of each input: input name to axis to the axis's name."""
    layers: int = 1
    heads: int | tuple[int, ...] = 1
    """Of every layer, or of each stage."""
    other_softmaxes: int = 0
    """Softmaxes in the graph that are no attention."""
    rows_sum_to_one: bool = True
    """Not so where a sink takes a share of every row."""


def randomise(module: nn.Module, *, sharpness: float, spread: float = 0.15, seed: int = 0) -> None:
    """Draws every parameter anew: projections to queries and keys with standard deviation `sharpness`, so that maps are
    far from uniform; other matrices with `spread`; gains of norms around 1; biases around 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                centre = 1.0 if name.endswith("weight") else 0.0
                parameter.copy_(centre + 0.1 * noise)
            else:
                parameter.copy_(noise * (sharpness if QUERY_OR_KEY.search(name) else spread))
    module.eval()


def recorded(
    module: nn.Module, inputs: Sequence[Tensor], recorded_types: Callable[[nn.Module], bool]
) -> list[tuple[str, Tensor]]:
    """Runs the module and returns, in order of computation, the path and the probabilities of every submodule that
    `recorded_types` picks: its output where that is one tensor, else the last tensor of its output."""
    seen: list[tuple[str, Tensor]] = []

    def keep(path: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_: nn.Module, __: object, output: object) -> None:
            tensors = [output] if isinstance(output, Tensor) else [o for o in output if isinstance(o, Tensor)]
            seen.append((path, tensors[-1].detach().clone()))

        return hook

    hooks = [
        submodule.register_forward_hook(keep(path))
        for path, submodule in module.named_modules()
        if recorded_types(submodule)
    ]
    try:
        with torch.no_grad():
            module(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return seen
