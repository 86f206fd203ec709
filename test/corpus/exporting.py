"""Exports a subject to ONNX, by TorchScript or dynamo, without traces of the machine that made it."""

from __future__ import annotations

import inspect
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import onnxruntime
import torch

from subject import Subject

REPOSITORY = Path(__file__).resolve().parents[2]
Exporter = Literal["torchscript", "dynamo"]

SCOPES = "pkg.torch.onnx.name_scopes"
NAMESPACE = "namespace"
LARGEST_DIFFERENCE = 1e-4
"""Between the module and its export; the attention maps have their own, stricter bound in the test."""


class NotFaithful(Exception):
    """The export runs but does not compute what the module computes."""


def export(subject: Subject, exporter: Exporter, opset: int) -> bytes:
    """The exported model's bytes. Raises what the exporter raises, and NotFaithful."""
    arguments = tuple(subject.inputs.values())
    names = list(subject.inputs)
    # With gradients enabled, as PyTorch's own attention modules otherwise trace a fused operator that ONNX has not.
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        if exporter == "torchscript":
            torch.onnx.export(
                subject.module,
                arguments,
                path,
                dynamo=False,
                opset_version=opset,
                input_names=names,
                output_names=list(subject.outputs),
                dynamic_axes=subject.axes,
            )
        else:
            torch.onnx.export(
                subject.module,
                arguments,
                path,
                dynamo=True,
                opset_version=opset,
                input_names=names,
                output_names=list(subject.outputs),
                dynamic_shapes=dynamic_shapes(subject),
                external_data=False,
                verbose=False,
            )
        model = onnx.load(path)
    trim(model)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    check_no_paths(content)
    check_faithful(content, subject)
    return content


def dynamic_shapes(subject: Subject) -> tuple[Any, ...] | None:
    """The axes in the structure of forward's arguments: one tuple more where it takes *inputs."""
    if not subject.axes:
        return None
    axes = tuple(subject.axes.get(name, {}) for name in subject.inputs)
    parameters = inspect.signature(subject.module.forward).parameters.values()
    return (axes,) if any(each.kind is each.VAR_POSITIONAL for each in parameters) else axes


def trim(model: onnx.ModelProto) -> None:
    """Keeps the module path of every node and the classes along it on softmaxes, in place.

    Stack traces (frames of installed packages) and the rest of dynamo's metadata would be most of so small a file.
    """
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
        value.ClearField("doc_string")
    for node in model.graph.node:
        kept = {SCOPES, NAMESPACE} if node.op_type == "Softmax" else {SCOPES}
        entries = [(entry.key, entry.value) for entry in node.metadata_props if entry.key in kept]
        node.ClearField("doc_string")
        del node.metadata_props[:]
        for key, value in entries:
            node.metadata_props.add(key=key, value=value)


def check_no_paths(content: bytes) -> None:
    """Raises where the file names a folder of this machine."""
    folders = {str(REPOSITORY), str(Path.home()), sys.prefix, sys.base_prefix, tempfile.gettempdir(), "site-packages"}
    found = [folder for folder in folders if f"{folder}/".encode() in content]
    if found:
        raise ValueError(f"The export holds paths of this machine: {', '.join(found)}")


def check_faithful(content: bytes, subject: Subject) -> None:
    """Compares every output of the export with the module's, so that a later difference is not the exporter's."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    taken = {each.name for each in session.get_inputs()}
    feeds = {name: array.numpy() for name, array in subject.inputs.items() if name in taken}
    with torch.no_grad():
        expected = subject.module(*subject.inputs.values())
    expected = (expected,) if isinstance(expected, torch.Tensor) else expected
    for name, wanted, got in zip(subject.outputs, expected, session.run(None, feeds), strict=True):
        difference = float(np.abs(wanted.numpy() - got).max())
        if not difference <= LARGEST_DIFFERENCE:
            raise NotFaithful(f"{name} differs by {difference:.1e}")
