"""The rarer fused operators: quantised, decoding, packed, sparse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HALF_TOLERANCE, HEADS, MEMORY, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, join, split

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
    scale = np.float32(0.03)
    weight_scale = graph.random.uniform(0.008, 0.012, width).astype(np.float32) if per_column else np.float32(0.01)
    zero = integer(3) if signed_input else integer(131)
    weight_zero = weight_integer(0) if signed_weight else weight_integer(125)
    cache = graph.normal(2, BATCH, HEADS, PAST, SIZE) if past else None

    inputs = [graph.feed("tokens", tokens), graph.weight(weights), graph.weight(bias)]
    inputs += [graph.weight(np.asarray(scale)), graph.weight(np.asarray(weight_scale))]
    inputs.append("" if mask is None else graph.feed("mask", mask))
    inputs += [graph.weight(np.asarray(zero)), graph.weight(np.full(width, weight_zero) if per_column else np.asarray(weight_zero))]
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
        name, "com.microsoft.QAttention", says, graph, probabilities, join(probabilities @ values), kernel_on_cpu=not signed_input
    )


def quantised_normal(graph: Graph, integer: type[np.integer[Any]], *shape: int) -> Array:
    middle = 0 if integer is np.int8 else 128
    return np.clip(np.rint(graph.normal(*shape, spread=33)), -127, 127).astype(np.int16).__add__(middle).astype(integer)


def fused(
    name: str,
    operator: str,
    says: str,
    graph: Graph,
    probabilities: Array,
    output: Array | None = None,
    *,
    cross: bool = False,
    **others: Any,
) -> Case:
    kinds = ("cross" if cross else "self",)
    return Case(name, operator, says, graph, [probabilities], kinds=kinds, output=output, rebuilt=True, **others)


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
    """DecoderMaskedMultiHeadAttention: one query. The CPU kernel wants the cache in one buffer, unpacked projections."""
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
    for output in outputs:
        graph.result(output)

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
    tokens, source = graph.normal(TOKENS, BATCH, HIDDEN), graph.normal(MEMORY, BATCH, HIDDEN)
    weight, weights = graph.normal(HIDDEN, HIDDEN, spread=0.2), graph.normal(HIDDEN, 2 * HIDDEN, spread=0.2)
    bias = graph.normal(3 * HIDDEN, spread=0.3)
    caches = [graph.normal(BATCH, HEADS, PAST, SIZE) for _ in range(2)] if cached else None
    keys_of = source if cross else tokens
    total = len(keys_of) + (PAST if cached else 0)
    padded = np.zeros((BATCH, total), bool)
    padded[1, -2:] = True

    inputs = [graph.feed("tokens", tokens, tokens.shape)]
    inputs.append(graph.feed("memory", source, source.shape) if cross else inputs[0])
    inputs += [graph.weight(each) for each in (weight, weights, bias)]
    inputs.append(graph.feed("padded", padded) if masked else "")
    inputs += [graph.feed(f"{part}_cache", each) for part, each in zip(("key", "value"), caches, strict=True)] if caches else ["", ""]
    inputs += [graph.weight(np.array([flag])) for flag in (cross, cached, cached, masked)]
    outputs = ["output", "new_key_cache", "new_value_cache"] if cached else ["output"]
    graph.node("DecoderAttention", *inputs, out=outputs, domain=MICROSOFT, num_heads=HEADS)
    for output in outputs:
        graph.result(output)

    first = tokens.transpose(1, 0, 2).astype(np.float64)
    query = split(first @ weight + bias[:HIDDEN])
    key = split(keys_of.transpose(1, 0, 2).astype(np.float64) @ weights[:, :HIDDEN] + bias[HIDDEN : 2 * HIDDEN])
    probabilities = references.multi_head_attention(
        query,
        key,
        past_key=caches[0] if caches else None,
        mask=(~padded).astype(np.int32) if masked else None,
        filter_value=-np.inf,
    )
    return fused(name, "com.microsoft.DecoderAttention", says, graph, probabilities, cross=cross, kernel_on_cpu=False)


LENGTHS = np.array([4, 6])
"""Tokens of the packed samples."""


def packing() -> tuple[Array, Array, Array]:
    """Where the tokens are in [B, T], then where the padding is; sums of the lengths; which tokens there are."""
    there = np.arange(TOKENS) < LENGTHS[:, None]
    flat = np.arange(BATCH * TOKENS).reshape(BATCH, TOKENS)
    offsets = np.concatenate([flat[there], flat[~there]]).reshape(BATCH, TOKENS)
    return offsets.astype(np.int32), np.concatenate([[0], LENGTHS.cumsum()]).astype(np.int32), there


def undefined_where_padded(probabilities: Array) -> Array:
    """A padded query has no row in the operator's output."""
    _, _, there = packing()
    return np.where(there[:, None, :, None], probabilities, np.nan)


