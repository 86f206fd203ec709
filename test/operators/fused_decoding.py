"""Quantised and decoding operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import references
from case import BATCH, HEADS, MEMORY, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, fused, join, split

HIDDEN = HEADS * SIZE
PAST = 3


def quantised(
    name: str,
    says: str,
    *,
    signed_input: bool = False,
    signed_weight: bool = True,
    per_column: bool = False,
    past: bool = False,
    mask: Array | None = None,
    **attributes: Any,
) -> Case:
    """QAttention. The CPU kernel takes uint8 tokens only."""
    graph = Graph(seed=4)
    width = 3 * HIDDEN
    integer, weight_integer = (np.int8 if signed else np.uint8 for signed in (signed_input, signed_weight))
    tokens = quantised_normal(graph, integer, BATCH, TOKENS, WIDTH)
    weights = quantised_normal(graph, weight_integer, WIDTH, width)
    bias = graph.normal(width, spread=0.3)
    scale = np.asarray(0.03, np.float32)
    weight_scale = (
        graph.random.uniform(0.008, 0.012, width).astype(np.float32) if per_column else np.asarray(0.01, np.float32)
    )
    zero = np.asarray(integer(3 if signed_input else 131))
    weight_zero = np.asarray(weight_integer(0 if signed_weight else 125))
    cache = graph.normal(2, BATCH, HEADS, PAST, SIZE) if past else None

    inputs = [graph.feed("tokens", tokens), graph.weight(weights), graph.weight(bias)]
    inputs += [graph.weight(scale), graph.weight(weight_scale)]
    inputs.append("" if mask is None else graph.feed("mask", mask))
    inputs += [
        graph.weight(zero),
        graph.weight(np.full(width, weight_zero) if per_column else weight_zero),
    ]
    inputs += [graph.feed("past", cache)] if cache is not None else []
    outputs = ["output", "present"] if past else ["output"]
    graph.node("QAttention", *inputs, out=outputs, domain=MICROSOFT, num_heads=HEADS, **attributes)
    for output in outputs:
        graph.result(output)

    probabilities, values = references.attention(
        references.dequantised(tokens, scale, zero),
        references.dequantised(weights, weight_scale, weight_zero),
        bias,
        heads=HEADS,
        mask=mask,
        past=cache,
        unidirectional=attributes.get("unidirectional", 0) == 1,
    )
    return fused(
        name,
        "com.microsoft.QAttention",
        says,
        graph,
        probabilities,
        join(probabilities @ values),
        kernel_on_cpu=not signed_input,
    )


def quantised_normal(graph: Graph, integer: type[np.integer[Any]], *shape: int) -> Array:
    middle = 0 if integer is np.int8 else 128
    return np.clip(np.rint(graph.normal(*shape, spread=33)), -127, 127).astype(np.int16).__add__(middle).astype(integer)


def decoder_masked_self(name: str, says: str, *, masked: bool = False) -> Case:
    """DecoderMaskedSelfAttention: one query, a cache of fixed length whose keys are stored in pieces of 16 bytes."""
    graph = Graph(seed=5)
    length, room, piece = 5, 8, 4
    token = graph.normal(BATCH, 1, WIDTH)
    weights, bias = graph.normal(WIDTH, 3 * HIDDEN, spread=0.35), graph.normal(3 * HIDDEN, spread=0.3)
    cache = graph.normal(2, BATCH, HEADS, room, SIZE)
    stored = cache.copy()
    pieces = cache[0].reshape(BATCH, HEADS, room, SIZE // piece, piece).transpose(0, 1, 3, 2, 4)
    stored[0] = pieces.reshape(BATCH, HEADS, room, SIZE)
    mask = np.array([[1, 1, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]], np.int32) if masked else None

    inputs = [graph.feed("token", token), graph.weight(weights), graph.weight(bias)]
    inputs.append("" if mask is None else graph.feed("mask", mask))
    inputs += [graph.feed("past", stored), "", graph.feed("past_sequence_length", np.array([length], np.int32))]
    graph.node(
        "DecoderMaskedSelfAttention",
        *inputs,
        out=["output", "present"],
        domain=MICROSOFT,
        num_heads=HEADS,
        past_present_share_buffer=1,
    )
    graph.result("output")
    graph.result("present")
    probabilities, _ = references.attention(token, weights, bias, heads=HEADS, past=cache[:, :, :, :length], mask=mask)
    return fused(name, "com.microsoft.DecoderMaskedSelfAttention", says, graph, probabilities, kernel_on_cpu=False)


def decoder_masked(
    name: str,
    says: str,
    *,
    cross: bool = False,
    packed: bool = False,
    share: bool = False,
    masked: bool = False,
    bias: bool = False,
    kernel_on_cpu: bool = True,
) -> Case:
    """DecoderMaskedMultiHeadAttention: one query. The CPU kernel wants the cache in one buffer, and no packing."""
    graph = Graph(seed=6)
    length = 5
    room = 8 if share else length
    token = graph.normal(BATCH, 1, WIDTH)
    weights = [graph.normal(WIDTH, HIDDEN, spread=0.35) for _ in range(3)]
    biases = [graph.normal(HIDDEN, spread=0.3) if bias else np.zeros(HIDDEN, np.float32) for _ in range(3)]
    memory = [graph.normal(BATCH, HEADS, MEMORY, SIZE) for _ in range(2)]
    caches = [graph.normal(BATCH, HEADS, room, SIZE) for _ in range(2)]
    total = MEMORY if cross else length + 1
    mask = np.ones((BATCH, total), np.int32)
    mask[1, :2] = 0

    source = graph.feed("token", token)
    if cross:
        inputs = [graph.node("MatMul", source, graph.weight(weights[0]))]
        inputs += [graph.feed(f"memory_{part}", each) for part, each in zip(("key", "value"), memory, strict=True)]
    elif packed:
        inputs = [graph.node("MatMul", source, graph.weight(np.concatenate(weights, 1))), "", ""]
    else:
        inputs = [graph.node("MatMul", source, graph.weight(weight)) for weight in weights]
    inputs += [graph.feed("mask", mask) if masked else "", ""]
    if not cross:
        inputs += [graph.feed(f"past_{part}", cache) for part, cache in zip(("key", "value"), caches, strict=True)]
        inputs.append(graph.feed("past_sequence_length", np.array([length], np.int32)) if share else "")
    if bias:
        inputs += [""] * (10 - len(inputs)) + [graph.weight(np.concatenate(biases))]
    while not inputs[-1]:
        inputs.pop()
    outputs = ["output"] if cross else ["output", "present_key", "present_value"]
    graph.node(
        "DecoderMaskedMultiHeadAttention",
        *inputs,
        out=outputs,
        domain=MICROSOFT,
        num_heads=HEADS,
        past_present_share_buffer=int(share),
    )
    for each in outputs:
        graph.result(each)

    query, key, value = (split(token @ weight + added) for weight, added in zip(weights, biases, strict=True))
    if cross:
        key, value, past_key = *memory, None
    else:
        past_key, past_value = (cache[:, :, :length] for cache in caches)
        value = np.concatenate([past_value, value], 2)
    probabilities = references.multi_head_attention(query, key, past_key=past_key, mask=mask if masked else None)
    operator = "com.microsoft.DecoderMaskedMultiHeadAttention"
    output = join(probabilities @ value)
    return fused(name, operator, says, graph, probabilities, output, cross=cross, kernel_on_cpu=kernel_on_cpu)


def decoder_attention(name: str, says: str, *, cross: bool = False, cached: bool = False, masked: bool = False) -> Case:
    """DecoderAttention of fairseq: sequence first, flags as tensors. A masked key has probability 0."""
    graph = Graph(seed=7)
    size = SIZE // 2
    hidden = HEADS * size
    tokens, source = graph.normal(TOKENS, BATCH, hidden), graph.normal(MEMORY, BATCH, hidden)
    weight, weights = graph.normal(hidden, hidden, spread=0.2), graph.normal(hidden, 2 * hidden, spread=0.2)
    bias = graph.normal(3 * hidden, spread=0.3)
    caches = [graph.normal(BATCH, HEADS, PAST, size) for _ in range(2)] if cached else None
    keys_of = source if cross else tokens
    total = len(keys_of) + (PAST if cached else 0)
    padded = np.zeros((BATCH, total), bool)
    padded[1, -2:] = True

    inputs = [graph.feed("tokens", tokens, tokens.shape)]
    inputs.append(graph.feed("memory", source, source.shape) if cross else inputs[0])
    inputs += [graph.weight(each) for each in (weight, weights, bias)]
    inputs.append(graph.feed("padded", padded) if masked else "")
    inputs += (
        [graph.feed(f"{part}_cache", each) for part, each in zip(("key", "value"), caches, strict=True)]
        if caches
        else ["", ""]
    )
    inputs += [graph.weight(np.array([flag])) for flag in (cross, cached, cached, masked)]
    outputs = ["output", "new_key_cache", "new_value_cache"] if cached else ["output"]
    graph.node("DecoderAttention", *inputs, out=outputs, domain=MICROSOFT, num_heads=HEADS)
    for output in outputs:
        graph.result(output)

    first = tokens.transpose(1, 0, 2).astype(np.float64)
    query = split(first @ weight + bias[:hidden])
    key = split(keys_of.transpose(1, 0, 2).astype(np.float64) @ weights[:, :hidden] + bias[hidden : 2 * hidden])
    probabilities = references.multi_head_attention(
        query,
        key,
        past_key=caches[0] if caches else None,
        mask=(~padded).astype(np.int32) if masked else None,
        filter_value=-np.inf,
    )
    return fused(name, "com.microsoft.DecoderAttention", says, graph, probabilities, cross=cross, kernel_on_cpu=False)


def decoding_cases() -> Iterator[Case]:
    yield quantised("qattention", "uint8 tokens, int8 weights")
    yield quantised(
        "qattention-columns", "a scale and zero point per column, uint8 weights", per_column=True, signed_weight=False
    )
    yield quantised("qattention-lengths", "mask_index [B]", mask=np.array([4, 6], np.int32))
    yield quantised("qattention-past", "causal, three keys of the past", past=True, unidirectional=1)
    yield quantised("qattention-signed", "int8 tokens", signed_input=True)
    yield decoder_masked_self("decoder-masked-self", "one query, a cache of eight of which five are valid")
    yield decoder_masked_self("decoder-masked-self-mask", "the same with a mask [B, S]", masked=True)
    yield decoder_masked("decoder-masked-mha", "one query, a cache of eight keys of which five are valid", share=True)
    yield decoder_masked("decoder-masked-mha-bias-mask", "bias and mask [B, S]", share=True, bias=True, masked=True)
    yield decoder_masked(
        "decoder-masked-mha-packed", "one tensor of query, key and value", share=True, packed=True, kernel_on_cpu=False
    )
    yield decoder_masked("decoder-masked-mha-cross", "keys and values [B, H, S, d], mask", cross=True, masked=True)
    yield decoder_attention("decoder-attention", "self-attention without cache")
    yield decoder_attention(
        "decoder-attention-cached", "self-attention, three keys of a cache, padding", cached=True, masked=True
    )
    yield decoder_attention("decoder-attention-cross", "static_kv: cross attention", cross=True)
