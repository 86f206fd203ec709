"""ONNX from PyTorch through torch dynamo, with the names of weights and without the paths of this machine.

The exporter writes on nearly every node a full stack trace with the paths of the machine that made it. Kept are the
frames of this repository, relative to its root, and the module path; so a viewer can lead from a node to its line in
`model.py`, and the file says nothing about where it was made.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import nn

from common.publishing import REPOSITORY, publish
from common.running import Arrays

STACK_TRACE = "pkg.torch.onnx.stack_trace"
KEPT_METADATA = (STACK_TRACE, "namespace", "pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes")


def export(
    model: nn.Module, inputs: Arrays, outputs: list[str], dynamic_shapes: tuple[Any, ...], opset: int, path: Path
) -> onnx.ModelProto:
    """Writes the model for inputs like these, in the order of `forward`, and returns what was written."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            tuple(torch.from_numpy(array) for array in inputs.values()),
            path,
            dynamo=True,
            opset_version=opset,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=dynamic_shapes,
            external_data=False,
            verbose=False,
        )
    exported = onnx.load(path)
    path.unlink()  # until it is fit to be published
    trim(exported)
    name_weights(exported, model)
    restore_folded(exported, model)
    publish(exported, path)
    return exported


def own_frames(stack_trace: str) -> str:
    """The frames inside this repository, outermost first, with paths relative to its root."""
    frames = re.split(r"\n(?=\s*File \")", stack_trace)
    prefix = f"{REPOSITORY}/"
    return "\n".join(frame.replace(prefix, "") for frame in frames if f'File "{prefix}' in frame)


def trim(model: onnx.ModelProto) -> None:
    """Removes foreign stack frames, other metadata and initializers without a consumer, in place."""
    for node in model.graph.node:
        kept = {entry.key: entry.value for entry in node.metadata_props if entry.key in KEPT_METADATA}
        if STACK_TRACE in kept:
            kept[STACK_TRACE] = own_frames(kept[STACK_TRACE])
        del node.metadata_props[:]
        onnx.helper.set_model_props(node, {key: value for key, value in kept.items() if value})
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    used = {name for node in model.graph.node for name in node.input}
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name not in used]:
        model.graph.initializer.remove(tensor)


def name_weights(exported: onnx.ModelProto, model: nn.Module) -> None:
    """Names every weight matrix after its parameter, in place; the exporter renames those that it transposes.

    A matrix that stands as x @ W, [in, out], is called `<parameter>.T`; PyTorch's own layout is [out, in].
    """
    transposed = {
        (parameter.T.shape, parameter.detach().numpy().T.tobytes()): f"{name}.T"
        for name, parameter in model.named_parameters()
        if parameter.dim() == 2
    }
    weights = {tensor.name: tensor for tensor in exported.graph.initializer}
    for node in exported.graph.node:
        if node.op_type == "Gemm" and node.input[1] in weights:  # the one operator that takes [out, in]
            (flag,) = [attribute for attribute in node.attribute if attribute.name == "transB"]
            turned = onnx.numpy_helper.to_array(weights[node.input[1]]).T.copy()
            weights[node.input[1]].CopyFrom(onnx.numpy_helper.from_array(turned, node.input[1]))
            flag.i = 0
    for tensor in exported.graph.initializer:
        name = transposed.get((tuple(tensor.dims), onnx.numpy_helper.to_array(tensor).tobytes()))
        if name is None:
            continue
        for node in exported.graph.node:
            node.input[:] = [name if each == tensor.name else each for each in node.input]
        tensor.name = name


def restore_folded(exported: onnx.ModelProto, model: nn.Module) -> None:
    """Gives back parameters that the exporter folded with an axis of one, in place: the parameter and an Unsqueeze."""
    parameters = {parameter.detach().numpy().tobytes(): name for name, parameter in model.named_parameters()}
    for tensor in list(exported.graph.initializer):
        values = onnx.numpy_helper.to_array(tensor)
        name = parameters.get(values.tobytes()) if values.ndim == 3 and 1 in values.shape[:2] else None
        if name is None:
            continue
        axis = values.shape.index(1)
        axes = onnx.numpy_helper.from_array(np.array([axis], np.int64), f"{name}.axis")
        exported.graph.initializer.extend([onnx.numpy_helper.from_array(values.squeeze(axis), name), axes])
        node = onnx.helper.make_node("Unsqueeze", [name, axes.name], [tensor.name], name=f"{name}.unsqueeze")
        exported.graph.node.insert(0, node)
        exported.graph.initializer.remove(tensor)
