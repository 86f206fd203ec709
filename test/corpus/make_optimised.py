"""Makes the rows of ONNX Runtime's own tools: its optimiser (the one in Python that fuses transformers, and what a session
saves at each level), its quantiser, float16 and bfloat16, and weights in a file beside the model.

The reference of a float32 model is the original model's, from forward hooks in PyTorch. The reference of a quantised one is
its own probabilities, which ONNX Runtime returns once the tensor is named as an output; where they are inside of a fused
operator (QAttention), NumPy computes them from its quantised inputs.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization
from onnxruntime.quantization import QuantFormat, QuantType
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model

import beyond
import families
import version4
from corpus_table import Array, Made, Maker, run, run_makers, session, tensors_of
from exporting import Exporter, export
from subject import Subject

HOOKS = "forward hooks in PyTorch"
OWN = "the model's own tensors, returned by ONNX Runtime"
FROM_INPUTS = "NumPy, from the quantised inputs of the operator"

INT8 = 5e-3
"""A rounding that falls to the other side moves a score by one step of the quantised range."""
HALF = 2e-3

Original = tuple[Callable[[], Subject], Exporter, int]
ORIGINALS: dict[str, Original] = {
    "bert": (partial(families.bert, "eager", False, 2, 4), "torchscript", 17),
    "gpt2": (partial(families.gpt2, "eager", False, 2, 4), "torchscript", 17),
    "vit": (partial(families.vit, "eager", False, 2, 4), "torchscript", 17),
    "t5": (partial(beyond.t5, "eager", False), "torchscript", 17),
    "t5-1": (partial(beyond.t5, "eager", False, 1), "torchscript", 17),
    "llama": (partial(beyond.llama, "sdpa", False), "dynamo", 18),
    "swin": (partial(beyond.swin, "eager", False), "dynamo", 18),
    "clip": (partial(beyond.clip, "eager", False), "dynamo", 18),
    "distilbert": (partial(beyond.distilbert, "sdpa", False), "torchscript", 17),
    "bert4": (version4.bert, "torchscript", 14),
    "gpt4": (partial(version4.gpt2, True), "torchscript", 14),
}


@cache
def original(name: str) -> tuple[Subject, onnx.ModelProto]:
    build, exporter, opset = ORIGINALS[name]
    subject = build()
    return subject, onnx.load_from_string(export(subject, exporter, opset))


def inputs_of(subject: Subject) -> dict[str, Array]:
    return {name: each.numpy() for name, each in subject.inputs.items()}


def maps_of(subject: Subject) -> list[Array]:
    return [site.probabilities.numpy() for site in subject.sites]


def copy_of(model: onnx.ModelProto) -> onnx.ModelProto:
    copied = onnx.ModelProto()
    copied.CopyFrom(model)
    return copied


SOFTMAXES = ("Softmax", "QLinearSoftmax")
FUSED = ("Attention", "MultiHeadAttention", "QAttention")


def met_by_values(model: onnx.ModelProto, node: onnx.NodeProto) -> str:
    """The tensor that meets the values: a softmax's output, past quantisation back to floats and casts."""
    name = node.output[0]
    followed = True
    while followed:
        followed = False
        for reader in model.graph.node:
            if name in reader.input[:1] and reader.op_type in ("QuantizeLinear", "DequantizeLinear", "Cast"):
                name, followed = reader.output[0], True
                break
    return name


def in_graph_order(model: onnx.ModelProto, subject: Subject) -> list[int]:
    """Which site of the original each attention of this graph is: a softmax by its shape and its values; fused operators
    are what is left, in order."""
    softmaxes = [node.output[0] for node in model.graph.node if node.op_type in SOFTMAXES]
    arrays = [scaled(each) for each in tensors_of(model, inputs_of(subject), softmaxes)] if softmaxes else []
    maps = maps_of(subject)
    left = list(range(len(maps)))
    of_softmax: dict[str, int] = {}
    for name, array in zip(softmaxes, arrays, strict=True):
        fitting = [index for index in left if maps[index].shape == array.shape]
        if fitting:
            of_softmax[name] = min(fitting, key=lambda index: float(np.abs(maps[index] - array).mean()))
            left.remove(of_softmax[name])
        else:
            assert subject.other_softmaxes, name
    order = [
        of_softmax[node.output[0]] if node.op_type in SOFTMAXES else left.pop(0)
        for node in model.graph.node
        if node.op_type in FUSED or (node.op_type in SOFTMAXES and node.output[0] in of_softmax)
    ]
    assert not left and sorted(order) == list(range(len(maps))), order
    return order


