"""Softmaxes side by side before the values, and scores that are distances."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import references
from case import HEADS, TOKENS, Case
from hand_written import Site

FIRST = 2
"""Keys of the first softmax."""


def side_by_side() -> Case:
    """Keys in two runs, each with a softmax of its own, the first with a gate per head (LLaMA-Adapter)."""
    site = Site()
    graph = site.graph
    scores = site.scores()
    gates = np.tanh(graph.normal(1, HEADS, 1, 1))
    bounds = [graph.weight(np.array([each], np.int64)) for each in (0, FIRST, TOKENS, 3)]
    one = site.softmax(graph.node("Slice", scores, bounds[0], bounds[1], bounds[3]))
    other = site.softmax(graph.node("Slice", scores, bounds[1], bounds[2], bounds[3]))
    gated = graph.node("Mul", graph.weight(gates), one)
    map_ = graph.node("Concat", gated, other, axis=-1)
    site.attend(map_)
    products = site.products()
    parts = [references.softmax(products[..., :FIRST]) * gates, references.softmax(products[..., FIRST:])]
    return site.case("side-by-side", "two softmaxes by Concat, one of them gated", map_, np.concatenate(parts, -1))


def distances() -> Case:
    """Scores are minus the squared distance of each query from each key: Sub, ReduceL2, Pow, Neg."""
    site = Site()
    graph = site.graph
    axes = [graph.weight(np.array([each], np.int64)) for each in (3, 2)]
    query, key = (graph.node("Unsqueeze", each, axis) for each, axis in zip((site.query, site.key), axes, strict=True))
    length = graph.node("ReduceL2", graph.node("Sub", query, key), axes=[-1], keepdims=0)
    scores = site.scaled(graph.node("Neg", graph.node("Pow", length, graph.weight(2.0))), 4.0)
    map_ = site.softmax(scores)
    site.attend(map_)
    squares = ((site.q[:, :, :, None] - site.k[:, :, None]) ** 2).sum(-1)
    return site.case("distances", "softmax of −‖q − k‖²", map_, references.softmax(-squares / 4))


def joined_cases() -> Iterator[Case]:
    yield side_by_side()
    yield distances()
