"""Checkpoints of the PyTorch examples, and their comparison with an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from common.running import Arrays, largest_difference, run

Model = TypeVar("Model", bound=nn.Module)


def save(model: nn.Module, path: Path) -> None:
    """Writes the weights and the configuration, a dataclass in `model.config`."""
    torch.save({"config": asdict(model.config), "weights": model.state_dict()}, path)


def load(path: Path, make: Callable[[dict[str, Any]], Model]) -> Model:
    """The model that `make` builds from the saved configuration, with the saved weights, ready to be run."""
    checkpoint = torch.load(path, weights_only=True)
    model = make(checkpoint["config"])
    model.load_state_dict(checkpoint["weights"])
    return model.eval()


def largest_error(model: nn.Module, path: Path, cases: Iterable[Arrays]) -> float:
    """Largest difference of any output between PyTorch and ONNX Runtime; inputs are in the order of `forward`."""
    errors = []
    for inputs in cases:
        with torch.no_grad():
            outputs = model(*(torch.from_numpy(array) for array in inputs.values()))
        expected = outputs if isinstance(outputs, tuple) else (outputs,)
        errors.append(largest_difference((output.numpy() for output in expected), run(path, inputs).values()))
    return max(errors)