def scaled(array: Array) -> Array:
    """Of a quantised softmax: its output's scale is 1/256."""
    return array.astype(np.float32) / (256 if array.dtype == np.uint8 else 1)


def made(name: str, of: str, model: onnx.ModelProto, how: str, **more: Any) -> Made:
    """A row whose maps are the original's."""
    subject, before = original(of)
    inputs = inputs_of(subject)
    bound = max(1e-4, 20 * more.get("tolerance", 0))
    for wanted, got in zip(run(before, inputs), run(model, inputs), strict=True):
        difference = float(np.abs(wanted - got).max())
        assert difference <= bound, f"{name} computes something else: {difference:.1e}"
    order = in_graph_order(model, subject)
    return described(name, of, model, how, [maps_of(subject)[index] for index in order], order, HOOKS, **more)


def described(
    name: str,
    of: str,
    model: onnx.ModelProto,
    how: str,
    maps: Sequence[Array],
    order: Sequence[int],
    references: str,
    **more: Any,
) -> Made:
    subject, _ = original(of)
    return Made(
        name=name,
        family=of.replace("-1", "").replace("bert4", "bert").replace("gpt4", "gpt2"),
        exporter=f"{ORIGINALS[of][1]}, then ONNX Runtime",
        opset=next(each.version for each in model.opset_import if not each.domain),
        attention=how,
        model=model,
        inputs=inputs_of(subject),
        maps=maps,
        kinds=[subject.sites[index].kind for index in order],
        references=references,
        layers=subject.layers,
        heads=subject.heads if isinstance(subject.heads, int) else list(subject.heads),
        other_softmaxes=more.pop("other_softmaxes", subject.other_softmaxes),
        **more,
    )


