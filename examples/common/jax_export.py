"""ONNX from JAX with names: what jax2onnx leaves out, put back.

jax2onnx turns weights into constants called `const_9`, and its nodes know nothing of modules. Here the weights enter as
arguments, and the graph's inputs they become are turned into initializers under their own names. Attention's softmax
nodes get the path of their module, which the model gives in the order it computes them. Nodes that lead to no output
are removed, and of the trace on each node only the frames of this repository stay, relative to its root.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

os.environ["JAX2ONNX_ENABLE_STACKTRACE_METADATA"] = "1"
os.environ["JAX2ONNX_STACKTRACE_DETAIL"] = "full"

import jax
import numpy as np
import onnx
from jax2onnx import to_onnx
from onnx import numpy_helper

from common.publishing import REPOSITORY

OPSET = 23
TRACE = "pkg.jax2onnx.jax_traceback"


def to_named_onnx(
    function: Callable[..., Any],
    weights: dict[str, jax.Array],
    inputs: dict[str, jax.ShapeDtypeStruct],
    outputs: Sequence[str],
    attention: Sequence[str],
) -> onnx.ModelProto:
    """The graph of `function(weights, *inputs)`, a function that is not jitted and returns one array for each output.

    `attention` are the module paths of its softmaxes, in the order in which they are computed.
    """
    logging.getLogger("onnx_ir").setLevel(logging.ERROR)
    names = list(weights)

    def flat(*arguments: jax.Array) -> Any:
        given, leaves = arguments[: len(inputs)], arguments[len(inputs) :]
        return function(dict(zip(names, leaves, strict=True)), *given)

    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in weights.values()]
    model = to_onnx(
        flat,
        [*inputs.values(), *shapes],
        opset=OPSET,
        input_names=[*inputs, *names],
        output_names=list(outputs),
    )
    graph = model.graph
    taken = [value.name for value in graph.input]
    assert taken == [*inputs, *names], "jax2onnx renamed or dropped an input"
    del graph.input[len(inputs) :]
    graph.initializer.extend(numpy_helper.from_array(np.asarray(leaf), name) for name, leaf in weights.items())
    remove_dead_nodes(graph)
    name_attention(graph, attention)
    trim_metadata(model)
    return model


def remove_dead_nodes(graph: onnx.GraphProto) -> None:
    """Removes nodes that no output depends on, and initializers that no node reads."""
    needed = {value.name for value in graph.output}
    alive: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            alive.append(node)
    kept = [tensor for tensor in graph.initializer if tensor.name in needed]
    values = [value for value in graph.value_info if value.name in needed]
    for field, items in ((graph.node, alive[::-1]), (graph.initializer, kept), (graph.value_info, values)):
        copies = [type(item).FromString(item.SerializeToString()) for item in items]
        del field[:]
        field.extend(copies)


def name_attention(graph: onnx.GraphProto, paths: Sequence[str]) -> None:
    """`/prefix/layers_0/attn/Softmax` for the path `prefix.layers_0.attn`, as TorchScript's exporter names its nodes."""
    softmaxes = [node for node in graph.node if node.op_type == "Softmax"]
    assert len(softmaxes) == len(paths), f"{len(softmaxes)} softmaxes for {len(paths)} attention modules"
    for node, path in zip(softmaxes, paths):
        node.name = f"/{path.replace('.', '/')}/Softmax"


def own_frames(trace: str) -> str:
    """The frames inside this repository's models, innermost first, with paths relative to its root."""
    prefix = f"{REPOSITORY}/"
    own = [line.removeprefix(prefix) for line in trace.splitlines() if line.startswith(prefix)]
    return "\n".join(line for line in own if not re.match(r"examples/(common/jax_export|[^/]+/export)\.py:", line))


def trim_metadata(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        trace = own_frames(next((entry.value for entry in node.metadata_props if entry.key == TRACE), ""))
        del node.metadata_props[:]
        if trace:
            onnx.helper.set_model_props(node, {TRACE: trace})
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
