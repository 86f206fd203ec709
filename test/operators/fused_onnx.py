"""ai.onnx Attention in forms that ONNX Runtime does not know, so that the rebuilt graph takes its place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HEADS, SIZE, TOKENS, Case, Graph, fused


def windowed(mode: int) -> Case:
    """Opset 25: a window to the left of each query, grouped heads, a softcap; products or probabilities returned."""
    graph = Graph(seed=80 + mode, opset=25)
    kv_heads, keys, window, softcap = 2, TOKENS + 2, 2, 2.0
    shapes = {"query": (HEADS, TOKENS), "key": (kv_heads, keys), "value": (kv_heads, keys)}
    arrays = {name: graph.normal(BATCH, *shape, SIZE) for name, shape in shapes.items()}
    mask = graph.random.random((BATCH, HEADS, TOKENS, keys)) < 0.8
    mask[..., 0] = True
    inputs = [graph.feed(name, array) for name, array in arrays.items()]
    graph.node(
        "Attention",
        *inputs,
        graph.feed("mask", mask),
        out=["output", "", "", "products"],
        is_causal=1,
        left_window_size=window,
        softcap=softcap,
        qk_matmul_output_mode=mode,
    )
    graph.result("output")
    graph.result("products", kind=TensorProto.FLOAT)
    scores = references.products(arrays["query"], arrays["key"].repeat(HEADS // kv_heads, 1))
    distance = np.arange(TOKENS)[:, None] - np.arange(keys)
    seen = mask & (distance >= 0) & (distance <= window)
    finite = np.where(seen, softcap * np.tanh(scores / softcap), -1e300)
    wanted = np.where(seen.any(-1, keepdims=True), references.softmax(finite), 0)
    return fused(
        f"onnx-attention-window-{'probabilities' if mode else 'products'}",
        "ai.onnx.Attention",
        f"a window, {'probabilities' if mode else 'products'} as a fourth output",
        graph,
        wanted,
        cross=True,
        kernel_on_cpu=False,
    )


def onnx_cases() -> Iterator[Case]:
    yield windowed(0)
    yield windowed(3)
