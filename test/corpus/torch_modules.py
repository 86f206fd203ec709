"""PyTorch's own attention modules, with the maps that they themselves give when asked for weights per head."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from handwritten import BATCH, HEADS, SEQUENCE_AXES, TOKENS, WIDTH, tokens
from subject import Kind, Site, Subject, randomise

MEMORY_AXES = {0: "batch", 1: "memory"}


class AveragedWeights(nn.Module):
    """nn.MultiheadAttention whose second output is the mean over heads."""

    def __init__(self, cross: bool) -> None:
        super().__init__()
        other = 12 if cross else WIDTH
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, kdim=other, vdim=other, batch_first=True)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        of = x if memory is None else memory
        output, mean = self.attention(x, of, of, need_weights=True, average_attn_weights=True)
        return output, mean


class Padded(nn.Module):
    """nn.TransformerEncoder, post-norm; padding is True where there is no token."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, dim_feedforward=16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        return self.encoder(x, src_key_padding_mask=padding)


class Decoder(nn.Module):
    """nn.TransformerDecoder with a causal mask."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerDecoderLayer(WIDTH, HEADS, dim_feedforward=16, batch_first=True, norm_first=True)
        self.decoder = nn.TransformerDecoder(layer, 2)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        length = x.shape[1]
        later = torch.full((length, length), float("-inf")).triu(1)
        return self.decoder(x, memory, tgt_mask=later, tgt_is_causal=True)


def recorded_per_head(module: nn.Module, inputs: dict[str, Tensor]) -> list[tuple[str, Tensor]]:
    """The path and the weights per head of every nn.MultiheadAttention, asked again with the arguments of a run."""
    seen: list[tuple[str, Tensor]] = []
    asking = False

    def hook_of(path: str) -> Callable[..., None]:
        def hook(attention: nn.Module, arguments: tuple[Tensor, ...], named: dict[str, object], _: object) -> None:
            nonlocal asking
            if asking:
                return
            asking = True
            again = {**named, "need_weights": True, "average_attn_weights": False}
            seen.append((path, attention(*arguments, **again)[1].detach()))
            asking = False

        return hook

    hooks = [
        each.register_forward_hook(hook_of(path), with_kwargs=True)
        for path, each in module.named_modules()
        if isinstance(each, nn.MultiheadAttention)
    ]
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad():
            module(*inputs.values())
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for hook in hooks:
            hook.remove()
    return seen


def subject_of(
    module: nn.Module,
    inputs: dict[str, Tensor],
    axes: dict[str, dict[int, str]],
    *,
    outputs: tuple[str, ...] = ("output",),
    kind: Callable[[str], Kind] = lambda _: "self",
    layers: int = 1,
) -> Subject:
    randomise(module, sharpness=0.35, spread=0.2)
    return Subject(
        module=module,
        inputs=inputs,
        outputs=outputs,
        sites=tuple(Site(kind(path), map_) for path, map_ in recorded_per_head(module, inputs)),
        axes=axes,
        layers=layers,
        heads=HEADS,
    )


def averaged() -> Subject:
    return subject_of(
        AveragedWeights(cross=False),
        {"x": tokens(seed=30)},
        {"x": SEQUENCE_AXES},
        outputs=("output", "weights"),
    )


def averaged_cross() -> Subject:
    return subject_of(
        AveragedWeights(cross=True),
        {"x": tokens(7, seed=31), "memory": tokens(11, 12, seed=32)},
        {"x": SEQUENCE_AXES, "memory": MEMORY_AXES},
        outputs=("output", "weights"),
        kind=lambda _: "cross",
    )


def encoder() -> Subject:
    padding = torch.zeros(BATCH, TOKENS, dtype=torch.bool)
    padding[1, 7:] = True
    return subject_of(
        Padded(),
        {"x": tokens(seed=33), "padding": padding},
        {"x": SEQUENCE_AXES, "padding": SEQUENCE_AXES},
        layers=3,
    )


def decoder() -> Subject:
    return subject_of(
        Decoder(),
        {"x": tokens(8, seed=34), "memory": tokens(11, seed=35)},
        {"x": SEQUENCE_AXES, "memory": MEMORY_AXES},
        kind=lambda path: "cross" if path.endswith("multihead_attn") else "self",
        layers=2,
    )


MULTIHEAD: dict[str, Callable[[], Subject]] = {
    "multihead-averaged": averaged,
    "multihead-averaged-cross": averaged_cross,
}
STACKS: dict[str, Callable[[], Subject]] = {
    "transformer-encoder": encoder,
    "transformer-decoder": decoder,
}
