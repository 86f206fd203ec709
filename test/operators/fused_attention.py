"""com.microsoft.Attention and com.microsoft.MultiHeadAttention."""

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
    MEMORY,
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

HIDDEN = HEADS * SIZE
PAST = 3
COARSE = 1e-3
"""Scores at −10,000 keep three digits in float32."""
PADDING = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1]], np.int32)
"""[B, S]: the keys that count."""


def random_mask(*shape: int) -> Array:
    """Ones and zeros, at least the first key visible to every query."""
    mask = (np.random.default_rng(5).random(shape) < 0.6).astype(np.int32)
    mask[..., 0] = 1
    return mask


def attention(
    name: str,
    says: str,
    *,
    mask: Array | None = None,
    past: bool = False,
    past_length: int = PAST,
    bias: tuple[int, ...] | None = None,
    sizes: tuple[int, int, int] | None = None,
    half: bool = False,
    with_bias: bool = True,
    tokens: int = TOKENS,
    tolerance: float = FLOAT_TOLERANCE,
    kernel_on_cpu: bool = True,
    crashes: bool = False,
    **attributes: Any,
) -> Case:
    """One com.microsoft.Attention. `bias`: shape of its attention_bias."""
    graph = Graph(seed=1)
    kind = np.float16 if half else np.float32
    sizes_ = sizes or (HIDDEN,) * 3
    states = graph.normal(BATCH, tokens, WIDTH, kind=kind)
    weights = graph.normal(WIDTH, sum(sizes_), spread=0.35, kind=kind)
    projection_bias = graph.normal(sum(sizes_), spread=0.3, kind=kind) if with_bias else None
    cache = graph.normal(2, BATCH, HEADS, past_length, SIZE, kind=kind) if past else None
    attention_bias = graph.normal(*bias, kind=kind) if bias else None

    inputs = [graph.feed("tokens", states), graph.weight(weights)]
    inputs.append("" if projection_bias is None else graph.weight(projection_bias))
    inputs.append("" if mask is None else graph.feed("mask", mask))
    inputs.append("" if cache is None else graph.feed("past", cache))
    inputs.append("" if attention_bias is None else graph.feed("attention_bias", attention_bias))
    while not inputs[-1]:
        inputs.pop()
    if sizes:
        attributes["qkv_hidden_sizes"] = list(sizes)
    outputs = ["output", "present"] if past else ["output"]
    graph.node("Attention", *inputs, out=outputs, domain=MICROSOFT, num_heads=HEADS, **attributes)
    for output in outputs:
        graph.result(output, kind=TensorProto.FLOAT16 if half else TensorProto.FLOAT)

    probabilities, values = references.attention(
        states,
        weights,
        projection_bias,
        heads=HEADS,
        sizes=sizes,
        mask=mask,
        past=cache,
        attention_bias=attention_bias,
        unidirectional=attributes.get("unidirectional", 0) == 1,
        scale=attributes.get("scale"),
        filter_value=attributes.get("mask_filter_value", references.FILTER),
    )
    return Case(
        name,
        "com.microsoft.Attention",
        says,
        graph,
        [probabilities],
        output=join(probabilities @ values),
        kernel_on_cpu=kernel_on_cpu,
        crashes=crashes,
        rebuilt=True,
        tolerance=HALF_TOLERANCE if half else tolerance,
    )