def fused(name: str, of: str, kind: str, heads: int, width: int, how: str, **options: Any) -> Made:
    """By the optimiser of onnxruntime.transformers."""
    _, before = original(of)
    asked = FusionOptions(kind)
    raw_mask = options.pop("raw_mask", False)
    if raw_mask:
        asked.use_raw_attention_mask(True)
    half = options.pop("half", False)
    level = options.pop("level", 0)
    more = options.pop("more", {})
    for key, value in options.items():
        assert hasattr(asked, key)
        setattr(asked, key, value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(before, path)
        optimised = optimize_model(
            str(path), model_type=kind, num_heads=heads, hidden_size=width, optimization_options=asked, opt_level=level
        )
        if half:
            optimised.convert_float_to_float16(keep_io_types=True)
        optimised.save_model_to_file(str(path))
        model = stripped(onnx.load(path))
    return made(name, of, model, how, **({"tolerance": HALF} if half else {}), **more)


def stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without documentation and metadata but the paths of modules."""
    for node in model.graph.node:
        kept = [(each.key, each.value) for each in node.metadata_props if each.key == "pkg.torch.onnx.name_scopes"]
        node.ClearField("doc_string")
        del node.metadata_props[:]
        for key, value in kept:
            node.metadata_props.add(key=key, value=value)
    return model


def saved(name: str, of: str, level: str) -> Made:
    """What a session saves of its optimised graph."""
    subject, before = original(of)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_ENABLE_{level.upper()}")
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(before.SerializeToString(), options, providers=["CPUExecutionProvider"])
        model = stripped(onnx.load(path))
    return made(name, of, model, f"saved by a session, level {level}", largest=160_000)


class Calibration(quantization.CalibrationDataReader):
    def __init__(self, model: onnx.ModelProto, inputs: Mapping[str, Array]) -> None:
        taken = {each.name for each in model.graph.input}
        self.left = iter([{name: array for name, array in inputs.items() if name in taken}])

    def get_next(self) -> dict[str, Array] | None:
        return next(self.left, None)


def quantised(name: str, of: str, form: str, *, source: Callable[[], Made] | None = None, **options: Any) -> Made:
    """int8 with seven bits of weights, so that no kernel saturates and all machines compute the same sums."""
    subject, before = original(of)
    inputs = inputs_of(subject)
    if source is not None:
        fused_before = source().model
        assert isinstance(fused_before, onnx.ModelProto)
        before = fused_before
    elif form != "dynamic":
        before = basic(before)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path, result = Path(folder) / "model.onnx", Path(folder) / "int8.onnx"
        onnx.save(before, path)
        if form == "dynamic":
            weights = options.pop("weight_type", QuantType.QUInt8)
            quantization.quantize_dynamic(path, result, weight_type=weights, reduce_range=True, **options)
        else:
            quantization.quantize_static(
                path,
                result,
                Calibration(before, inputs),
                quant_format=getattr(QuantFormat, form),
                activation_type=options.pop("activation_type", QuantType.QUInt8),
                weight_type=QuantType.QInt8,
                reduce_range=True,
                **options,
            )
        model = stripped(onnx.load(result))
    how = f"int8, {form}"
    if any(node.op_type == "QAttention" for node in model.graph.node):
        maps = [
            from_qattention(model, inputs, node) for node in model.graph.node if node.op_type == "QAttention"
        ]
        return described(name, of, model, f"{how}, QAttention", maps, range(len(maps)), FROM_INPUTS, tolerance=INT8)
    order = in_graph_order(model, subject)
    nodes = [node for node in model.graph.node if node.op_type in SOFTMAXES]
    assert len(order) == len(subject.sites) and not subject.other_softmaxes, (name, order)
    maps = [scaled(each) for each in tensors_of(model, inputs, [met_by_values(model, node) for node in nodes])]
    exact = form == "dynamic" and not options
    return described(
        name,
        of,
        model,
        how,
        maps,
        order,
        OWN,
        tolerance=INT8,
        rows_sum_to_one=exact,
        largest=200_000,
    )


def basic(model: onnx.ModelProto) -> onnx.ModelProto:
    """Shape arithmetic and constants folded, as the quantiser's guide wants it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(path)


def from_qattention(model: onnx.ModelProto, inputs: Mapping[str, Array], node: onnx.NodeProto) -> Array:
    """Probabilities of a QAttention with a mask of lengths or of ones."""
    names = [*node.input, *[""] * 9][:9]
    constants = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    asked = [each for each in names if each and each not in constants]
    values = constants | dict(zip(asked, tensors_of(model, inputs, asked), strict=True))
    x, weight, bias, x_scale, weight_scale, mask, x_zero, weight_zero, past = (values.get(each) for each in names)
    assert past is None and mask is not None
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    heads = attributes["num_heads"]
    sums = (x.astype(np.int64) - x_zero.astype(np.int64)) @ (weight.astype(np.int64) - weight_zero.astype(np.int64))
    projected = sums * (x_scale.astype(np.float64) * weight_scale) + bias
    batch, tokens, width = projected.shape
    query, key, _ = np.split(projected.reshape(batch, tokens, 3 * heads, -1).transpose(0, 2, 1, 3), 3, axis=1)
    scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(query.shape[-1])
    places = np.arange(tokens)
    valid = mask.astype(bool) if mask.ndim == 2 else places[None] < mask[:batch, None]
    scores = np.where(valid[:, None, None], scores, attributes.get("mask_filter_value", -10000.0) + scores)
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


def half(name: str, of: str) -> Made:
    _, before = original(of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = convert_float_to_float16(copy_of(before), keep_io_types=True)
    return made(name, of, model, "float16", tolerance=HALF, largest=160_000)


def brain_float() -> Made:
    """Queries, keys and probabilities are rounded to bfloat16, products and softmax are of float32, as on CPU."""
    random = np.random.default_rng(70)
    batch, heads, queries, keys, size = 2, 3, 6, 7, 8

    def rounded(array: Array) -> Array:
        return array.astype(ml_dtypes.bfloat16).astype(np.float32)

    # On the grid of bfloat16 already, so that nothing but the map is rounded in the graph.
    query, key, value = (
        rounded(random.standard_normal((batch, heads, length, size)).astype(np.float32) * 1.5)
        for length in (queries, keys, keys)
    )
    nodes: list[onnx.NodeProto] = []

    def node(op: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, inputs, [f"{op}_{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    def through_bfloat(name: str) -> str:
        return node("Cast", node("Cast", name, to=TensorProto.BFLOAT16), to=TensorProto.FLOAT)

    transposed = node("Transpose", through_bfloat("key"), perm=[0, 1, 3, 2])
    scores = node("Mul", node("MatMul", through_bfloat("query"), transposed), "scale")
    map_ = through_bfloat(node("Softmax", scores, axis=-1))
    nodes.append(helper.make_node("MatMul", [map_, through_bfloat("value")], ["output"]))
    inputs = {"query": query, "key": key, "value": value}
    graph = helper.make_graph(
        nodes,
        "bfloat16",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape) for name, array in inputs.items()],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(size**-0.5, np.float32), "scale")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    products = query.astype(np.float64) @ key.transpose(0, 1, 3, 2) * size**-0.5
    powers = np.exp(products - products.max(-1, keepdims=True))
    expected = rounded((powers / powers.sum(-1, keepdims=True)).astype(np.float32))
    difference = np.abs(run(model, inputs)[0] - expected @ value).max()
    assert difference < 0.05, difference
    return Made(
        name="bfloat16-casts",
        family="bfloat16",
        exporter="onnx.helper",
        opset=17,
        attention="bfloat16 by casts",
        model=model,
        inputs=inputs,
        maps=[expected],
        kinds=["cross"],
        references="NumPy, float64, rounded to bfloat16",
        heads=heads,
        rows_sum_to_one=False,
        tolerance=4e-3,
    )


def external() -> Made:
    """Weights in a file beside the model, which is written here, as a row has but one file."""
    name = "bert-external-data"
    subject, before = original("bert")
    model = copy_of(before)
    here = Path(__file__).resolve().parent
    path = here / f"{name}.onnx"
    data = f"{name}.bin"
    (here / data).unlink(missing_ok=True)
    onnx.save_model(
        model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=data, size_threshold=256
    )
    content = path.read_bytes()
    row = made(name, "bert", before, "weights in a file beside the model", extra={"data": [data]})
    return Made(**{**row.__dict__, "model": content})


FP32_BERT = partial(fused, "bert-fused", "bert4", "bert", 4, 32, "fused: Attention")
MULTIHEAD_BERT = partial(
    fused, "bert-fused-multihead", "bert4", "bert", 4, 32, "fused: MultiHeadAttention", use_multi_head_attention=True
)

MAKERS: dict[str, Maker] = {
    "bert-fused": FP32_BERT,
    "bert-fused-raw-mask": partial(
        fused, "bert-fused-raw-mask", "bert4", "bert", 4, 32, "fused: Attention, mask [B, S]", raw_mask=True
    ),
    "bert-fused-multihead": MULTIHEAD_BERT,
    "bert-fused-float16": partial(
        fused, "bert-fused-float16", "bert4", "bert", 4, 32, "fused: Attention, float16", half=True
    ),
    "bert-fused-multihead-float16": partial(
        fused,
        "bert-fused-multihead-float16",
        "bert4",
        "bert",
        4,
        32,
        "fused: MultiHeadAttention, float16",
        half=True,
        use_multi_head_attention=True,
    ),
    "bert4-saved-basic": partial(saved, "bert4-saved-basic", "bert4", "basic"),
    "bert4-saved-extended": partial(saved, "bert4-saved-extended", "bert4", "extended"),
    "bert4-saved-all": partial(saved, "bert4-saved-all", "bert4", "all"),
    "gpt2-optimised": partial(
        fused, "gpt2-optimised", "gpt4", "gpt2", 4, 32, "SkipLayerNormalization, FastGelu; attention unfused"
    ),
    "gpt4-saved-extended": partial(saved, "gpt4-saved-extended", "gpt4", "extended"),
    "clip-optimised": partial(
        fused,
        "clip-optimised",
        "clip",
        "clip",
        3,
        24,
        "fused: Attention in one tower",
        more={"largest": 140_000},
    ),
    "t5-optimised": partial(fused, "t5-optimised", "t5-1", "t5", 4, 24, "SkipSimplifiedLayerNormalization"),
    "swin-optimised": partial(fused, "swin-optimised", "swin", "swin", 0, 0, "SkipLayerNormalization, BiasGelu"),
    "distilbert-optimised": partial(
        fused, "distilbert-optimised", "distilbert", "bert", 4, 24, "SkipLayerNormalization, BiasGelu", level=1
    ),
    **{
        f"{of}-saved-{level}": partial(saved, f"{of}-saved-{level}", of, level)
        for of, level in (
            ("bert", "basic"),
            ("bert", "all"),
            ("gpt2", "basic"),
            ("gpt2", "extended"),
            ("vit", "extended"),
            ("t5-1", "extended"),
            ("llama", "basic"),
            ("llama", "extended"),
            ("llama", "all"),
            ("swin", "extended"),
            ("clip", "extended"),
        )
    },
    **{f"{of}-int8-dynamic": partial(quantised, f"{of}-int8-dynamic", of, "dynamic") for of in ("bert", "gpt2", "vit", "t5-1", "llama")},
    "bert-int8-dynamic-all": partial(
        quantised, "bert-int8-dynamic-all", "bert", "dynamic", extra_options={"MatMulConstBOnly": False}
    ),
    "llama-int8-dynamic-all": partial(
        quantised, "llama-int8-dynamic-all", "llama", "dynamic", extra_options={"MatMulConstBOnly": False}
    ),
    "bert-int8-qattention": partial(
        quantised,
        "bert-int8-qattention",
        "bert4",
        "dynamic",
        source=FP32_BERT,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    ),
    **{
        f"{of}-int8-{form.lower()}": partial(quantised, f"{of}-int8-{form.lower()}", of, form)
        for of in ("bert", "gpt2", "vit", "llama")
        for form in ("QDQ", "QOperator")
    },
    "bert-int8-qdq-signed": partial(
        quantised, "bert-int8-qdq-signed", "bert", "QDQ", activation_type=QuantType.QInt8
    ),
    **{f"{of}-float16": partial(half, f"{of}-float16", of) for of in ("bert", "gpt2", "vit", "t5-1", "llama")},
    "bfloat16-casts": brain_float,
    "bert-external-data": external,
}


LARGE = {
    "t5-1-saved-extended",
    "llama-int8-qdq",
    "bert-int8-dynamic-all",
    "vit-int8-qoperator",
    "bert4-saved-basic",
    "bert4-saved-all",
    "gpt2-optimised",
    "gpt4-saved-extended",
    "gpt2-saved-basic",
    "llama-saved-all",
    "llama-saved-basic",
    "clip-saved-extended",
    "t5-optimised",
    "distilbert-optimised",
    "bert-saved-basic",
    "swin-optimised",
    "gpt2-int8-dynamic",
    "t5-1-int8-dynamic",
    "gpt2-int8-qdq",
    "gpt2-int8-qoperator",
    "bert-int8-qdq",
    "bert-int8-qdq-signed",
    "bert-int8-dynamic",
    "gpt2-float16",
    "t5-1-float16",
    "bert-float16",
    "bert-fused-raw-mask",
}
"""Not committed: much alike to others, or big."""


def main() -> None:
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    run_makers(__file__, __doc__, MAKERS, ("onnxruntime", "onnx", "torch", "transformers", "numpy"), LARGE)


if __name__ == "__main__":
    main()
