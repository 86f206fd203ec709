"""Hand-written attention as onnxruntime.quantization leaves it.

No reference outside of ONNX Runtime exists: the maps are those of the quantised model itself, run with its map as an
output. How far they are from the float model's is bounded, so that a wrong tensor does not pass.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

import references
from case import Array, Case
from hand_written import Site

TOLERANCE = 5e-3
"""A little above 1/255, the step of an 8-bit probability: the map may be read before or after it is rounded."""
FARTHEST = 0.25
"""Of a quantised probability from the float model's."""


class Feeds(CalibrationDataReader):
    """The case's own input, once."""

    def __init__(self, feeds: dict[str, Array]) -> None:
        self._left: list[dict[str, Array]] = [feeds]

    def get_next(self) -> dict[str, Array] | None:
        return self._left.pop() if self._left else None


def quantised(name: str, says: str, form: str, softmax: str = "Softmax", **options: Any) -> Case:
    """`form`: "dynamic", "qdq" or "operators". `softmax`: what the softmax is in the quantised graph."""
    site = Site()
    graph = site.graph
    site.attend(site.softmax(site.scores()))
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        before, after = (Path(folder) / each for each in ("float.onnx", "quantised.onnx"))
        onnx.save(graph.model(), before)
        if form == "dynamic":
            options["extra_options"] = {"MatMulConstBOnly": False}
            quantize_dynamic(before, after, weight_type=QuantType.QInt8, **options)
        else:
            format_ = QuantFormat.QDQ if form == "qdq" else QuantFormat.QOperator
            quantize_static(
                before,
                after,
                Feeds(graph.feeds),
                quant_format=format_,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                **options,
            )
        model = onnx.load(after)
    for node in model.graph.node:
        node.ClearField("doc_string")
    graph.made = model
    map_ = next(node.output[0] for node in model.graph.node if node.op_type == softmax)
    return site.case(
        name,
        says,
        map_,
        references.softmax(site.products()),
        rounded(model, softmax),
        measured=FARTHEST,
        tolerance=TOLERANCE,
        operator="unfused, quantised",
    )


def rounded(model: onnx.ModelProto, softmax: str) -> Callable[[Array], Array]:
    """From the softmax's output to probabilities: only QLinearSoftmax gives integers."""
    if softmax == "Softmax":
        return lambda array: array
    node = next(node for node in model.graph.node if node.op_type == softmax)
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    scale, zero = weights[node.input[3]], weights[node.input[4]]
    return lambda array: references.dequantised(array, scale, zero)


def quantised_cases() -> Iterator[Case]:
    yield quantised("quantised-dynamic", "dynamic: DynamicQuantizeLinear, MatMulInteger, Cast, Mul", "dynamic")
    yield quantised("quantised-qdq", "static: Q and DQ around every operator", "qdq")
    yield quantised(
        "quantised-qdq-matmul", "static: Q and DQ around the products only", "qdq", op_types_to_quantize=["MatMul"]
    )
    yield quantised(
        "quantised-operators",
        "static: QLinearMatMul, the softmax in float",
        "operators",
        op_types_to_quantize=["MatMul"],
    )
    yield quantised(
        "quantised-operators-softmax",
        "static: QLinearMatMul and QLinearSoftmax, no float map",
        "operators",
        "QLinearSoftmax",
    )
