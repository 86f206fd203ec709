"""Weights that no softmax makes: the part of the scores above zero, or above a threshold of each row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto

from case import TOKENS, Array, Case
from hand_written import Site


def above_zero() -> Case:
    """ReLU attention: max(x, 0) / S. https://arxiv.org/abs/2309.08586"""
    site = Site(seed=70)
    graph = site.graph
    map_ = graph.node("Div", graph.node("Relu", site.scores()), graph.weight(float(TOKENS)))
    site.attend(map_)
    wanted = np.maximum(site.products(), 0) / TOKENS
    return site.case("relu-weights", "a ReLU in the place of the softmax", map_, wanted)


def squared() -> Case:
    """max(x, 0)² over its sum, with a mask of the future."""
    site = Site(seed=71)
    graph = site.graph
    future = np.triu(np.ones((TOKENS, TOKENS), bool), 1)
    scores = graph.node("Where", graph.weight(future), graph.weight(-1e9), site.scores())
    weights = graph.node("Pow", graph.node("Clip", scores, graph.weight(0.0)), graph.weight(2.0))
    total = graph.node("ReduceSum", weights, graph.weight(np.array([-1], np.int64)), keepdims=1)
    map_ = graph.node("Div", weights, graph.node("Add", total, graph.weight(1e-6)))
    site.attend(map_)
    wanted = np.maximum(np.where(future, 0, site.products()), 0) ** 2
    wanted = wanted / (wanted.sum(-1, keepdims=True) + 1e-6)
    return site.case("relu-squared", "ReLU² of masked scores, divided by its sum", map_, wanted)


def sparsemax_of(scores: Array) -> Array:
    """The projection on the simplex. https://arxiv.org/abs/1602.02068, algorithm 1"""
    ordered = -np.sort(-scores, axis=-1)
    count = np.arange(1, scores.shape[-1] + 1)
    sums = ordered.cumsum(-1) - 1
    kept = (count * ordered > sums).sum(-1, keepdims=True)
    return np.maximum(scores - np.take_along_axis(sums, kept - 1, -1) / kept, 0)


def sparsemax() -> Case:
    site = Site(seed=72)
    graph = site.graph
    last = graph.weight(np.array([-1], np.int64))
    one = graph.weight(np.array(1, np.int64))
    scores = site.scores()
    graph.node("TopK", scores, graph.weight(np.array([TOKENS], np.int64)), out=["ordered", "places"], axis=-1)
    sums = graph.node("CumSum", "ordered", graph.weight(np.array(-1, np.int64)))
    sums = graph.node("Sub", sums, graph.weight(1.0))
    count = graph.weight(np.arange(1, TOKENS + 1).astype(np.float32))
    inside = graph.node("Cast", graph.node("Greater", graph.node("Mul", count, "ordered"), sums), to=TensorProto.INT64)
    kept = graph.node("ReduceSum", inside, last, keepdims=1)
    sum_ = graph.node("GatherElements", sums, graph.node("Sub", kept, one), axis=-1)
    threshold = graph.node("Div", sum_, graph.node("Cast", kept, to=TensorProto.FLOAT))
    map_ = graph.node("Max", graph.node("Sub", scores, threshold), graph.weight(0.0))
    site.attend(map_)
    return site.case("sparsemax", "sparsemax", map_, sparsemax_of(site.products()))


def weight_cases() -> Iterator[Case]:
    yield above_zero()
    yield squared()
    yield sparsemax()
