"""Models with a softmax, or with queries and keys, that hold no attention."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from case import BATCH, HEADS, SIZE, TOKENS, WIDTH, Case, Graph
from hand_written import Site

CLASSES = 5


def negative(name: str, says: str, graph: Graph) -> Case:
    graph.result("output")
    return Case(name, "none", says, graph, [], kinds=())


def started(*, seed: int = 40) -> tuple[Graph, str]:
    """A graph and its tokens [B, T, width]."""
    graph = Graph(seed=seed)
    return graph, graph.feed("tokens", graph.normal(BATCH, TOKENS, WIDTH))


def linear(graph: Graph, source: str, width: int, given: int = WIDTH) -> str:
    product = graph.node("MatMul", source, graph.weight(graph.normal(given, width, spread=0.35)))
    return graph.node("Add", product, graph.weight(graph.normal(width, spread=0.2)))


def linear_attention() -> Case:
    """softmax(Q) · (softmax(K)ᵀ · V): features of each token, no map of queries and keys."""
    site = Site()
    graph = site.graph
    query, key = site.softmax(site.query), site.softmax(site.key, axis=-2)
    state = graph.node("MatMul", graph.node("Transpose", key, perm=[0, 1, 3, 2]), site.value)
    graph.node("MatMul", query, state, out="output")
    return negative("none-linear-attention", "softmaxes of queries and of keys by themselves", graph)


def state_space() -> Case:
    """A gated convolution over time, and a decaying sum: no softmax."""
    graph, tokens = started()
    channels = graph.node("Transpose", tokens, perm=[0, 2, 1])
    filters = graph.weight(graph.normal(WIDTH, 1, 3))
    mixed = graph.node("Conv", channels, filters, group=WIDTH, pads=[2, 0], kernel_shape=[3])
    decay = graph.weight((0.7 ** np.abs(np.arange(TOKENS)[:, None] - np.arange(TOKENS))).astype(np.float32))
    summed = graph.node("MatMul", mixed, decay)
    gated = graph.node("Mul", summed, graph.node("Sigmoid", channels))
    graph.node("Transpose", gated, out="output", perm=[0, 2, 1])
    return negative("none-state-space", "a convolution and a decaying sum, gated", graph)


def router() -> Case:
    """Top two of four experts, their probabilities renormalised, all experts computed."""
    graph, tokens = started()
    experts = 4
    probabilities = graph.node("Softmax", linear(graph, tokens, experts), axis=-1)
    graph.node("TopK", probabilities, graph.weight(np.array([2], np.int64)), out=["best", "which"], axis=-1)
    total = graph.node("ReduceSum", "best", graph.weight(np.array([-1], np.int64)), keepdims=1)
    zeros = graph.node("Mul", probabilities, graph.weight(0.0))
    weights = graph.node("ScatterElements", zeros, "which", graph.node("Div", "best", total), axis=-1)
    outputs = graph.shaped(linear(graph, tokens, experts * SIZE), [0, 0, experts, SIZE])
    row = graph.node("Unsqueeze", weights, graph.weight(np.array([2], np.int64)))
    graph.node("Squeeze", graph.node("MatMul", row, outputs), graph.weight(np.array([2], np.int64)), out="output")
    return negative("none-router", "a router of experts, whose outputs it weighs by MatMul", graph)


def classifier() -> Case:
    graph, tokens = started()
    pooled = graph.node("ReduceMean", tokens, axes=[1], keepdims=0)
    graph.node("Softmax", linear(graph, pooled, CLASSES), out="output", axis=-1)
    return negative("none-classifier", "a mean of the tokens, classes, a softmax", graph)


def sampling() -> Case:
    """Tokens times the embedding table, over a temperature, cut to the best, made probabilities."""
    graph, tokens = started()
    table = graph.weight(graph.normal(20, WIDTH), "embedding")
    looked_up = graph.node("Gather", table, graph.feed("ids", np.arange(BATCH).reshape(BATCH, 1) + 3))
    hidden = graph.node("Add", tokens, looked_up)
    logits = graph.node("MatMul", hidden, graph.node("Transpose", table, perm=[1, 0]))
    graph.node(
        "TopK",
        graph.node("Div", logits, graph.weight(0.8)),
        graph.weight(np.array([5], np.int64)),
        out=["best", "which"],
        axis=-1,
    )
    graph.node("Softmax", "best", out="output", axis=-1)
    return negative("none-sampling", "a sampling head with tied embeddings", graph)


def pooling() -> Case:
    """A score per token from a small network; the tokens' weighted mean by MatMul."""
    graph, tokens = started()
    score = linear(graph, graph.node("Tanh", linear(graph, tokens, SIZE)), 1, SIZE)
    weights = graph.node("Softmax", score, axis=1)
    graph.node("MatMul", graph.node("Transpose", weights, perm=[0, 2, 1]), tokens, out="output")
    return negative("none-pooling", "a pooling with a learnt score per token", graph)


def expected_value() -> Case:
    """A distribution over bins times the bins' centres."""
    graph, tokens = started()
    probabilities = graph.node("Softmax", linear(graph, tokens, 11), axis=-1)
    centres = graph.weight(np.linspace(-1, 1, 11, dtype=np.float32)[:, None])
    graph.node("MatMul", probabilities, centres, out="output")
    return negative("none-expected-value", "a distribution over bins times their centres", graph)


def spatial() -> Case:
    """Softmax over the pixels of every channel, times coordinates: spatial soft-argmax."""
    graph = Graph(seed=41)
    image = graph.feed("image", graph.normal(BATCH, 3, 5, 5))
    filtered = graph.node("Conv", image, graph.weight(graph.normal(HEADS, 3, 3, 3)), kernel_shape=[3, 3])
    maps = graph.node("Softmax", graph.shaped(filtered, [0, HEADS, 9]), axis=-1)
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 3), np.linspace(-1, 1, 3)), -1).reshape(9, 2)
    graph.node("MatMul", maps, graph.weight(grid.astype(np.float32)), out="output")
    return negative("none-spatial", "a spatial softmax times coordinates", graph)


def negative_cases() -> Iterator[Case]:
    yield linear_attention()
    yield state_space()
    yield router()
    yield classifier()
    yield sampling()
    yield pooling()
    yield expected_value()
    yield spatial()
