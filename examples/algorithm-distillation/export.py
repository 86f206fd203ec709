"""Exports the model to ONNX through torch dynamo at opset 23: `python export.py` writes model.onnx.

At this opset PyTorch's attention becomes one ai.onnx `Attention` operator a layer: no softmax is left in the graph.
Inputs history [batch, n, 10] and state [batch] are dynamic in batch and n; the output is logits [batch, 5]. What the
exporter leaves behind of the machine and of the weights' names is mended by `../common/dynamo.py`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch.export import Dim

from environment import learn, split_goals
from model import CONTEXT, transitions
from train import load

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.dynamo import export  # noqa: E402
from common.pytorch import largest_error  # noqa: E402

OPSET = 23


def example_inputs(seed: int, length: int, batch: int) -> dict[str, np.ndarray]:
    """The first transitions of learning agents in held-out rooms, and the states that follow."""
    data = learn(split_goals()[1][:batch], 13, 0.0, np.random.default_rng(seed))
    columns = (data.states, data.actions, data.rewards, data.next_states)
    history = transitions(*(column[:, :length] for column in columns)).numpy()
    return {"history": history, "state": data.states[:, length]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.add_argument("--out", type=Path, default=HERE / "model.onnx")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # its fused encoder layer has no ONNX counterpart
    model = load(options.checkpoint)
    batch = Dim("batch")
    axes = ({0: batch, 1: Dim("n", max=CONTEXT)}, {0: batch})
    exported = export(model, example_inputs(seed=0, length=30, batch=2), ["logits"], axes, OPSET, options.out)
    operators = [node.op_type for node in exported.graph.node].count("Attention")
    assert operators == model.config.layers, f"{operators} Attention operators"
    sizes = ((1, 1), (20, 9), (100, 3), (CONTEXT, 2))
    error = largest_error(model, options.out, (example_inputs(1, length, batch) for length, batch in sizes))
    assert error < 1e-4, f"logits differ by {error}"
    print(f"{options.out}: {options.out.stat().st_size:,} bytes, largest difference of a logit {error:.1e}")


if __name__ == "__main__":
    main()
