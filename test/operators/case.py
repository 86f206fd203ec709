"""What a case is, and a small builder of ONNX graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]
Kind = Literal["self", "cross"]

BATCH = 2
TOKENS = 6
MEMORY = 7
"""Keys of cross attention."""
HEADS = 4
SIZE = 8
"""Of a head."""
WIDTH = 10
"""Of a token before it is projected; small, as the weights are most of a file."""

MICROSOFT = "com.microsoft"
FLOAT_TOLERANCE = 1e-5
HALF_TOLERANCE = 2e-3


@dataclass(frozen=True)
class Case:
    """A model, its input, and the maps that a capture must give."""

    name: str
    operator: str
    says: str
    """What is special about the model, in words."""
    graph: Graph
    maps: Sequence[Array]
    """[B, H, T, S] of every site in graph order. NaN where the operator leaves a row undefined."""
    kinds: Sequence[Kind] = ("self",)
    output: Array | None = None
    """What the references say of the model's first output, to be compared with ONNX Runtime's. NaN is not compared."""
    tensors: Sequence[str] = ()
    """Names of the maps in the graph, where it has them."""
    layout: Callable[[Array], Array] = field(default=lambda array: array)
    """From such a tensor to [B, H, T, S]."""
    kernel_on_cpu: bool = True
    shared: Mapping[str, str] = field(default_factory=dict)
    """Inputs and the outputs that live in the same memory, without which the kernel does not run."""
    crashes: bool = False
    """ONNX Runtime's CPU provider ends the process on this model."""
    unchecked: bool = False
    """ONNX Runtime's Python package cannot run it on the CPU: it is of bfloat16."""
    rebuilt: bool = False
    """The operator hides its map."""
    tolerance: float = FLOAT_TOLERANCE
    measured: float | None = None
    """The references are the model's own maps in ONNX Runtime, at most so far from `maps` (quantised models)."""
    not_supported: str | None = None
    note: str | None = None


class Graph:
    """Nodes one after the other; each call returns the name of what it made."""

    def __init__(self, *, opset: int = 17, seed: int = 0, microsoft: bool = False) -> None:
        self.random = np.random.default_rng(seed)
        self.opset = opset
        self.microsoft = microsoft
        self.feeds: dict[str, Array] = {}
        self.nodes: list[onnx.NodeProto] = []
        self.functions: list[onnx.FunctionProto] = []
        self.domains: list[str] = []
        self.made: onnx.ModelProto | None = None
        """The model, where a tool has made another of it."""
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._weights: list[onnx.TensorProto] = []

    def feed(self, name: str, array: Array, dims: Sequence[int | str] | None = None) -> str:
        """A graph input; its batch and sequence are free when it is a row of tokens."""
        if dims is None:
            dims = ("batch", f"{name}_length", array.shape[2]) if array.ndim == 3 else array.shape
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        self._inputs.append(helper.make_tensor_value_info(name, kind, dims))
        self.feeds[name] = np.ascontiguousarray(array).reshape(array.shape)
        return name

    def weight(self, array: Array | float | np.generic, name: str | None = None) -> str:
        """An initializer; a Python number becomes a float32 scalar."""
        array = np.asarray(array, np.float32) if isinstance(array, (float, list)) else np.asarray(array)
        name = name or f"weight_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(array, name))
        return name

    def node(
        self, op: str, *inputs: str, out: str | Sequence[str] | None = None, domain: str = "", **attributes: Any
    ) -> str:
        """Adds a node and returns its first output."""
        name = f"{op}_{len(self.nodes)}"
        outputs = [f"{name}_out"] if out is None else [out] if isinstance(out, str) else list(out)
        self.microsoft |= domain == MICROSOFT
        self.nodes.append(helper.make_node(op, list(inputs), outputs, name=name, domain=domain, **attributes))
        return outputs[0]

    def shaped(self, value: str, shape: Sequence[int]) -> str:
        return self.node("Reshape", value, self.weight(np.array(shape, np.int64)))

    def result(self, name: str, dims: Sequence[int | str] | None = None, kind: int = TensorProto.FLOAT) -> None:
        """A graph output."""
        self._outputs.append(helper.make_tensor_value_info(name, kind, dims))

    def normal(self, *shape: int, spread: float = 1.0, kind: type[np.floating[Any]] = np.float32) -> Array:
        return (self.random.standard_normal(shape) * spread).astype(kind)

    def model(self) -> onnx.ModelProto:
        """A copy that the caller may change."""
        if self.made:
            copy = onnx.ModelProto()
            copy.CopyFrom(self.made)
            return copy
        opsets = [helper.make_opsetid("", self.opset)]
        if self.microsoft:
            opsets.append(helper.make_opsetid(MICROSOFT, 1))
        opsets += [helper.make_opsetid(domain, 1) for domain in self.domains]
        graph = helper.make_graph(self.nodes, "operators", self._inputs, self._outputs, self._weights)
        model = helper.make_model(graph, opset_imports=opsets, functions=self.functions, producer_name="make_operators")
        model.ir_version = 6 if self.opset < 13 else 8 if self.opset < 19 else 9
        return model


def fused(
    name: str,
    operator: str,
    says: str,
    graph: Graph,
    probabilities: Array,
    output: Array | None = None,
    *,
    cross: bool = False,
    **others: Any,
) -> Case:
    """The case of one operator that hides its map; others as in `Case`."""
    kinds: tuple[Kind, ...] = ("cross" if cross else "self",)
    return Case(name, operator, says, graph, [probabilities], kinds=kinds, output=output, rebuilt=True, **others)


def split(array: Array, heads: int = HEADS) -> Array:
    """[B, T, heads · size] to [B, heads, T, size]"""
    batch, tokens, _ = array.shape
    return array.reshape(batch, tokens, heads, -1).transpose(0, 2, 1, 3)


def join(array: Array) -> Array:
    """[B, H, T, size] to [B, T, H · size]"""
    batch, _, tokens, _ = array.shape
    return array.transpose(0, 2, 1, 3).reshape(batch, tokens, -1)
