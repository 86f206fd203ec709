"""ONNX from JAX with names: what jax2onnx leaves out, put back. Used by the `export.py` of the two JAX examples.

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
from pathlib import Path
from typing import Any

os.environ["JAX2ONNX_ENABLE_STACKTRACE_METADATA"] = "1"
os.environ["JAX2ONNX_STACKTRACE_DETAIL"] = "full"

import jax
import numpy as np
import onnx
import onnxruntime
from jax2onnx import to_onnx
from onnx import numpy_helper

REPOSITORY = Path(__file__).resolve().parents[1]
OPSET = 23
LARGEST_FILE = 2_000_000  # bytes
TRACE = "pkg.jax2onnx.jax_traceback"

Arrays = dict[str, np.ndarray]


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
    return "\n".join(line for line in own if not re.match(r"examples/(jax_export|[^/]+/export)\.py:", line))


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


def save_publishable(model: onnx.ModelProto, path: Path) -> None:
    """Writes a file that passes ONNX's checker, is small, and holds no path of this machine."""
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString()
    foreign = re.findall(rb"[^\n]*site-packages[^\n]*|" + re.escape(str(REPOSITORY.parent).encode()) + rb"/[^\n]*", content)
    assert not foreign, f"{path.name} would hold paths of this machine: {foreign[:3]}"
    assert re.search(rb"examples/[a-z0-9-]+/model\.py:\d+ ", content), "no source line left"
    assert len(content) <= LARGEST_FILE, f"{path.name} would have {len(content):,} bytes"
    path.write_bytes(content)


def softmax_outputs(model: onnx.ModelProto) -> tuple[list[str], list[str]]:
    """Names of the nodes and of their outputs, in graph order."""
    softmaxes = [node for node in model.graph.node if node.op_type == "Softmax"]
    return [node.name for node in softmaxes], [node.output[0] for node in softmaxes]


def run_with_softmaxes(path: Path, inputs: Arrays) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The outputs of a model in ONNX Runtime, and the result of each softmax in graph order."""
    model = onnx.load(path)
    outputs = [value.name for value in model.graph.output]
    _, maps = softmax_outputs(model)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in maps)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    results = session.run([*outputs, *maps], inputs)
    return results[: len(outputs)], results[len(outputs) :]