def attention_cases() -> Iterator[Case]:
    total = TOKENS + PAST
    yield attention("attention", "no mask")
    yield attention("attention-lengths", "mask_index [B]: keys per sample", mask=np.array([4, 6], np.int32))
    yield attention(
        "attention-ends-starts", "mask_index [2 · B]: ends, then starts", mask=np.array([6, 5, 2, 0], np.int32)
    )
    yield attention("attention-padding", "mask_index [B, S]", mask=PADDING)
    yield attention("attention-mask-3d", "mask_index [B, T, S]", mask=random_mask(BATCH, TOKENS, TOKENS))
    yield attention(
        "attention-mask-4d",
        "mask_index [B, 1, M, M] of Megatron, larger than the sequence",
        mask=np.tri(8, dtype=np.int32)[None, None] * random_mask(BATCH, 1, 8, 8),
        kernel_on_cpu=False,
    )
    yield attention("attention-unidirectional", "causal", unidirectional=1)
    yield attention(
        "attention-unidirectional-padding",
        "causal and mask_index [B, S]",
        unidirectional=1,
        mask=PADDING[1:].repeat(2, 0),
    )
    yield attention("attention-past", "causal, three keys of the past", unidirectional=1, past=True)
    yield attention("attention-past-empty", "a past of length 0", past=True, past_length=0, unidirectional=1)
    yield attention(
        "attention-past-mask", "mask_index [B, P + S]", unidirectional=1, past=True, mask=random_mask(BATCH, total)
    )
    yield attention(
        "attention-past-mask-3d", "mask_index [B, T, P + S]", past=True, mask=random_mask(BATCH, TOKENS, total)
    )
    yield attention(
        "attention-past-one-query", "one query, three keys of the past", tokens=1, unidirectional=1, past=True
    )
    yield attention(
        "attention-all-masked",
        "a sample without a key: the mask cancels out",
        mask=np.array([0, 4], np.int32),
        tolerance=COARSE,
    )
    yield attention("attention-bias", "attention_bias [1, H, T, S]", bias=(1, HEADS, TOKENS, TOKENS))
    yield attention("attention-bias-heads", "attention_bias [B, 1, T, S]", bias=(BATCH, 1, TOKENS, TOKENS))
    yield attention(
        "attention-bias-mask",
        "attention_bias [B, H, T, S] and a mask",
        bias=(BATCH, HEADS, TOKENS, TOKENS),
        mask=PADDING,
    )
    yield attention(
        "attention-value-size", "values of half the size of queries and keys", sizes=(HIDDEN, HIDDEN, HIDDEN // 2)
    )
    yield attention("attention-scale", "scale 0.11", scale=0.11)
    yield attention(
        "attention-filter-value", "mask_filter_value −2: masked keys keep a share", mask=PADDING, mask_filter_value=-2.0
    )
    yield attention("attention-half", "float16", half=True, mask=PADDING)
    yield attention(
        "attention-without-bias",
        "no bias: ends ONNX Runtime's process",
        with_bias=False,
        kernel_on_cpu=False,
        crashes=True,
    )


def multi_head(
    name: str,
    says: str,
    *,
    memory: bool = False,
    packed: str = "",
    key_as_heads: bool = False,
    bias: bool = False,
    mask: Array | None = None,
    attention_bias: tuple[int, ...] | None = None,
    past: bool = False,
    past_length: int = PAST,
    memory_length: int = MEMORY,
    scores_out: bool = False,
    value_size: int = SIZE,
    half: bool = False,
    kernel_on_cpu: bool = True,
    **attributes: Any,
) -> Case:
    """One MultiHeadAttention behind its projections. `packed`: "kv" or "qkv"."""
    graph = Graph(seed=2)
    kind = np.float16 if half else np.float32
    tokens = graph.normal(BATCH, TOKENS, WIDTH, kind=kind)
    source = graph.normal(BATCH, memory_length, WIDTH, kind=kind) if memory else tokens
    weights = [graph.normal(WIDTH, HEADS * size, spread=0.35, kind=kind) for size in (SIZE, SIZE, value_size)]
    biases: list[Array] = [
        graph.normal(HEADS * size, spread=0.3, kind=kind) if bias else np.zeros(HEADS * size, kind)
        for size in (SIZE, SIZE, value_size)
    ]
    caches = [graph.normal(BATCH, HEADS, past_length, size, kind=kind) for size in (SIZE, value_size)] if past else None
    score_bias = graph.normal(*attention_bias, kind=kind) if attention_bias else None

    name_of_tokens = graph.feed("tokens", tokens)
    name_of_source = graph.feed("memory", source) if memory else name_of_tokens
    if packed == "qkv":
        stacked = np.stack([part.reshape(WIDTH, HEADS, SIZE) for part in weights], 2).reshape(WIDTH, -1)
        projected = graph.node("MatMul", name_of_tokens, graph.weight(stacked))
        inputs = [graph.shaped(projected, [0, 0, HEADS, 3, SIZE]), "", ""]
    elif packed == "kv":
        stacked = np.stack([part.reshape(WIDTH, HEADS, SIZE) for part in weights[1:]], 2).reshape(WIDTH, -1)
        projected = graph.node("MatMul", name_of_source, graph.weight(stacked))
        query = graph.node("MatMul", name_of_tokens, graph.weight(weights[0]))
        inputs = [query, graph.shaped(projected, [0, 0, HEADS, 2, SIZE]), ""]
    else:
        sources = (name_of_tokens, name_of_source, name_of_source)
        inputs = [
            graph.node("MatMul", each, graph.weight(weight)) for each, weight in zip(sources, weights, strict=True)
        ]
        if key_as_heads:
            for index in (1, 2):
                as_heads = graph.shaped(inputs[index], [0, 0, HEADS, -1])
                inputs[index] = graph.node("Transpose", as_heads, perm=[0, 2, 1, 3])
    inputs.append(graph.weight(np.concatenate(biases)) if bias else "")
    inputs.append("" if mask is None else graph.feed("mask", mask))
    inputs.append("" if score_bias is None else graph.feed("attention_bias", score_bias))
    if caches:
        inputs += [graph.feed(f"past_{part}", cache) for part, cache in zip(("key", "value"), caches, strict=True)]
    while not inputs[-1]:
        inputs.pop()
    outputs = ["output", "present_key", "present_value"] if past else ["output"]
    outputs += ["", "", "scores"] if scores_out else []
    graph.node("MultiHeadAttention", *inputs, out=outputs, domain=MICROSOFT, num_heads=HEADS, **attributes)
    for output in filter(None, outputs):
        graph.result(output, kind=TensorProto.FLOAT16 if half else TensorProto.FLOAT)

    q, k, v = (
        split(each.astype(np.float64) @ weight.astype(np.float64) + added)
        for each, weight, added in zip((tokens, source, source), weights, biases, strict=True)
    )
    probabilities = references.multi_head_attention(
        q,
        k,
        mask=mask,
        bias=score_bias,
        past_key=caches[0] if caches else None,
        unidirectional=attributes.get("unidirectional", 0) == 1,
        scale=attributes.get("scale"),
        filter_value=attributes.get("mask_filter_value", references.FILTER),
    )
    values = np.concatenate([caches[1], v], 2) if caches else v
    return Case(
        name,
        "com.microsoft.MultiHeadAttention",
        says,
        graph,
        [probabilities],
        kinds=("cross" if memory else "self",),
        output=join(probabilities @ values),
        kernel_on_cpu=kernel_on_cpu,
        rebuilt=True,
        tolerance=HALF_TOLERANCE if half else FLOAT_TOLERANCE,
    )


def multi_head_cases() -> Iterator[Case]:
    lengths = np.array([4, 6], np.int32)
    yield multi_head("mha", "queries, keys and values of three axes")
    yield multi_head("mha-bias", "bias of the projections", bias=True)
    yield multi_head("mha-lengths", "key_padding_mask [B]", mask=lengths)
    yield multi_head("mha-padding", "key_padding_mask [B, S]", mask=PADDING)
    yield multi_head("mha-mask-3d", "key_padding_mask [B, T, S]", mask=random_mask(BATCH, TOKENS, TOKENS))
    yield multi_head("mha-attention-bias", "attention_bias [1, H, T, S]", attention_bias=(1, HEADS, TOKENS, TOKENS))
    yield multi_head(
        "mha-attention-bias-batch", "attention_bias [B, 1, T, S]", attention_bias=(BATCH, 1, TOKENS, TOKENS)
    )
    yield multi_head("mha-past", "past_key and past_value", past=True)
    yield multi_head(
        "mha-past-bias-mask",
        "past, bias and key_padding_mask [B, P + S]",
        past=True,
        bias=True,
        mask=random_mask(BATCH, PAST + TOKENS),
    )
    yield multi_head("mha-past-empty", "a past of length 0", past=True, past_length=0)
    yield multi_head("mha-cross-one-key", "cross attention to a single key", memory=True, memory_length=1)
    yield multi_head("mha-past-causal", "past, causal", past=True, unidirectional=1)
    yield multi_head(
        "mha-packed-kv", "keys and values in one tensor [B, S, H, 2, d]", memory=True, packed="kv", kernel_on_cpu=False
    )
    yield multi_head("mha-packed-qkv", "all in one tensor [B, T, H, 3, d]", packed="qkv", kernel_on_cpu=False)
    yield multi_head(
        "mha-packed-qkv-bias", "all in one tensor, with bias", packed="qkv", bias=True, kernel_on_cpu=False
    )
    yield multi_head("mha-cross", "keys of another tensor, seven of them", memory=True)
    yield multi_head(
        "mha-cross-bias-lengths",
        "cross attention, bias, key_padding_mask [B]",
        memory=True,
        bias=True,
        mask=np.array([7, 3], np.int32),
    )
    yield multi_head("mha-cross-heads", "cross attention, keys and values [B, H, S, d]", memory=True, key_as_heads=True)
    yield multi_head("mha-causal", "causal", unidirectional=1)
    yield multi_head("mha-scale", "scale 0.11", scale=0.11)
    yield multi_head("mha-filter-value", "mask_filter_value −2", mask=PADDING, mask_filter_value=-2.0)
    yield multi_head("mha-value-size", "values of half the size", value_size=SIZE // 2)
    yield multi_head("mha-scores-out", "its scores are an output already", mask=PADDING, scores_out=True)
    yield multi_head(
        "mha-cross-heads-mask",
        "keys and values [B, H, S, d], key_padding_mask [B, S]",
        memory=True,
        key_as_heads=True,
        mask=random_mask(BATCH, MEMORY),
    )
    yield multi_head("mha-half", "float16", half=True, mask=lengths)
