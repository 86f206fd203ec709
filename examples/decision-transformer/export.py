"""Exports a checkpoint to ONNX through torch dynamo: `python export.py` writes model.onnx.

For the model with the vision encoder: `python export.py --checkpoint vit.pt --out vit.onnx`.

Inputs returns_to_go, states, actions and timesteps and the output logits are dynamic in batch and t. What the exporter
leaves behind of the machine and of the weights' names is mended by `../common/dynamo.py`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch.export import Dim

from environment import MAX_STEPS
from rollout import EVALUATION_SEED, RandomPolicy, model_inputs, roll_out
from train import load

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.dynamo import export  # noqa: E402
from common.pytorch import largest_error  # noqa: E402

OPSET = 18


def example_inputs(seed: int, steps: int, batch: int = 2) -> dict[str, np.ndarray]:
    """The first steps of a random policy's episodes, as the model's inputs."""
    episodes = roll_out(RandomPolicy(seed), range(EVALUATION_SEED + seed, EVALUATION_SEED + seed + 20))
    single = [model_inputs([episode], target_return=0.75) for episode in episodes if len(episode) >= steps]
    return {name: np.concatenate([inputs[name][:, :steps] for inputs in single[:batch]]) for name in single[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.add_argument("--out", type=Path, default=HERE / "model.onnx")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load(options.checkpoint)
    axes = {0: Dim("batch"), 1: Dim("t", min=2, max=MAX_STEPS)}
    inputs = example_inputs(seed=0, steps=6)
    export(model, inputs, ["logits"], tuple(axes for _ in inputs), OPSET, options.out)
    sizes = ((1, 1), (2, 3), (7, 2), (MAX_STEPS, 1))
    error = largest_error(model, options.out, (example_inputs(seed=1, steps=t, batch=batch) for t, batch in sizes))
    assert error < 1e-4, f"logits differ by {error}"
    print(f"{options.out}: {options.out.stat().st_size:,} bytes, largest difference of a logit {error:.1e}")


if __name__ == "__main__":
    main()
