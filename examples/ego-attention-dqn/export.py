"""Exports the trained and the untrained network to ONNX through TorchScript: `python export.py`.

Writes model.onnx and untrained.onnx. The first output is the values of the actions; then comes the output of every
linear layer, named by its module path (`attention_layer.query_ego`), so that activations can be read from any run. The
exporter names the nodes by module path too and leaves no source line; nothing is folded, so that weights keep their
names and PyTorch's [out, in] layout.
"""

from __future__ import annotations

import argparse
import re
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from environment import FEATURES, VEHICLES, RandomPolicy, make_environment, play
from model import EgoAttentionNetwork
from train import load

HERE = Path(__file__).resolve().parent
OPSET = 17
LARGEST_FILE = 2_000_000  # bytes
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


def assert_publishable(path: Path) -> None:
    """The file passes ONNX's checker, is small, and holds no path of this machine."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    content = path.read_bytes()
    assert len(content) <= LARGEST_FILE, f"{path.name} has {len(content):,} bytes"
    foreign = re.findall(rb'File "|site-packages|' + re.escape(str(HERE.parents[1]).encode()) + b"/", content)
    assert not foreign, f"{path.name} holds absolute paths: {foreign[:3]}"
    weights = {tensor.name for tensor in model.graph.initializer}
    assert "attention_layer.query_ego.weight" in weights, f"weights lost their names: {sorted(weights)}"


def largest_error(network: EgoAttentionNetwork, path: Path) -> float:
    """Largest difference of an action value or activation between PyTorch and ONNX Runtime, over two batch sizes."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    env = make_environment()
    observations = np.stack(play(env, RandomPolicy(0), seed=1).observations)
    model = WithActivations.of(network)
    errors = []
    for batch in (observations, observations[:1]):
        with torch.no_grad():
            expected = model(torch.from_numpy(batch))
        for wanted, actual in zip(expected, session.run(None, {"observation": batch}), strict=True):
            errors.append(float(np.abs(wanted.numpy() - actual).max()))
    return max(errors)


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
        assert_publishable(path)
        error = largest_error(network, path)
        assert error < 1e-4, f"{name} differs from PyTorch by {error}"
        print(f"{path}: {path.stat().st_size:,} bytes, largest difference {error:.1e}")


if __name__ == "__main__":
    main()
