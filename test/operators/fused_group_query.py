"""com.microsoft.GroupQueryAttention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import TensorProto

import references
from case import (
    BATCH,
    FLOAT_TOLERANCE,
    HALF_TOLERANCE,
    HEADS,
    MICROSOFT,
    SIZE,
    TOKENS,
    WIDTH,
    Array,
    Case,
    Graph,
    join,
    split,
)

POSITIONS = 12
"""Rows of the rotary caches."""


def rotary_caches(half: int, kind: type[np.floating[Any]]) -> tuple[Array, Array]:
    """cos and sin of [position, frequency]."""
    angles = np.arange(POSITIONS)[:, None] / 10 ** (np.arange(half) / half)
    return np.cos(angles).astype(kind), np.sin(angles).astype(kind)


def group_query(
    name: str,
    says: str,
    *,
    kv_heads: int = 2,
    batch: int = BATCH,
    queries: int = TOKENS,
    past: int = 0,
    buffer: int | None = None,
    empty_past: bool = False,
    positions: bool = False,
    lengths: Array | None = None,
    size: int = SIZE,
    packed: bool = False,
    rotary: int | None = None,
    head_sink: bool = False,
    bias: tuple[int, ...] | None = None,
    half: bool = False,
    kernel_on_cpu: bool = True,
    note: str | None = None,
    **attributes: Any,
) -> Case:
    """One GroupQueryAttention behind its projections.

    `past`: cached keys of every sample; `buffer`: length of the past tensors where it is another; `lengths`: valid keys
    per sample with the new ones; `rotary`: columns of the rotary caches.
    """
    graph = Graph(seed=3)
    kind = np.float16 if half else np.float32
    total = past + queries
    lengths = np.full(batch, total) if lengths is None else lengths
    tokens = graph.normal(batch, queries, WIDTH, kind=kind)
    weights = [graph.normal(WIDTH, count * size, spread=0.35, kind=kind) for count in (HEADS, kv_heads, kv_heads)]
    buffer = past if buffer is None else buffer
    given = buffer or empty_past
    caches = [graph.normal(batch, kv_heads, buffer, size, kind=kind) for _ in range(2)] if given else [None, None]
    turning = rotary_caches(rotary, kind) if rotary else None
    sink = graph.normal(HEADS, spread=2.0, kind=kind) if head_sink else None
    score_bias = graph.normal(*bias, kind=kind) if bias else None

    source = graph.feed("tokens", tokens)
    if packed:
        inputs = [graph.node("MatMul", source, graph.weight(np.concatenate(weights, 1))), "", ""]
    else:
        inputs = [graph.node("MatMul", source, graph.weight(weight)) for weight in weights]
    inputs += [
        "" if cache is None else graph.feed(f"past_{part}", cache)
        for part, cache in zip(("key", "value"), caches, strict=True)
    ]
    inputs.append(graph.feed("seqlens_k", (lengths - 1).astype(np.int32)))
    inputs.append(graph.feed("total_sequence_length", np.array(total, np.int32), ()))
    inputs += [graph.weight(cache) for cache in turning] if turning else ["", ""]
    places = (lengths - queries)[:, None] + np.arange(queries)
    inputs.append(graph.feed("position_ids", places.astype(np.int64)) if positions else "")
    inputs.append("" if score_bias is None else graph.feed("attention_bias", score_bias))
    inputs.append("" if sink is None else graph.weight(sink))
    while not inputs[-1]:
        inputs.pop()
    if rotary:
        attributes["do_rotary"] = 1
    outputs = ["output", "present_key", "present_value"]
    graph.node(
        "GroupQueryAttention",
        *inputs,
        out=outputs,
        domain=MICROSOFT,
        num_heads=HEADS,
        kv_num_heads=kv_heads,
        **attributes,
    )
    for output in outputs:
        graph.result(output, kind=TensorProto.FLOAT16 if half else TensorProto.FLOAT)

    query, key, value = (
        split((tokens.astype(np.float64) @ weight.astype(np.float64)), count)
        for weight, count in zip(weights, (HEADS, kv_heads, kv_heads), strict=True)
    )
    probabilities, values = references.group_query_attention(
        query,
        key,
        value,
        lengths,
        total=total,
        past_key=caches[0],
        past_value=caches[1],
        rotary=turning,
        interleaved=attributes.get("rotary_interleaved", 0) == 1,
        scale=attributes.get("scale"),
        softcap=attributes.get("softcap", 0.0),
        window=attributes.get("local_window_size", -1),
        sink=0.0
        if attributes.get("smooth_softmax")
        else None
        if sink is None
        else sink[None, :, None, None].astype(np.float64),
        bias=score_bias,
    )
    return Case(
        name,
        "com.microsoft.GroupQueryAttention",
        says,
        graph,
        [probabilities],
        output=join(probabilities @ values),
        kernel_on_cpu=kernel_on_cpu,
        rebuilt=True,
        tolerance=HALF_TOLERANCE if half else FLOAT_TOLERANCE,
        note=note,
    )


def group_query_cases() -> Iterator[Case]:
    step: dict[str, Any] = {"queries": 1, "past": 6}
    yield group_query("gqa", "a prompt, two key heads for four")
    yield group_query("gqa-all-heads", "as many key heads as heads", kv_heads=HEADS)
    yield group_query("gqa-one-key-head", "one key head for all", kv_heads=1)
    yield group_query("gqa-decode", "one query and six keys of the past", **step)
    yield group_query("gqa-decode-uneven", "pasts of six and three keys in one batch", **step, lengths=np.array([7, 4]))
    yield group_query("gqa-decode-buffer", "past tensors longer than what is valid", **step, buffer=9)
    yield group_query("gqa-continued", "three more queries on four keys of the past", batch=1, queries=3, past=4)
    yield group_query("gqa-empty-past", "a prompt with past tensors of length 0", empty_past=True, rotary=8, size=16)
    yield group_query("gqa-padded", "a prompt padded on the right: seqlens_k 5 and 3", lengths=np.array([6, 4]))
    yield group_query("gqa-packed", "one tensor of queries, keys and values", packed=True)
    yield group_query("gqa-packed-decode", "packed, one query and a past", packed=True, **step)
    yield group_query("gqa-rotary", "rotary positions, halves", rotary=8, size=16)
    yield group_query("gqa-rotary-interleaved", "rotary positions, pairs", rotary=8, size=16, rotary_interleaved=1)
    yield group_query("gqa-rotary-partial", "rotary positions on 16 of 32 dimensions", rotary=8, size=32, kv_heads=1)
    yield group_query("gqa-rotary-packed", "packed, rotary positions", rotary=8, size=16, packed=True)
    yield group_query(
        "gqa-rotary-decode",
        "rotary positions after pasts of six and three",
        rotary=8,
        size=16,
        **step,
        lengths=np.array([7, 4]),
    )
    yield group_query("gqa-positions", "rotary positions from position_ids", rotary=8, size=16, positions=True, **step)
    yield group_query("gqa-window", "the last three keys", local_window_size=3)
    yield group_query("gqa-window-decode", "the last three keys, one query", local_window_size=3, **step)
    yield group_query("gqa-softcap", "scores bounded to ±1.5", softcap=1.5)
    yield group_query(
        "gqa-softcap-bias", "bounded scores, then attention_bias", softcap=1.5, bias=(1, HEADS, TOKENS, TOKENS)
    )
    yield group_query("gqa-smooth-softmax", "a one more in the denominator", smooth_softmax=1)
    yield group_query("gqa-head-sink", "a learnt sink per head", head_sink=True)
    yield group_query(
        "gqa-head-sink-window",
        "a learnt sink per head, the last two keys, softcap",
        head_sink=True,
        local_window_size=2,
        softcap=2.0,
    )
    yield group_query("gqa-scale", "scale 0.11", scale=0.11)
    yield group_query("gqa-bias", "attention_bias [1, H, T, S]", bias=(1, HEADS, TOKENS, TOKENS))
    yield group_query("gqa-bias-decode", "attention_bias [B, 1, 1, S]", bias=(BATCH, 1, 1, 7), **step)
    yield group_query("gqa-half", "float16", half=True)
    yield group_query(
        "gqa-half-rotary-decode", "float16, rotary positions, a past", half=True, rotary=8, size=16, **step
    )