def packed_attention(name: str, says: str, *, bias: bool = False) -> Case:
    graph = Graph(seed=8)
    offsets, sums, there = packing()
    tokens = graph.normal(BATCH, TOKENS, WIDTH)
    weights, projection_bias = graph.normal(WIDTH, 3 * HIDDEN, spread=0.35), graph.normal(3 * HIDDEN, spread=0.3)
    score_bias = graph.normal(1, HEADS, TOKENS, TOKENS) if bias else None
    inputs = [graph.feed("tokens", tokens[there]), graph.weight(weights), graph.weight(projection_bias)]
    inputs += [graph.feed("token_offset", offsets), graph.feed("cumulative_sequence_length", sums)]
    inputs += [graph.feed("attention_bias", score_bias)] if score_bias is not None else []
    graph.node("PackedAttention", *inputs, out="output", domain=MICROSOFT, num_heads=HEADS)
    graph.result("output")
    probabilities, _ = references.attention(
        tokens,
        weights,
        projection_bias,
        heads=HEADS,
        mask=LENGTHS.astype(np.int32),
        attention_bias=score_bias,
        filter_value=-np.inf,
    )
    return fused(
        name, "com.microsoft.PackedAttention", says, graph, undefined_where_padded(probabilities), kernel_on_cpu=False
    )


def packed_multi_head(name: str, says: str, *, packed: bool = False, bias: bool = False) -> Case:
    graph = Graph(seed=9)
    offsets, sums, there = packing()
    tokens = graph.normal(BATCH, TOKENS, WIDTH)
    weights = [graph.normal(WIDTH, HIDDEN, spread=0.35) for _ in range(3)]
    biases = [graph.normal(HIDDEN, spread=0.3) if bias else np.zeros(HIDDEN, np.float32) for _ in range(3)]
    source = graph.feed("tokens", tokens[there])
    if packed:
        stacked = np.stack([part.reshape(WIDTH, HEADS, SIZE) for part in weights], 2).reshape(WIDTH, -1)
        projected = graph.node("MatMul", source, graph.weight(stacked))
        inputs = [graph.shaped(projected, [-1, HEADS, 3, SIZE]), "", ""]
    else:
        inputs = [graph.node("MatMul", source, graph.weight(weight)) for weight in weights]
    inputs.append(graph.weight(np.concatenate(biases)) if bias else "")
    inputs += [graph.feed("token_offset", offsets), graph.feed("cumulative_sequence_length", sums)]
    graph.node("PackedMultiHeadAttention", *inputs, out="output", domain=MICROSOFT, num_heads=HEADS)
    graph.result("output")
    query, key, _ = (split(tokens.astype(np.float64) @ weight + added) for weight, added in zip(weights, biases, strict=True))
    probabilities = references.multi_head_attention(query, key, mask=LENGTHS.astype(np.int32), filter_value=-np.inf)
    return fused(
        name, "com.microsoft.PackedMultiHeadAttention", says, graph, undefined_where_padded(probabilities), kernel_on_cpu=False
    )


def longformer(name: str, says: str, *, with_global: bool) -> Case:
    """LongformerAttention: a window of two keys to both sides, and tokens that see and are seen by all.

    A global query has projections of its own. A row of a masked token is zero.
    """
    graph = Graph(seed=10)
    tokens, window = 8, 2
    states = graph.normal(BATCH, tokens, HIDDEN)
    weights, bias = graph.normal(HIDDEN, 3 * HIDDEN, spread=0.2), graph.normal(3 * HIDDEN, spread=0.3)
    global_weights, global_bias = graph.normal(HIDDEN, 3 * HIDDEN, spread=0.2), graph.normal(3 * HIDDEN, spread=0.3)
    mask = np.zeros((BATCH, tokens), np.float32)
    mask[1, -2:] = -10_000
    everywhere = np.zeros((BATCH, tokens), np.int32)
    if with_global:
        everywhere[:, 0] = everywhere[1, 3] = 1
    inputs = [graph.feed("tokens", states), graph.weight(weights), graph.weight(bias), graph.feed("mask", mask)]
    inputs += [graph.weight(global_weights), graph.weight(global_bias), graph.feed("global", everywhere)]
    graph.node("LongformerAttention", *inputs, out="output", domain=MICROSOFT, num_heads=HEADS, window=window)
    graph.result("output")

    def scores(matrix: Array, added: Array) -> Array:
        query, key, _ = np.split(states.astype(np.float64) @ matrix + added, 3, -1)
        return references.products(split(query), split(key)) + mask[:, None, None]

    position = np.arange(tokens)
    near = np.abs(position[:, None] - position) <= window
    seen = near | (everywhere[:, None, None] == 1)
    local = references.softmax(np.where(seen, scores(weights, bias), -np.inf))
    whole = references.softmax(scores(global_weights, global_bias))
    probabilities = np.where((everywhere == 1)[:, None, :, None], whole, local) * (mask == 0)[:, None, :, None]
    return fused(name, "com.microsoft.LongformerAttention", says, graph, probabilities, kernel_on_cpu=False)


