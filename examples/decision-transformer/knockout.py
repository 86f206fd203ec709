"""Does the turn depend on what its token looks at? `python knockout.py` forbids single edges and counts changed turns.

In the eight unperturbed episodes of recorded.npz the turn is chosen at the last state but one. For each earlier token
that query may see, attention from the query to that token is cut in one layer, in all heads (the rest of the row is
renormalised by the softmax), and the choice between left and right is read again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from environment import LEFT, RIGHT
from model import DecisionTransformer
from train import load

HERE = Path(__file__).resolve().parent
INPUTS = ("returns_to_go", "states", "actions", "timesteps")


def token_name(index: int) -> str:
    return f"{'Rsa'[index % 3]}{index // 3}"


def turn(model: DecisionTransformer, inputs: list[Tensor], step: int) -> int:
    with torch.no_grad():
        logits = model(*inputs)[0, step]
    return LEFT if logits[LEFT] > logits[RIGHT] else RIGHT


def turn_without(model: DecisionTransformer, inputs: list[Tensor], step: int, layer: int, key: int) -> int:
    """The turn chosen at `step` when its state token may not look at token `key` in `layer`."""

    def cut(_module: nn.Module, arguments: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        x, visible = arguments
        visible = visible.clone()
        visible[3 * step + 1, key] = False
        return x, visible

    handle = model.blocks[layer].attention.register_forward_pre_hook(cut)
    try:
        return turn(model, inputs, step)
    finally:
        handle.remove()


def main() -> None:
    torch.set_num_threads(1)
    model = load(HERE / "checkpoint.pt")
    with np.load(HERE / "recorded.npz") as recorded:
        names = sorted({name.split("/")[0] for name in recorded if "/" in name})
        names = [name for name in names if recorded[f"{name}/perturbation"] == 0]
        episodes = [[torch.from_numpy(recorded[f"{name}/{array}"]) for array in INPUTS] for name in names]
    for layer in range(len(model.blocks)):
        changed: dict[str, int] = {}
        for inputs in episodes:
            step = inputs[0].shape[1] - 2
            before = turn(model, inputs, step)
            for key in range(3 * step + 2):
                differs = turn_without(model, inputs, step, layer, key) != before
                changed[token_name(key)] = changed.get(token_name(key), 0) + differs
        shown = ", ".join(f"{name} {count}" for name, count in changed.items() if count)
        print(f"layer {layer}: turns changed of {len(episodes)}, by token cut off: {shown or 'none'}")


if __name__ == "__main__":
    main()
