"""Models of bfloat16, every tensor rounded as the graph says. Inputs are float32 in the archives."""

from __future__ import annotations

from collections.abc import Iterator

import ml_dtypes
import numpy as np
from onnx import TensorProto, helper

import references
from case import BATCH, HEADS, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, split
from subgraph_cases import body, subgraph, tensor

BFLOAT16 = ml_dtypes.bfloat16
HIDDEN = HEADS * SIZE
TOLERANCE = 4e-3
"""Half a step of bfloat16 below 1, and what one step of a score makes of a probability where a sum rounds otherwise."""


def short(array: Array) -> Array:
    """Rounded to bfloat16, as float32."""
    return array.astype(BFLOAT16).astype(np.float32)


class Projections:
    """Tokens as an input, and queries, keys and values [B, H, T, d] of them."""

    def __init__(self, seed: int, opset: int = 17, kv_heads: int = HEADS) -> None:
        self.graph = graph = Graph(seed=seed, opset=opset)
        tokens = graph.normal(BATCH, TOKENS, WIDTH)
        self.tokens = graph.feed("tokens", tokens.astype(BFLOAT16))
        graph.feeds["tokens"] = tokens
        self.flat: list[str] = []
        self.names: list[str] = []
        self.arrays: list[Array] = []
        for heads in (HEADS, kv_heads, kv_heads):
            weight = graph.normal(WIDTH, heads * SIZE, spread=0.35).astype(BFLOAT16)
            self.flat.append(graph.node("MatMul", self.tokens, graph.weight(weight)))
            self.arrays.append(split(short(short(tokens) @ weight.astype(np.float32)), heads))

    def apart(self) -> None:
        """Heads by Reshape and Transpose."""
        for flat in self.flat:
            shaped = self.graph.shaped(flat, [0, 0, HEADS, SIZE])
            self.names.append(self.graph.node("Transpose", shaped, perm=[0, 2, 1, 3]))

    def finish(self, context: str) -> None:
        merged = self.graph.shaped(self.graph.node("Transpose", context, perm=[0, 2, 1, 3]), [0, 0, HIDDEN])
        self.project(merged)

    def project(self, merged: str) -> None:
        weight = self.graph.weight(self.graph.normal(HIDDEN, 4).astype(BFLOAT16))
        self.graph.node("MatMul", merged, weight, out="output")
        self.graph.result("output", kind=TensorProto.BFLOAT16)


def case(name: str, operator: str, says: str, graph: Graph, map_: Array, *, rebuilt: bool = False) -> Case:
    return Case(name, operator, says, graph, [map_], rebuilt=rebuilt, tolerance=TOLERANCE, unchecked=True)


def written_out() -> Case:
    parts = Projections(70)
    parts.apart()
    graph = parts.graph
    query, key, value = parts.names
    mask = np.where(np.tri(TOKENS, dtype=bool), 0, -3e38).astype(BFLOAT16)
    scale = np.array(SIZE**-0.5, BFLOAT16)
    product = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
    scores = graph.node("Add", graph.node("Mul", product, graph.weight(scale)), graph.weight(mask))
    parts.finish(graph.node("MatMul", graph.node("Softmax", scores, axis=-1), value))
    q, k, _ = parts.arrays
    wanted = short(short(short(q @ k.swapaxes(-1, -2)) * scale.astype(np.float32)) + mask.astype(np.float32))
    says = "all tensors of bfloat16, a causal mask"
    return case("bfloat16", "unfused", says, graph, short(references.softmax(wanted)))


def in_branch() -> Case:
    parts = Projections(71)
    parts.apart()
    graph = parts.graph
    scale = np.array(SIZE**-0.5, BFLOAT16)
    graph.weight(scale, "scale")
    dims = (BATCH, HEADS, TOKENS, SIZE)
    query, key, value = parts.names
    short_tensor = tensor("attended", *dims, kind=TensorProto.BFLOAT16)
    then = subgraph("then", body(2, query, key, value, "attended"), [], [short_tensor])
    passed = helper.make_node("Identity", [value], ["passed"])
    otherwise = subgraph("otherwise", [passed], [], [tensor("passed", *dims, kind=TensorProto.BFLOAT16)])
    condition = graph.feed("attends", np.array(True), ())
    parts.finish(graph.node("If", condition, then_branch=then, else_branch=otherwise))
    q, k, _ = parts.arrays
    wanted = short(short(q @ k.swapaxes(-1, -2)) * scale.astype(np.float32))
    return case("bfloat16-in-branch", "unfused", "bfloat16 in an If", graph, short(references.softmax(wanted)))


def attention() -> Case:
    """The operator's map is of its inputs and not rounded itself."""
    parts = Projections(72, opset=23, kv_heads=2)
    graph = parts.graph
    context = graph.node("Attention", *parts.flat, q_num_heads=HEADS, kv_num_heads=2, is_causal=1)
    parts.project(context)
    q, k, _ = parts.arrays
    scores = references.products(q, k.repeat(HEADS // 2, 1))
    wanted = references.softmax(np.where(np.tri(TOKENS, dtype=bool), scores, -np.inf))
    says = "bfloat16, causal, grouped heads"
    return case("bfloat16-attention", "ai.onnx.Attention", says, graph, wanted, rebuilt=True)


def group_query() -> Case:
    parts = Projections(73, kv_heads=2)
    graph = parts.graph
    lengths = graph.weight(np.array([TOKENS - 1, TOKENS - 1], np.int32))
    total = graph.weight(np.array(TOKENS, np.int32))
    outputs = ["attended", "present_key", "present_value"]
    attributes = {"num_heads": HEADS, "kv_num_heads": 2}
    graph.node(
        "GroupQueryAttention", *parts.flat, "", "", lengths, total, out=outputs, domain=MICROSOFT, **attributes
    )
    parts.project("attended")
    for output in outputs[1:]:
        graph.result(output, kind=TensorProto.BFLOAT16)
    q, k, _ = parts.arrays
    scores = references.products(q, k.repeat(HEADS // 2, 1))
    wanted = references.softmax(np.where(np.tri(TOKENS, dtype=bool), scores, -np.inf))
    says = "bfloat16, a prompt"
    return case("bfloat16-gqa", "com.microsoft.GroupQueryAttention", says, graph, wanted, rebuilt=True)


def bfloat16_cases() -> Iterator[Case]:
    yield written_out()
    yield in_branch()
    yield attention()
    yield group_query()
