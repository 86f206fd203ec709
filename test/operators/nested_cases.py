"""Attention inside a body that lies in another body."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper

from case import BATCH, HEADS, SIZE, TOKENS, Case
from hand_written import Site
from subgraph_cases import body, finished, started, subgraph, tensor

PARTS = ("one_query", "one_key", "one_value")
OUT = "attended"


def gathered(site: Site, index: str, axis: int = 0) -> list[NodeProto]:
    """Queries, keys and values of one sample."""
    sources = (site.query, site.key, site.value)
    return [
        helper.make_node("Gather", [source, index], [part], name=f"body/Gather_{part}", axis=axis)
        for source, part in zip(sources, PARTS, strict=True)
    ]


def attends(name: str, out: str, prefix: str = "") -> GraphProto:
    """A branch with attention among one sample's tokens, of the tensors named PARTS outside."""
    nodes = body(1, *PARTS, out)
    if prefix:
        inner = {each for node in nodes for each in node.output} - {out}
        for node in nodes:
            node.name = f"{prefix}/{node.name}"
            for field in (node.input, node.output):
                for index, value in enumerate(field):
                    if value in inner:
                        field[index] = f"{prefix}_{value}"
    return subgraph(name, nodes, [], [tensor(out, HEADS, TOKENS, SIZE)])


def loop(name: str, nodes: list[NodeProto]) -> GraphProto:
    keep = helper.make_node("Identity", [f"{name}_going"], [f"{name}_still"])
    return subgraph(
        name,
        [*nodes, keep],
        [tensor(f"{name}_index", kind=TensorProto.INT64), tensor(f"{name}_going", kind=TensorProto.BOOL)],
        [tensor(f"{name}_still", kind=TensorProto.BOOL), tensor(OUT, HEADS, TOKENS, SIZE)],
    )


def loop_in_if() -> Case:
    """A Loop over the samples in the branch of an If."""
    site = started()
    graph = site.graph
    count, going = graph.weight(np.array(BATCH, np.int64)), graph.weight(np.array(True))
    inner = loop("turn", [*gathered(site, "turn_index"), *body(1, *PARTS, OUT)])
    node = helper.make_node("Loop", [count, going], ["all_attended"], body=inner)
    dims = (BATCH, HEADS, TOKENS, SIZE)
    then = subgraph("then", [node], [], [tensor("all_attended", *dims)])
    passed = helper.make_node("Identity", [site.value], ["passed"])
    otherwise = subgraph("otherwise", [passed], [], [tensor("passed", *dims)])
    condition = graph.feed("attends", np.array(True), ())
    context = graph.node("If", condition, then_branch=then, else_branch=otherwise)
    return finished(site, "in-loop-in-if", "a site in a Loop in the branch of an If", context)


def if_in_loop() -> Case:
    """An If in a Loop over the samples, of which both branches hold the layer."""
    site = started()
    graph = site.graph
    count, going = graph.weight(np.array(BATCH, np.int64)), graph.weight(np.array(True))
    two = graph.weight(np.array(1, np.int64))
    first = helper.make_node("Less", ["turn_index", two], ["is_first"])
    then, otherwise = attends("then", "attended_then", "a"), attends("otherwise", "attended_else", "b")
    chosen = helper.make_node("If", ["is_first"], [OUT], then_branch=then, else_branch=otherwise)
    context = graph.node("Loop", count, going, body=loop("turn", [*gathered(site, "turn_index"), first, chosen]))
    return finished(site, "in-if-in-loop", "a site in both branches of an If in a Loop", context)


def if_in_if_in_if() -> Case:
    site = started()
    graph = site.graph
    dims = (BATCH, HEADS, TOKENS, SIZE)
    condition = graph.feed("attends", np.array(True), ())
    inner = subgraph("then_0", body(2, site.query, site.key, site.value, "attended_0"), [], [tensor("attended_0", *dims)])
    for depth in range(2):
        passed = helper.make_node("Identity", [site.value], [f"passed_{depth}"])
        otherwise = subgraph(f"otherwise_{depth}", [passed], [], [tensor(f"passed_{depth}", *dims)])
        out = f"attended_{depth + 1}"
        chosen = helper.make_node("If", [condition], [out], then_branch=inner, else_branch=otherwise)
        inner = subgraph(f"then_{depth + 1}", [chosen], [], [tensor(out, *dims)])
    passed = helper.make_node("Identity", [site.value], ["passed"])
    otherwise = subgraph("otherwise", [passed], [], [tensor("passed", *dims)])
    context = graph.node("If", condition, then_branch=inner, else_branch=otherwise)
    return finished(site, "in-three-branches", "a site in an If in an If in an If", context)


def nested_cases() -> Iterator[Case]:
    yield loop_in_if()
    yield if_in_loop()
    yield if_in_if_in_if()
