"""Exports the trained and the untrained network to ONNX through TorchScript: `python export.py`.

Writes model.onnx and untrained.onnx. The first output is the values of the actions; then comes the output of every
linear layer, named by its module path (`attention_layer.query_ego`), so that activations can be read from any run. The
exporter names the nodes by module path too and leaves no source line; nothing is folded, so that weights keep their
names and PyTorch's [out, in] layout.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from environment import FEATURES, VEHICLES, RandomPolicy, make_environment, play
from model import EgoAttentionNetwork
from train import load

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.publishing import publish  # noqa: E402
from common.pytorch import largest_error  # noqa: E402
from common.running import Arrays  # noqa: E402

OPSET = 17
VALUES = "action_values"


class WithActivations(EgoAttentionNetwork):
    """The same network and module paths; also returns what every linear layer puts out, in the order of running."""

    @classmethod
    def of(cls, network: EgoAttentionNetwork) -> WithActivations:
        copy = cls(network.config)
        copy.load_state_dict(network.state_dict())
        return copy.eval()

    def linear_paths(self) -> list[str]:
        """Module paths in the order of running; the last one is the action values."""
        order: list[str] = []
        handles = [
            module.register_forward_hook(lambda *_, path=path: order.append(path))
            for path, module in self.named_modules()
            if isinstance(module, nn.Linear)
        ]
        super().forward(torch.ones(1, VEHICLES, len(FEATURES)))
        for handle in handles:
            handle.remove()
        return order

    def forward(self, observation: Tensor) -> tuple[Tensor, ...]:
        """[B, N, 7] -> action values [B, 3], then one activation [B, ..., units] per linear layer."""
        activations: list[Tensor] = []
        handles = [
            module.register_forward_hook(lambda _module, _inputs, output: activations.append(output))
            for module in self.modules()
            if isinstance(module, nn.Linear)
        ]
        values = super().forward(observation)
        for handle in handles:
            handle.remove()
        return values, *activations[:-1]


def to_onnx(network: EgoAttentionNetwork, path: Path) -> None:
    """Input observation [batch, 15, 7]; outputs action_values [batch, 3] and the linear layers by path."""
    model = WithActivations.of(network)
    outputs = [VALUES, *model.linear_paths()[:-1]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (torch.ones(2, VEHICLES, len(FEATURES)),),
            path,
            dynamo=False,
            opset_version=OPSET,
            do_constant_folding=False,
            input_names=["observation"],
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in ("observation", *outputs)},
        )


def some_observations() -> Iterator[Arrays]:
    """A random driver's episode as one batch, and its first step."""
    env = make_environment()
    observations = np.stack(play(env, RandomPolicy(0), seed=1).observations)
    env.close()
    yield {"observation": observations}
    yield {"observation": observations[:1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--untrained", type=Path, default=HERE / "untrained.pt")
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of model.onnx and untrained.onnx")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for checkpoint, name in ((options.checkpoint, "model.onnx"), (options.untrained, "untrained.onnx")):
        network, path = load(checkpoint), options.out / name
        to_onnx(network, path)
        exported = onnx.load(path)
        weights = {tensor.name for tensor in exported.graph.initializer}
        assert "attention_layer.query_ego.weight" in weights, f"weights lost their names: {sorted(weights)}"
        publish(exported, path, source_lines=False)
        error = largest_error(WithActivations.of(network), path, some_observations())
        assert error < 1e-4, f"{name} differs from PyTorch by {error}"
        print(f"{path}: {path.stat().st_size:,} bytes, largest difference {error:.1e}")


if __name__ == "__main__":
    main()
