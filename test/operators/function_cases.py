"""Attention inside functions that the model itself defines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, helper
from onnxscript import opset17, script
from onnxscript.values import Opset

import references
from case import BATCH, HEADS, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, join, split
from subgraph_cases import LOCAL, body, subgraph, tensor

HIDDEN = HEADS * SIZE


def by_reference(node: onnx.NodeProto, name: str, attribute: str, kind: int) -> onnx.NodeProto:
    """The node with an attribute that the call gives."""
    node.attribute.append(AttributeProto(name=name, ref_attr_name=attribute, type=kind))
    return node


def function(
    name: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    nodes: Sequence[onnx.NodeProto],
    *,
    attributes: Sequence[str] = (),
    defaults: Sequence[AttributeProto] = (),
    microsoft: bool = False,
) -> onnx.FunctionProto:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(LOCAL, 1)]
    opsets += [helper.make_opsetid(MICROSOFT, 1)] if microsoft else []
    return helper.make_function(LOCAL, name, inputs, outputs, list(nodes), opsets, attributes, defaults)


def attend() -> onnx.FunctionProto:
    """softmax(scale · q · kᵀ) · v, and the map as a second output; the scale has a default."""
    constant = by_reference(helper.make_node("Constant", [], ["scale"]), "value_float", "scale", AttributeProto.FLOAT)
    nodes = body(2, "query", "key", "value", "attended")
    return function(
        "Attend",
        ["query", "key", "value"],
        ["attended", "probabilities"],
        [constant, *nodes],
        defaults=[helper.make_attribute("scale", SIZE**-0.5)],
    )


def heads() -> onnx.FunctionProto:
    """A linear layer and its split into heads; the shape is an attribute without a default."""
    shape = by_reference(helper.make_node("Constant", [], ["shape"]), "value_ints", "shape", AttributeProto.INTS)
    nodes = [
        shape,
        helper.make_node("MatMul", ["tokens", "weight"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], ["output"]),
        helper.make_node("Transpose", ["output"], ["split"], perm=[0, 2, 1, 3]),
    ]
    return function("Heads", ["tokens", "weight"], ["split"], nodes, attributes=["shape"])


def block() -> onnx.FunctionProto:
    """Calls the two others, and names its values as they and the graph do."""
    split_heads = [
        helper.make_node("Heads", ["tokens", weight], [part], domain=LOCAL, shape=[0, 0, HEADS, SIZE])
        for weight, part in (("w_query", "query"), ("w_key", "key"), ("w_value", "value"))
    ]
    attended = by_reference(
        helper.make_node("Attend", ["query", "key", "value"], ["attended", "map"], "attention", domain=LOCAL),
        "scale",
        "temperature",
        AttributeProto.FLOAT,
    )
    nodes = [
        *split_heads,
        attended,
        helper.make_node("Transpose", ["attended"], ["product"], perm=[0, 2, 1, 3]),
        helper.make_node("Constant", [], ["shape"], value_ints=[0, 0, -1]),
        helper.make_node("Reshape", ["product", "shape"], ["merged"]),
        helper.make_node("MatMul", ["merged", "w_out"], ["change"]),
        helper.make_node("Add", ["tokens", "change"], ["output"]),
    ]
    inputs = ["tokens", "w_query", "w_key", "w_value", "w_out"]
    return function("Block", inputs, ["output"], nodes, attributes=["temperature"])


def with_functions(graph: Graph, *functions: onnx.FunctionProto) -> None:
    graph.functions.extend(functions)
    graph.domains.append(LOCAL)


def weights_of(graph: Graph) -> list[Array]:
    sizes = [(WIDTH, HIDDEN)] * 3 + [(HIDDEN, WIDTH)]
    return [graph.normal(*size, spread=0.3) for size in sizes]


def layer(state: Array, weights: Sequence[Array], scale: float) -> tuple[Array, Array]:
    """The map of a block and what it gives."""
    query, key, value = (split(state @ weight) for weight in weights[:3])
    map_ = references.softmax(references.products(query, key, scale))
    return map_, state + join(map_ @ value) @ weights[3]


def nested() -> Case:
    """Three layers; the second has a scale of its own, the others that of the function."""
    graph = Graph(seed=60)
    with_functions(graph, heads(), attend(), block())
    tokens = graph.normal(BATCH, TOKENS, WIDTH)
    state, array = graph.feed("tokens", tokens), tokens.astype(np.float64)
    wanted = []
    for index, scale in enumerate((None, 0.9, None)):
        weights = weights_of(graph)
        attributes: dict[str, Any] = {} if scale is None else {"temperature": scale}
        inputs = [graph.weight(weight) for weight in weights]
        # The graph's own values are called as some of the functions' are.
        out = ("product", "probabilities", "output")[index]
        state = graph.node("Block", state, *inputs, out=out, domain=LOCAL, **attributes)
        map_, array = layer(array, weights, SIZE**-0.5 if scale is None else scale)
        wanted.append(map_)
    graph.result("output")
    says = "three calls of a function that calls others: attributes by reference, defaults, names that clash"
    return Case("functions-nested", "unfused", says, graph, wanted, kinds=["self"] * 3, output=array)


def in_bodies() -> Case:
    """A call in the branch of an If; then a function that holds an If with the attention in its branch."""
    graph = Graph(seed=61)
    tokens = graph.normal(BATCH, TOKENS, WIDTH)
    condition = graph.feed("attends", np.array(True), ())
    state, array = graph.feed("tokens", tokens), tokens.astype(np.float64)
    first, second = weights_of(graph), weights_of(graph)
    names = [graph.weight(weight) for weight in first]
    dims = ("batch", "length", WIDTH)
    call = helper.make_node("Block", [state, *names], ["changed"], "block", domain=LOCAL)
    same = helper.make_node("Identity", [state], ["same"])
    chosen = graph.node(
        "If",
        condition,
        then_branch=subgraph("then", [call], [], [tensor("changed", *dims)]),
        else_branch=subgraph("otherwise", [same], [], [tensor("same", *dims)]),
    )
    dims = ("batch", HEADS, "length", SIZE)
    inner = helper.make_node(
        "If",
        ["condition"],
        ["attended"],
        "choice",
        then_branch=subgraph("then", body(2, "query", "key", "value", "attended"), [], [tensor("attended", *dims)]),
        else_branch=subgraph(
            "otherwise", [helper.make_node("Identity", ["value"], ["turned"])], [], [tensor("turned", *dims)]
        ),
    )
    scale = helper.make_node("Constant", [], ["scale"], value_float=SIZE**-0.5)
    choose = function("Choose", ["query", "key", "value", "condition"], ["attended"], [scale, inner])
    with_functions(graph, heads(), attend(), block(), choose)
    parts = [
        graph.node("Heads", chosen, graph.weight(weight), domain=LOCAL, shape=[0, 0, HEADS, SIZE])
        for weight in second[:3]
    ]
    context = graph.node("Choose", *parts, condition, domain=LOCAL)
    merged = graph.shaped(graph.node("Transpose", context, perm=[0, 2, 1, 3]), [0, 0, HIDDEN])
    graph.node("Add", chosen, graph.node("MatMul", merged, graph.weight(second[3])), out="output")
    graph.result("output")
    wanted = []
    for weights in (first, second):
        map_, array = layer(array, weights, SIZE**-0.5)
        wanted.append(map_)
    says = "a call in the branch of an If, and an If in a function"
    return Case("functions-and-bodies", "unfused", says, graph, wanted, kinds=["self"] * 2, output=array)


def optional() -> Case:
    """MultiHeadAttention in a function whose mask may be left out."""
    graph = Graph(seed=62)
    tokens = graph.normal(BATCH, TOKENS, WIDTH)
    lengths = np.array([4, 6], np.int32)
    state = graph.feed("tokens", tokens)
    mask = graph.feed("lengths", lengths)
    node = helper.make_node(
        "MultiHeadAttention",
        ["query", "key", "value", "bias", "mask"],
        ["attended"],
        "fused",
        domain=MICROSOFT,
    )
    by_reference(node, "num_heads", "heads", AttributeProto.INT)
    inputs = ["query", "key", "value", "bias", "mask"]
    with_functions(graph, function("Fused", inputs, ["attended"], [node], attributes=["heads"], microsoft=True))
    wanted, array = [], tokens.astype(np.float64)
    for given in ("", mask):
        weights = weights_of(graph)
        projected = [graph.node("MatMul", state, graph.weight(weight)) for weight in weights[:3]]
        context = graph.node("Fused", *projected, *(["", given] if given else []), domain=LOCAL, heads=HEADS)
        state = graph.node("MatMul", context, graph.weight(weights[3]))
        query, key, value = (split(array @ weight) for weight in weights[:3])
        map_ = references.multi_head_attention(query, key, mask=lengths if given else None)
        wanted.append(map_)
        array = join(map_ @ value) @ weights[3]
    graph.node("Identity", state, out="output")
    graph.result("output")
    return Case(
        "functions-optional",
        "com.microsoft.MultiHeadAttention",
        "in a function that imports a domain of its own, with an optional mask",
        graph,
        wanted,
        kinds=["self"] * 2,
        output=array,
        rebuilt=True,
    )


scripted = Opset("scripted", 1)


@script(scripted)
def scores(query, key, divisor: float):  # type: ignore[no-untyped-def]
    product = opset17.MatMul(query, opset17.Transpose(key, perm=[0, 1, 3, 2]))
    return product / opset17.Constant(value_float=divisor)


@script(scripted)
def attention(query, key, value, divisor: float = 2.0):  # type: ignore[no-untyped-def]
    raw = scores(query, key, divisor=divisor)
    limited = opset17.Tanh(raw)
    return opset17.MatMul(opset17.Softmax(limited, axis=-1), value)


def from_onnxscript() -> Case:
    """Functions that onnxscript writes from Python: one calls another and gives it an attribute."""
    graph = Graph(seed=63)
    tokens = graph.normal(BATCH, TOKENS, WIDTH)
    state, array = graph.feed("tokens", tokens), tokens.astype(np.float64)
    graph.functions.extend(each.to_function_proto() for each in (scores, attention))
    graph.domains.append("scripted")
    wanted = []
    for attributes in ({"divisor": SIZE**0.5}, {}):
        weights = weights_of(graph)
        parts = []
        for weight in weights[:3]:
            product = graph.node("MatMul", state, graph.weight(weight))
            parts.append(graph.node("Transpose", graph.shaped(product, [0, 0, HEADS, SIZE]), perm=[0, 2, 1, 3]))
        context = graph.node("attention", *parts, domain="scripted", **attributes)
        merged = graph.shaped(graph.node("Transpose", context, perm=[0, 2, 1, 3]), [0, 0, HIDDEN])
        state = graph.node("MatMul", merged, graph.weight(weights[3]))
        query, key, value = (split(array @ weight) for weight in weights[:3])
        products = references.products(query, key, 1 / float(attributes.get("divisor", 2.0)))
        map_ = references.softmax(np.tanh(products))
        wanted.append(map_)
        array = join(map_ @ value) @ weights[3]
    graph.node("Identity", state, out="output")
    graph.result("output")
    says = "functions that onnxscript made of Python"
    return Case("functions-onnxscript", "unfused", says, graph, wanted, kinds=["self"] * 2, output=array)


def function_cases() -> Iterator[Case]:
    yield nested()
    yield in_bodies()
    yield optional()
    yield from_onnxscript()
