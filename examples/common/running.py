"""A model in ONNX Runtime, and how far its results are from the framework's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

Arrays = dict[str, np.ndarray]


def run(path: Path, inputs: Arrays) -> Arrays:
    """The outputs of a model by name."""
    return run_with(onnx.load(path), [], inputs)[0]


def run_with(model: onnx.ModelProto, values: list[str], inputs: Arrays) -> tuple[Arrays, list[np.ndarray]]:
    """The outputs of a model by name, and the named values inside its graph, which it is changed to put out."""
    outputs = [value.name for value in model.graph.output]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in values)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    results = session.run([*outputs, *values], inputs)
    return dict(zip(outputs, results)), results[len(outputs) :]


def run_with_softmaxes(path: Path, inputs: Arrays) -> tuple[Arrays, list[np.ndarray]]:
    """The outputs of a model by name, and the result of each softmax in graph order."""
    model = onnx.load(path)
    return run_with(model, [node.output[0] for node in model.graph.node if node.op_type == "Softmax"], inputs)


def largest_difference(expected: Iterable[np.ndarray], actual: Iterable[np.ndarray]) -> float:
    """Of any number in two equally long series of arrays of equal shapes."""
    most = 0.0
    for wanted, got in zip(expected, actual, strict=True):
        assert wanted.shape == got.shape, f"{wanted.shape} beside {got.shape}"
        most = max(most, float(np.abs(wanted - got).max()))
    return most
