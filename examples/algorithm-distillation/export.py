"""Exports the model to ONNX through torch dynamo at opset 23: `python export.py` writes model.onnx.

At this opset PyTorch's attention becomes one ai.onnx `Attention` operator a layer: no softmax is left in the graph. The
exporter writes on nearly every node a stack trace with the paths of the machine that made it; kept are the frames of
this repository, relative to its root, and the module path.
"""

from __future__ import annotations

import argparse
import re
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime
import torch
from torch.export import Dim

from environment import learn, split_goals
from model import CONTEXT, AlgorithmDistillation, transitions
from train import load

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
OPSET = 23
LARGEST_FILE = 2_000_000  # bytes

STACK_TRACE = "pkg.torch.onnx.stack_trace"
KEPT_METADATA = (STACK_TRACE, "namespace", "pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes")


def example_inputs(seed: int, length: int, batch: int) -> dict[str, np.ndarray]:
    """The first transitions of learning agents in held-out rooms, and the states that follow."""
    data = learn(split_goals()[1][:batch], 13, 0.0, np.random.default_rng(seed))
    columns = (data.states, data.actions, data.rewards, data.next_states)
    history = transitions(*(column[:, :length] for column in columns)).numpy()
    return {"history": history, "state": data.states[:, length]}


def to_onnx(model: AlgorithmDistillation, path: Path) -> None:
    """Inputs history [batch, n, 10] and state [batch], dynamic in batch and n; output logits [batch, 5]."""
    inputs = example_inputs(seed=0, length=30, batch=2)
    batch = Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            tuple(torch.from_numpy(array) for array in inputs.values()),
            path,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_shapes=({0: batch, 1: Dim("n", max=CONTEXT)}, {0: batch}),
            external_data=False,
            verbose=False,
        )


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


def name_weights(exported: onnx.ModelProto, model: AlgorithmDistillation) -> None:
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


def assert_publishable(path: Path, layers: int) -> None:
    """The file passes ONNX's checker, is small, holds no path of this machine and one Attention a layer."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    content = path.read_bytes()
    assert len(content) <= LARGEST_FILE, f"{path.name} has {len(content):,} bytes"
    foreign = re.findall(rb'File "/[^"]*"|site-packages|' + re.escape(str(REPOSITORY).encode()) + b"/", content)
    assert not foreign, f"{path.name} holds absolute paths: {foreign[:3]}"
    assert re.search(rb'File "examples/algorithm-distillation/model.py", line \d+', content), "no source line left"
    operators = [node.op_type for node in model.graph.node]
    assert operators.count("Attention") == layers, f"{operators.count('Attention')} Attention operators"


def largest_error(model: AlgorithmDistillation, path: Path) -> float:
    """Largest difference of a logit between PyTorch and ONNX Runtime over several lengths and batches."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    errors = []
    for length, batch in ((1, 1), (20, 9), (100, 3), (CONTEXT, 2)):
        inputs = example_inputs(seed=1, length=length, batch=batch)
        with torch.no_grad():
            expected = model(*(torch.from_numpy(array) for array in inputs.values())).numpy()
        (actual,) = session.run(["logits"], inputs)
        errors.append(float(np.abs(expected - actual).max()))
    return max(errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.add_argument("--out", type=Path, default=HERE / "model.onnx")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # its fused encoder layer has no ONNX counterpart
    model = load(options.checkpoint)
    to_onnx(model, options.out)
    exported = onnx.load(options.out)
    trim(exported)
    name_weights(exported, model)
    onnx.save(exported, options.out)
    assert_publishable(options.out, model.config.layers)
    error = largest_error(model, options.out)
    assert error < 1e-4, f"logits differ by {error}"
    print(f"{options.out}: {options.out.stat().st_size:,} bytes, largest difference of a logit {error:.1e}")


if __name__ == "__main__":
    main()
