"""Exports a checkpoint to ONNX through torch dynamo and trims what the exporter leaves behind: `python export.py`.

For the model with the vision encoder: `python export.py --checkpoint vit.pt --out vit.onnx`.

The exporter writes on nearly every node a full stack trace with the paths of the machine that made it. Kept are the
frames of this repository, relative to its root, and the module path; so a viewer can lead from a node to its line in
`model.py`, and the file says nothing about where it was made.
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

from environment import MAX_STEPS
from model import DecisionTransformer
from rollout import EVALUATION_SEED, RandomPolicy, model_inputs, roll_out
from train import load

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
OPSET = 18
LARGEST_FILE = 2_000_000  # bytes

STACK_TRACE = "pkg.torch.onnx.stack_trace"
KEPT_METADATA = (
    STACK_TRACE,
    "namespace",
    "pkg.torch.onnx.class_hierarchy",
    "pkg.torch.onnx.name_scopes",
)


def example_inputs(seed: int, steps: int, batch: int = 2) -> dict[str, np.ndarray]:
    """The first steps of a random policy's episodes, as the model's inputs."""
    episodes = roll_out(RandomPolicy(seed), range(EVALUATION_SEED + seed, EVALUATION_SEED + seed + 20))
    single = [model_inputs([episode], target_return=0.75) for episode in episodes if len(episode) >= steps]
    return {name: np.concatenate([inputs[name][:, :steps] for inputs in single[:batch]]) for name in single[0]}


def to_onnx(model: DecisionTransformer, path: Path) -> None:
    """Writes inputs returns_to_go, states, actions, timesteps and output logits, dynamic in batch and t."""
    inputs = example_inputs(seed=0, steps=6)
    axes = {0: Dim("batch"), 1: Dim("t", min=2, max=MAX_STEPS)}
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
            dynamic_shapes=tuple(axes for _ in inputs),
            external_data=False,
            verbose=False,
        )


def own_frames(stack_trace: str) -> str:
    """The frames inside this repository, outermost first, with paths relative to its root."""
    frames = re.split(r"\n(?=\s*File \")", stack_trace)
    prefix = f"{REPOSITORY}/"
    own = [frame.replace(prefix, "") for frame in frames if f'File "{prefix}' in frame]
    return "\n".join(own)


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
    unused = [tensor for tensor in model.graph.initializer if tensor.name not in used]
    for tensor in unused:
        model.graph.initializer.remove(tensor)


def name_weights(exported: onnx.ModelProto, model: DecisionTransformer) -> None:
    """Names every weight matrix after its parameter, in place; the exporter renames those that it transposes.

    A matrix that stands as x @ W, [in, out], is called `<parameter>.T`; PyTorch's own layout is [out, in].
    """
    transposed = {
        (parameter.T.shape, parameter.detach().numpy().T.tobytes()): f"{name}.T"
        for name, parameter in model.named_parameters()
        if parameter.dim() == 2
    }
    for tensor in exported.graph.initializer:
        name = transposed.get((tuple(tensor.dims), onnx.numpy_helper.to_array(tensor).tobytes()))
        if name is None:
            continue
        for node in exported.graph.node:
            node.input[:] = [name if each == tensor.name else each for each in node.input]
        tensor.name = name


def restore_folded(exported: onnx.ModelProto, model: DecisionTransformer) -> None:
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


def assert_publishable(path: Path) -> None:
    """The file passes ONNX's checker, is small, and holds no path of this machine."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    content = path.read_bytes()
    assert len(content) <= LARGEST_FILE, f"{path.name} has {len(content):,} bytes"
    foreign = re.findall(rb'File "/[^"]*"|site-packages|' + re.escape(str(REPOSITORY).encode()) + b"/", content)
    assert not foreign, f"{path.name} holds absolute paths: {foreign[:3]}"
    assert re.search(rb'File "examples/decision-transformer/model.py", line \d+', content), "no source line left"


def largest_error(model: DecisionTransformer, path: Path) -> float:
    """Largest difference of the logits between PyTorch and ONNX Runtime over several lengths and batches."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    errors = []
    for steps, batch in ((1, 1), (2, 3), (7, 2), (MAX_STEPS, 1)):
        inputs = example_inputs(seed=1, steps=steps, batch=batch)
        with torch.no_grad():
            expected = model(*(torch.from_numpy(array) for array in inputs.values())).numpy()
        (actual,) = session.run(["logits"], inputs)
        errors.append(float(np.abs(expected - actual).max()))
    return max(errors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.add_argument("--out", type=Path, default=HERE / "model.onnx")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load(options.checkpoint)
    to_onnx(model, options.out)
    exported = onnx.load(options.out)
    trim(exported)
    name_weights(exported, model)
    restore_folded(exported, model)
    onnx.save(exported, options.out)
    assert_publishable(options.out)
    error = largest_error(model, options.out)
    assert error < 1e-4, f"logits differ by {error}"
    print(f"{options.out}: {options.out.stat().st_size:,} bytes, largest difference of a logit {error:.1e}")


if __name__ == "__main__":
    main()
