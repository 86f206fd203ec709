"""Attention inside an If, a Loop, a Scan and a local function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

import references
from case import BATCH, HEADS, SIZE, TOKENS, Array, Case
from hand_written import SCALE, Site

NOTE = "one site; its map is to be exposed out of the body, or the reason given"
LOCAL = "local"


def body(heads: int, query: str, key: str, value: str, out: str) -> list[onnx.NodeProto]:
    """Scaled dot-product attention of tensors with `heads` axes before the last two."""
    swapped = [*range(heads), heads + 1, heads]
    return [
        helper.make_node("Transpose", [key], ["turned"], name="body/Transpose", perm=swapped),
        helper.make_node("MatMul", [query, "turned"], ["product"], name="body/MatMul"),
        helper.make_node("Mul", ["product", "scale"], ["scores"], name="body/Mul"),
        helper.make_node("Softmax", ["scores"], ["probabilities"], name="body/Softmax", axis=-1),
        helper.make_node("MatMul", ["probabilities", value], [out], name="body/MatMul_1"),
    ]


def tensor(name: str, *dims: int | str, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, dims)


def subgraph(
    name: str,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), name, list(inputs), list(outputs))


def started() -> Site:
    site = Site()
    site.graph.weight(float(1 / SCALE), "scale")
    return site


def finished(site: Site, name: str, says: str, context: str) -> Case:
    """The probabilities are no tensor of the main graph, so the output is compared."""
    site.finish(context)
    projection = site.graph.model().graph.initializer[-1]
    wanted = references.softmax(site.products())
    merged = (wanted @ site.v).transpose(0, 2, 1, 3).reshape(BATCH, TOKENS, HEADS * SIZE)
    output: Array = merged @ onnx.numpy_helper.to_array(projection)
    return site.case(name, says, "", wanted, output=output, note=NOTE)


def in_branch() -> Case:
    site = started()
    dims = (BATCH, HEADS, TOKENS, SIZE)
    then = subgraph("then", body(2, site.query, site.key, site.value, "attended"), [], [tensor("attended", *dims)])
    passed = helper.make_node("Identity", [site.value], ["passed"])
    otherwise = subgraph("otherwise", [passed], [], [tensor("passed", *dims)])
    condition = site.graph.feed("attends", np.array(True), ())
    context = site.graph.node("If", condition, then_branch=then, else_branch=otherwise)
    return finished(site, "in-branch", "a site in the branch of an If", context)


def in_loop() -> Case:
    """One sample per iteration; what an iteration gives is stacked."""
    site = started()
    one = [
        helper.make_node("Gather", [source, "index"], [part], name=f"body/Gather_{part}", axis=0)
        for source, part in ((site.query, "one_query"), (site.key, "one_key"), (site.value, "one_value"))
    ]
    keep = helper.make_node("Identity", ["going"], ["still_going"])
    iteration = subgraph(
        "iteration",
        [*one, *body(1, "one_query", "one_key", "one_value", "attended"), keep],
        [tensor("index", kind=TensorProto.INT64), tensor("going", kind=TensorProto.BOOL)],
        [tensor("still_going", kind=TensorProto.BOOL), tensor("attended", HEADS, "queries", SIZE)],
    )
    graph = site.graph
    count = graph.weight(np.array(BATCH, np.int64))
    context = graph.node("Loop", count, graph.weight(np.array(True)), body=iteration)
    return finished(site, "in-loop", "a site in the body of a Loop over the samples", context)


def in_scan() -> Case:
    site = started()
    parts = ("one_query", "one_key", "one_value")
    step = subgraph(
        "step",
        body(1, *parts, "attended"),
        [tensor(part, HEADS, "length", SIZE) for part in parts],
        [tensor("attended", HEADS, "length", SIZE)],
    )
    context = site.graph.node("Scan", site.query, site.key, site.value, body=step, num_scan_inputs=3)
    return finished(site, "in-scan", "a site in the body of a Scan over the samples", context)


def in_function() -> Case:
    site = started()
    graph = site.graph
    inputs = ["query", "key", "value", "scale"]
    nodes = body(2, inputs[0], inputs[1], inputs[2], "attended")
    opsets = [helper.make_opsetid("", graph.opset)]
    graph.functions.append(helper.make_function(LOCAL, "Attend", inputs, ["attended"], nodes, opsets))
    graph.domains.append(LOCAL)
    context = graph.node("Attend", site.query, site.key, site.value, "scale", domain=LOCAL)
    return finished(site, "in-function", "a site in a local function", context)


def subgraph_cases() -> Iterator[Case]:
    yield in_branch()
    yield in_loop()
    yield in_scan()
    yield in_function()
