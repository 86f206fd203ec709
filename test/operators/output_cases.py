"""Models that give maps as outputs, and models with several sites."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HEADS, SIZE, TOKENS, Array, Case, Graph, join
from hand_written import Site

LAYERS = 2


def stacked() -> Case:
    """Two layers; their maps, [L, B, H, T, S], as one output."""
    graph, maps, wanted = two_layers()
    first = graph.weight(np.array([0], np.int64))
    graph.node("Concat", *(graph.node("Unsqueeze", each, first) for each in maps), out="attentions", axis=0)
    graph.result("attentions")
    says = "an output of both layers' maps, [L, B, H, T, S]"
    return Case("outputs-stacked", "unfused", says, graph, wanted, kinds=["self"] * LAYERS, tensors=maps)


def averaged() -> Case:
    """Each layer's mean over the heads, [B, T, S], as PyTorch's MultiheadAttention gives it."""
    graph, maps, wanted = two_layers()
    for index, each in enumerate(maps):
        graph.result(graph.node("ReduceMean", each, out=f"attention_{index}", axes=[1], keepdims=0))
    says = "outputs of the maps' means over the heads, [B, T, S]"
    return Case("outputs-averaged", "unfused", says, graph, wanted, kinds=["self"] * LAYERS, tensors=maps)


def two_layers() -> tuple[Graph, list[str], list[Array]]:
    """A graph with its output, the names of two maps, and their references."""
    site = Site()
    graph = site.graph
    maps: list[str] = []
    wanted: list[Array] = []
    merged, joined = "", graph.feeds["tokens"]
    for layer in range(LAYERS):
        if layer:
            source, array = site.next_layer(merged, joined)
            parts = [site.projected(source, array, HEADS) for _ in range(3)]
            (site.query, site.q), (site.key, site.k), (site.value, site.v) = parts
        maps.append(site.softmax(site.scores()))
        wanted.append(references.softmax(site.products()))
        context = graph.node("MatMul", maps[-1], site.value)
        merged = graph.shaped(graph.node("Transpose", context, perm=[0, 2, 1, 3]), [0, 0, HEADS * SIZE])
        joined = join(wanted[-1] @ site.v)
    site.project(merged)
    return graph, maps, wanted


def cast_output() -> Case:
    """The map under a name of its own, through a Cast from float32 to float32."""
    site = Site()
    map_ = site.softmax(site.scores())
    site.graph.result(site.graph.node("Cast", map_, out="encoder_attention_0", to=TensorProto.FLOAT))
    site.attend(map_)
    return site.case(
        "outputs-cast",
        "the map as an output through a Cast that does nothing",
        map_,
        references.softmax(site.products()),
    )


def grouped_output() -> Case:
    """[B, K, G, T, S] as an output."""
    site = Site(kv_heads=2)
    graph = site.graph
    query = graph.shaped(site.query, [0, 2, 2, TOKENS, SIZE])
    two = graph.weight(np.array([2], np.int64))
    key, value = (graph.node("Unsqueeze", each, two) for each in (site.key, site.value))
    scores = site.scaled(graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 2, 4, 3])))
    map_ = graph.node("Softmax", scores, out="attention_weights", axis=-1)
    graph.result(map_)
    site.finish(graph.shaped(graph.node("MatMul", map_, value), [0, HEADS, TOKENS, SIZE]))
    wanted = references.softmax(references.products(site.q, site.k.repeat(2, 1)))
    shape = (BATCH, HEADS, TOKENS, TOKENS)
    return site.case(
        "outputs-grouped", "the map [B, K, G, T, S] as an output", map_, wanted, lambda array: array.reshape(shape)
    )


def without_values() -> Case:
    """The export of a map alone: nothing is done with it."""
    site = Site()
    map_ = site.graph.node("Softmax", site.scores(), out="attentions", axis=-1)
    site.graph.result(map_)
    return site.case(
        "outputs-without-values", "the map is the only output, no values", map_, references.softmax(site.products())
    )


def self_then_cross() -> Case:
    """A decoder's layer: causal self-attention, then attention to another input."""
    site = Site(memory=True)
    graph = site.graph
    cross = (site.key, site.k), (site.value, site.v)
    tokens = graph.feeds["tokens"]
    (site.key, site.k), (site.value, site.v) = (site.projected(site.tokens, tokens, HEADS) for _ in range(2))
    earlier = references.causal(TOKENS, TOKENS)
    scores = graph.node("Where", graph.weight(earlier), site.scores(), graph.weight(-3e38))
    maps = [site.softmax(scores)]
    wanted = [references.softmax(np.where(earlier, site.products(), -np.inf))]
    merged = graph.shaped(
        graph.node("Transpose", graph.node("MatMul", maps[0], site.value), perm=[0, 2, 1, 3]), [0, 0, HEADS * SIZE]
    )
    site.query, site.q = site.projected(*site.next_layer(merged, join(wanted[0] @ site.v)), HEADS)
    (site.key, site.k), (site.value, site.v) = cross
    maps.append(site.softmax(site.scores()))
    wanted.append(references.softmax(site.products()))
    site.attend(maps[1])
    says = "causal self-attention, then cross attention"
    return Case("self-then-cross", "unfused", says, graph, wanted, kinds=("self", "cross"), tensors=maps)


def output_cases() -> Iterator[Case]:
    yield stacked()
    yield averaged()
    yield cast_output()
    yield grouped_output()
    yield without_values()
    yield self_then_cross()
