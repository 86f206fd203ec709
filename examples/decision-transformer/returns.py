"""The same history, another return asked for: `python returns.py` writes returns.npz and prints what changes.

Takes the first recorded episode up to its turn and asks for nine returns from 0 to 1, everything else being equal. The
file holds the nine as one batch of inputs of the model, so that a viewer shows them one beside another
(`attention-lens capture model.onnx --inputs returns.npz`), and the probabilities of the actions at the turn.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from environment import ACTIONS
from train import load

HERE = Path(__file__).resolve().parent
INPUTS = ("returns_to_go", "states", "actions", "timesteps")
TARGETS = np.linspace(0, 1, 9, dtype=np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--episode", default="episode_000")
    parser.add_argument("--targets", type=float, nargs="+", default=TARGETS.tolist(), help="the returns asked for")
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.add_argument("--out", type=Path, default=HERE / "returns.npz")
    options = parser.parse_args()
    torch.set_num_threads(1)
    targets = np.array(options.targets, np.float32)
    with np.load(HERE / "recorded.npz") as recorded:
        inputs = {name: recorded[f"{options.episode}/{name}"] for name in INPUTS}
    turn = inputs["returns_to_go"].shape[1] - 2  # the last state but one
    inputs = {name: np.repeat(array[:, : turn + 1], len(targets), axis=0) for name, array in inputs.items()}
    inputs["returns_to_go"] = np.repeat(targets[:, None], turn + 1, axis=1)
    with torch.no_grad():
        logits = load(options.checkpoint)(*(torch.from_numpy(array) for array in inputs.values()))
    probabilities = logits[:, -1].softmax(dim=-1).numpy()
    for target, row in zip(targets, probabilities):
        shown = ", ".join(f"{action} {value:.3f}" for action, value in zip(ACTIONS, row))
        print(f"return {target:.3f} asked: {shown}")
    np.savez_compressed(options.out, **inputs, target_return=targets, probabilities=probabilities)


if __name__ == "__main__":
    main()
