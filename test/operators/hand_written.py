"""Queries, keys and values of a hand-written attention: in a graph, and as NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import references
from case import BATCH, HEADS, MEMORY, SIZE, TOKENS, WIDTH, Array, Case, Graph, split

SCALE = SIZE**0.5


class Site:
    """`query`, `key`, `value` name tensors [B, H, T, d] of the graph; `q`, `k`, `v` are the same in float64."""

    def __init__(
        self,
        *,
        seed: int = 20,
        memory: bool = False,
        kv_heads: int = HEADS,
        opset: int = 17,
        kind: type[np.floating[Any]] = np.float32,
    ) -> None:
        self.graph = Graph(opset=opset, seed=seed)
        self.memory = memory
        self.kind = kind
        graph = self.graph
        tokens = graph.normal(BATCH, TOKENS, WIDTH, kind=kind)
        source = graph.normal(BATCH, MEMORY, WIDTH, kind=kind) if memory else tokens
        self.tokens = graph.feed("tokens", tokens)
        self.source = graph.feed("memory", source) if memory else self.tokens
        self.query, self.q = self.projected(self.tokens, tokens, HEADS)
        self.key, self.k = self.projected(self.source, source, kv_heads)
        self.value, self.v = self.projected(self.source, source, kv_heads)

    def flat(self, source: str, array: Array, heads: int) -> tuple[str, Array]:
        """A linear layer with bias, [B, T, heads · d], and its value."""
        graph = self.graph
        weight = graph.normal(array.shape[-1], heads * SIZE, spread=0.35, kind=self.kind)
        bias = graph.normal(heads * SIZE, spread=0.2, kind=self.kind)
        name = graph.node("Add", graph.node("MatMul", source, graph.weight(weight)), graph.weight(bias))
        return name, array.astype(np.float64) @ weight.astype(np.float64) + bias

    def projected(self, source: str, array: Array, heads: int) -> tuple[str, Array]:
        name, projected = self.flat(source, array, heads)
        shaped = self.graph.shaped(name, [0, 0, heads, SIZE])
        return self.graph.node("Transpose", shaped, perm=[0, 2, 1, 3]), split(projected, heads)

    def add(self, left: str, right: Array | float | str) -> str:
        return self.graph.node("Add", left, right if isinstance(right, str) else self.graph.weight(right))

    def scaled(self, scores: str, divisor: float = SCALE) -> str:
        return self.graph.node("Div", scores, self.graph.weight(divisor))

    def scores(self) -> str:
        """Q·Kᵀ / √d in the graph."""
        graph = self.graph
        return self.scaled(graph.node("MatMul", self.query, graph.node("Transpose", self.key, perm=[0, 1, 3, 2])))

    def products(self) -> Array:
        """Q·Kᵀ / √d in NumPy, [B, H, T, S]."""
        return references.products(self.q, self.k)

    def softmax(self, scores: str, axis: int = -1) -> str:
        return self.graph.node("Softmax", scores, axis=axis)

    def attend(self, probabilities: str, value: str | None = None) -> None:
        """Values, heads side by side, a projection: the model's output."""
        self.finish(self.graph.node("MatMul", probabilities, value or self.value))

    def finish(self, context: str) -> None:
        """From [B, H, T, d] to the model's output."""
        graph = self.graph
        merged = graph.shaped(graph.node("Transpose", context, perm=[0, 2, 1, 3]), [0, 0, HEADS * SIZE])
        self.project(merged)

    def next_layer(self, merged: str, array: Array) -> tuple[str, Array]:
        """What the next layer's projections take, as wide as a token."""
        back = self.graph.normal(HEADS * SIZE, WIDTH, spread=0.2)
        return self.graph.node("Tanh", self.graph.node("MatMul", merged, self.graph.weight(back))), np.tanh(
            array @ back
        )

    def project(self, merged: str) -> None:
        graph = self.graph
        graph.node("MatMul", merged, graph.weight(graph.normal(HEADS * SIZE, 4)), out="output")
        graph.result("output")

    def case(
        self,
        name: str,
        says: str,
        tensor: str,
        reference: Array,
        layout: Callable[[Array], Array] = lambda array: array,
        **others: Any,
    ) -> Case:
        """The case of one map that is a tensor of the graph."""
        kinds: Sequence[Any] = ("cross" if self.memory else "self",)
        others = {"kinds": kinds, "tensors": [tensor] if tensor else [], "layout": layout, **others}
        operator = others.pop("operator", "unfused")
        return Case(name, operator, says, self.graph, [reference], **others)