def sparse(name: str, says: str, *, past: int) -> Case:
    """SparseAttention: two layouts of blocks of 16 keys, alternating over the heads; one query or a prompt.

    The CPU kernel wants past and present in one buffer, which a plain run of a session can't give it. All samples are
    equally long, as it reads the probabilities of others from the wrong place.
    """
    graph = Graph(seed=11)
    kv_heads, room, block = 2, 48, 16
    queries = 1 if past else TOKENS
    total = past + queries
    blocks = np.array([[[1, 0, 0], [1, 1, 0], [1, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 1, 1]]], bool)
    tokens = graph.normal(BATCH, queries, WIDTH)
    weights = [graph.normal(WIDTH, count * SIZE, spread=0.35) for count in (HEADS, kv_heads, kv_heads)]
    caches = [graph.normal(BATCH, kv_heads, room, SIZE) for _ in range(2)]
    lengths = np.full(BATCH, total)
    rows = np.concatenate([np.zeros((2, 1), int), blocks.sum(2).cumsum(1)], 1)
    columns = [np.concatenate([np.flatnonzero(row) for row in layout]) for layout in blocks]
    longest = max(map(len, columns))
    padded = np.stack([np.pad(each, (0, longest - len(each)), constant_values=-1) for each in columns])

    source = graph.feed("tokens", tokens)
    inputs = [graph.node("MatMul", source, graph.weight(weight)) for weight in weights]
    inputs += [graph.feed(f"past_{part}", cache) for part, cache in zip(("key", "value"), caches, strict=True)]
    inputs += [graph.weight(rows.astype(np.int32)), graph.weight(padded.astype(np.int32))]
    inputs.append(graph.feed("total_sequence_length", np.array([total], np.int32)))
    inputs.append(graph.feed("key_total_sequence_lengths", lengths.astype(np.int32)))
    graph.node(
        "SparseAttention",
        *inputs,
        out=["output", "present_key", "present_value"],
        domain=MICROSOFT,
        num_heads=HEADS,
        kv_num_heads=kv_heads,
        sparse_block_size=block,
    )
    for output in ("output", "present_key", "present_value"):
        graph.result(output)

    query, key, value = (split(tokens.astype(np.float64) @ weight, count) for weight, count in zip(weights, (HEADS, kv_heads, kv_heads), strict=True))
    positions = lengths[:, None] - queries + np.arange(queries)
    keys, values = (
        np.stack([references.appended(old, new, int(lengths[b]) - queries, total, b) for b in range(BATCH)]).repeat(2, 1)
        for old, new in zip(caches, (key, value), strict=True)
    )
    by_head = blocks[np.arange(HEADS) % 2]
    seen = by_head[:, positions // block][:, :, :, np.arange(total) // block].transpose(1, 0, 2, 3)
    seen = seen & (np.arange(total) <= positions[:, None, :, None])
    probabilities = references.softmax(np.where(seen, references.products(query, keys), -np.inf))
    return fused(
        name,
        "com.microsoft.SparseAttention",
        says,
        graph,
        probabilities,
        join(probabilities @ values),
        kernel_on_cpu=False,
        shared={"past_key": "present_key", "past_value": "present_value"},
    )


def paged(name: str, says: str, *, past: tuple[int, int], new: tuple[int, int], window: int = -1, softcap: float = 0.0) -> Case:
    """PagedAttention, float16: samples of different length one after the other, keys in blocks of four of a table."""
    graph = Graph(seed=12)
    kv_heads, block, count = 2, 4, 6
    lengths = np.array(past) + np.array(new)
    tokens = graph.normal(sum(new), WIDTH, kind=np.float16)
    weights = [graph.normal(WIDTH, heads * SIZE, spread=0.35, kind=np.float16) for heads in (HEADS, kv_heads, kv_heads)]
    caches = [graph.normal(count, block, kv_heads, SIZE, kind=np.float16) for _ in range(2)]
    table = np.array([[4, 0, 2], [1, 5, 3]], np.int32)
    source = graph.feed("tokens", tokens)
    inputs = [graph.node("MatMul", source, graph.weight(weight)) for weight in weights]
    inputs += [graph.feed(f"{part}_cache", cache) for part, cache in zip(("key", "value"), caches, strict=True)]
    inputs.append(graph.feed("cumulative_sequence_length", np.array([0, new[0], sum(new)], np.int32)))
    inputs += [graph.feed("past_seqlens", np.array(past, np.int32)), graph.feed("block_table", table)]
    attributes: dict[str, Any] = {"local_window_size": window} if window > 0 else {}
    if softcap:
        attributes["softcap"] = softcap
    graph.node("PagedAttention", *inputs, out="output", domain=MICROSOFT, num_heads=HEADS, kv_num_heads=kv_heads, **attributes)
    graph.result("output", kind=TensorProto.FLOAT16)

    projected = [tokens.astype(np.float64) @ weight.astype(np.float64) for weight in weights]
    probabilities = np.full((BATCH, HEADS, max(new), lengths.max()), np.nan)
    for sample, start in enumerate((0, new[0])):
        part = slice(start, start + new[sample])
        query, key = (split(each[None, part], heads) for each, heads in zip(projected, (HEADS, kv_heads), strict=False))
        old = caches[0][table[sample]].reshape(-1, kv_heads, SIZE)[: past[sample]].transpose(1, 0, 2)[None].astype(np.float64)
        keys = np.concatenate([old, key], 2).repeat(HEADS // kv_heads, 1)
        scores = references.products(query, keys)
        if softcap:
            scores = softcap * np.tanh(scores / softcap)
        distance = past[sample] + np.arange(new[sample])[:, None] - np.arange(lengths[sample])
        seen = (distance >= 0) & ((distance < window) if window > 0 else True)
        probabilities[sample, :, : new[sample]] = 0
        probabilities[sample, :, : new[sample], : lengths[sample]] = references.softmax(np.where(seen, scores, -np.inf))[0]
    return fused(
        name, "com.microsoft.PagedAttention", says, graph, probabilities, kernel_on_cpu=False, tolerance=HALF_TOLERANCE
    )


def other_cases() -> Iterator[Case]:
    yield quantised("qattention", "uint8 tokens, int8 weights")
    yield quantised("qattention-columns", "a scale and zero point per column, uint8 weights", per_column=True, signed_weight=False)
    yield quantised("qattention-lengths", "mask_index [B]", mask=np.array([4, 6], np.int32))
    yield quantised("qattention-past", "causal, three keys of the past", past=True, unidirectional=1)
    yield quantised("qattention-signed", "int8 tokens", signed_input=True)
    yield decoder_masked_self("decoder-masked-self", "one query, a cache of eight of which five are valid")
    yield decoder_masked_self("decoder-masked-self-mask", "the same with a mask [B, S]", masked=True)
    yield decoder_masked("decoder-masked-mha", "one query, a cache of eight keys of which five are valid", share=True)
    yield decoder_masked("decoder-masked-mha-bias-mask", "bias and mask [B, S]", share=True, bias=True, masked=True)
    yield decoder_masked("decoder-masked-mha-packed", "one tensor of query, key and value", share=True, packed=True, kernel_on_cpu=False)
    yield decoder_masked("decoder-masked-mha-cross", "keys and values [B, H, S, d], mask", cross=True, masked=True)
    yield decoder_attention("decoder-attention", "self-attention without cache")
    yield decoder_attention("decoder-attention-cached", "self-attention, three keys of a cache, padding", cached=True, masked=True)
    yield decoder_attention("decoder-attention-cross", "static_kv: cross attention", cross=True)
    yield packed_attention("packed-attention", "samples of four and six tokens without padding")
    yield packed_attention("packed-attention-bias", "the same with attention_bias", bias=True)
    yield packed_multi_head("packed-mha", "samples of four and six tokens without padding, bias", bias=True)
    yield packed_multi_head("packed-mha-qkv", "one tensor [tokens, H, 3, d]", packed=True)
    yield longformer("longformer", "a window, no global token, padding", with_global=False)
    yield longformer("longformer-global", "global tokens in both samples", with_global=True)
    yield sparse("sparse-attention", "a prompt within one block", past=0)
    yield sparse("sparse-attention-decode", "one query, up to 40 keys in three blocks", past=39)
    yield paged("paged-attention", "prompts of three and five tokens on pasts of five and none", past=(5, 0), new=(3, 5))
    yield paged("paged-attention-decode", "one query each, window and softcap", past=(9, 4), new=(1, 1), window=4, softcap=2.0)
