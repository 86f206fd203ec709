"""Operators that pack, page or leave out keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HALF_TOLERANCE, HEADS, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, fused, join, split
from fused_group_query import rotary_caches

HIDDEN = HEADS * SIZE
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
    query, key, _ = (
        split(tokens.astype(np.float64) @ weight + added) for weight, added in zip(weights, biases, strict=True)
    )
    probabilities = references.multi_head_attention(query, key, mask=LENGTHS.astype(np.int32), filter_value=-np.inf)
    return fused(
        name,
        "com.microsoft.PackedMultiHeadAttention",
        says,
        graph,
        undefined_where_padded(probabilities),
        kernel_on_cpu=False,
    )


def longformer(name: str, says: str, *, with_global: bool) -> Case:
    """LongformerAttention: a window of two keys to both sides, and tokens that see and are seen by all.

    A global query has projections of its own. A row of a masked token is zero.
    """
    graph = Graph(seed=10)
    tokens, window, hidden = 8, 2, HEADS * SIZE // 2
    states = graph.normal(BATCH, tokens, hidden)
    weights, bias = graph.normal(hidden, 3 * hidden, spread=0.2), graph.normal(3 * hidden, spread=0.3)
    global_weights, global_bias = graph.normal(hidden, 3 * hidden, spread=0.2), graph.normal(3 * hidden, spread=0.3)
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
    kv_heads, block = 2, 16
    room = 3 * block if past else block
    queries = 1 if past else TOKENS
    total = past + queries
    blocks = np.array([[[1, 0, 0], [1, 1, 0], [1, 0, 1]], [[1, 0, 0], [0, 1, 0], [0, 1, 1]]], bool)[
        :, : room // block, : room // block
    ]
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

    query, key, value = (
        split(tokens.astype(np.float64) @ weight, count)
        for weight, count in zip(weights, (HEADS, kv_heads, kv_heads), strict=True)
    )
    positions = lengths[:, None] - queries + np.arange(queries)
    keys, values = (
        np.stack([references.appended(old, new, int(lengths[b]) - queries, total, b) for b in range(BATCH)]).repeat(
            2, 1
        )
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


def paged(
    name: str, says: str, *, past: tuple[int, int], new: tuple[int, int], window: int = -1, softcap: float = 0.0
) -> Case:
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
    graph.node(
        "PagedAttention", *inputs, out="output", domain=MICROSOFT, num_heads=HEADS, kv_num_heads=kv_heads, **attributes
    )
    graph.result("output", kind=TensorProto.FLOAT16)

    projected = [tokens.astype(np.float64) @ weight.astype(np.float64) for weight in weights]
    probabilities = np.full((BATCH, HEADS, max(new), lengths.max()), np.nan)
    for sample, start in enumerate((0, new[0])):
        part = slice(start, start + new[sample])
        query, key = (split(each[None, part], heads) for each, heads in zip(projected, (HEADS, kv_heads), strict=False))
        old = (
            caches[0][table[sample]]
            .reshape(-1, kv_heads, SIZE)[: past[sample]]
            .transpose(1, 0, 2)[None]
            .astype(np.float64)
        )
        keys = np.concatenate([old, key], 2).repeat(HEADS // kv_heads, 1)
        scores = references.products(query, keys)
        if softcap:
            scores = softcap * np.tanh(scores / softcap)
        distance = past[sample] + np.arange(new[sample])[:, None] - np.arange(lengths[sample])
        seen = (distance >= 0) & ((distance < window) if window > 0 else True)
        probabilities[sample, :, : new[sample]] = 0
        probabilities[sample, :, : new[sample], : lengths[sample]] = references.softmax(
            np.where(seen, scores, -np.inf)
        )[0]
    return fused(
        name, "com.microsoft.PagedAttention", says, graph, probabilities, kernel_on_cpu=False, tolerance=HALF_TOLERANCE
    )


def paged_layers() -> Case:
    """Two layers: packed projections, normed and turned queries and keys, sinks; the second one's queries are made of
    the first one's output. A slot mapping writes new keys anywhere, and leaves out one that the cache holds already.
    """
    graph = Graph(seed=13)
    kv_heads, block, count, offset, half = 2, 4, 6, 2, 2
    past, new = (5, 2), (3, 4)
    lengths = np.array(past) + np.array(new)
    table = np.array([[4, 0], [1, 5]], np.int32)
    sample = np.repeat(np.arange(BATCH), new)
    position = np.concatenate([np.arange(first, first + more) for first, more in zip(past, new, strict=True)])
    slots = table[sample, position // block] * block + position % block
    slots[1] = -1
    kind = np.float16
    tokens = graph.normal(sum(new), WIDTH, kind=kind)
    tables = [each[:, :half].astype(kind) for each in rotary_caches(half, np.float32)]
    source = graph.feed("tokens", tokens)
    fixed = [graph.feed("cumulative_sequence_length", np.array([0, new[0], sum(new)], np.int32))]
    fixed += [graph.feed("past_seqlens", np.array(past, np.int32)), graph.feed("block_table", table)]
    fixed += [graph.weight(each) for each in tables] + [graph.feed("slot_mapping", slots.astype(np.int32))]

    maps = []
    state, array = source, tokens.astype(np.float64)
    for layer in range(2):
        weight = graph.normal(array.shape[-1], (HEADS + 2 * kv_heads) * SIZE, spread=0.35, kind=kind)
        caches = [graph.normal(count, block, kv_heads, SIZE, kind=kind) for _ in range(2)]
        sinks = graph.normal(HEADS, kind=kind)
        norms = [graph.random.uniform(0.5, 1.5, SIZE).astype(kind) for _ in range(2)]
        inputs = [graph.node("MatMul", state, graph.weight(weight)), "", ""]
        inputs += [graph.feed(f"{part}_cache_{layer}", each) for part, each in zip(("key", "value"), caches, strict=True)]
        inputs += [*fixed, graph.weight(sinks), *(graph.weight(each) for each in norms)]
        state = graph.node(
            "PagedAttention",
            *inputs,
            out=[f"attended_{layer}", f"key_cache_out_{layer}", f"value_cache_out_{layer}"],
            domain=MICROSOFT,
            num_heads=HEADS,
            kv_num_heads=kv_heads,
            do_rotary=1,
            rotary_offset=offset,
            rotary_interleaved=layer,
            scale=0.3,
        )

        packed = (array @ weight.astype(np.float64)).reshape(len(sample), -1, SIZE)
        query, key, value = np.split(packed, [HEADS, HEADS + kv_heads], 1)

        def prepared(states: Array, norm: Array, interleaved: bool) -> Array:
            states = states / np.sqrt((states**2).mean(-1, keepdims=True) + 1e-6) * norm.astype(np.float64)
            turning = states.transpose(1, 0, 2)[None]
            cos, sin = (each.astype(np.float64) for each in tables)
            turned = references.rotate(turning[..., offset:], cos, sin, position[None], interleaved)
            return np.concatenate([turning[..., :offset], turned], -1)[0].transpose(1, 0, 2)

        query, key = prepared(query, norms[0], bool(layer)), prepared(key, norms[1], bool(layer))
        flat = []
        for cache, added in zip(caches, (key, value), strict=True):
            rows = cache.reshape(-1, kv_heads, SIZE).astype(np.float64)
            rows[slots[slots >= 0]] = added[slots >= 0]
            flat.append(rows)
        map_ = np.full((BATCH, HEADS, max(new), lengths.max()), np.nan)
        results = []
        for each, total in enumerate(lengths):
            keys, values = (
                rows[table[each, np.arange(total) // block] * block + np.arange(total) % block]
                .transpose(1, 0, 2)
                .repeat(HEADS // kv_heads, 0)
                for rows in flat
            )
            own = query[sample == each].transpose(1, 0, 2)
            scores = references.products(own[None], keys[None], 0.3)[0]
            seen = position[sample == each][:, None] >= np.arange(total)
            probabilities = references.softmax(
                np.where(seen, scores, -np.inf), sinks.astype(np.float64)[:, None, None]
            )
            map_[each, :, : new[each]] = 0
            map_[each, :, : new[each], :total] = probabilities
            results.append((probabilities @ values).transpose(1, 0, 2).reshape(new[each], -1))
        maps.append(map_)
        array = np.concatenate(results).astype(kind).astype(np.float64)
    graph.result(state, kind=TensorProto.FLOAT16)
    for part in ("key", "value"):
        graph.result(f"{part}_cache_out_0", kind=TensorProto.FLOAT16)
    return Case(
        "paged-attention-layers",
        "com.microsoft.PagedAttention",
        "packed projections, norms, rotary embedding, sinks, a slot mapping; a second layer on the first one's output",
        graph,
        maps,
        kinds=["self"] * 2,
        kernel_on_cpu=False,
        rebuilt=True,
        tolerance=HALF_TOLERANCE,
    )


def paged_latent() -> Case:
    """One cache of latent rows for all heads, whose first channels are the values; no causal mask."""
    graph = Graph(seed=14)
    block, count, values = 4, 6, 6
    past, new = (3, 6), (2, 2)
    lengths = np.array(past) + np.array(new)
    table = np.array([[4, 0], [1, 5]], np.int32)
    kind = np.float16
    tokens = graph.normal(sum(new), WIDTH, kind=kind)
    weights = [graph.normal(WIDTH, heads * SIZE, spread=0.35, kind=kind) for heads in (HEADS, 1)]
    cache = graph.normal(count, block, 1, SIZE, kind=kind)
    source = graph.feed("tokens", tokens)
    inputs = [graph.node("MatMul", source, graph.weight(weight)) for weight in weights]
    inputs += ["", graph.feed("key_cache", cache), ""]
    inputs += [graph.feed("cumulative_sequence_length", np.array([0, new[0], sum(new)], np.int32))]
    inputs += [graph.feed("past_seqlens", np.array(past, np.int32)), graph.feed("block_table", table)]
    graph.node(
        "PagedAttention",
        *inputs,
        out="output",
        domain=MICROSOFT,
        num_heads=HEADS,
        kv_num_heads=1,
        kv_cache_layout="LATENT",
        v_head_size=values,
        scale=0.4,
        is_causal=0,
    )
    graph.result("output", kind=TensorProto.FLOAT16)
    query, key = (tokens.astype(np.float64) @ weight.astype(np.float64) for weight in weights)
    map_ = np.full((BATCH, HEADS, max(new), lengths.max()), np.nan)
    for sample, start in enumerate((0, new[0])):
        part = slice(start, start + new[sample])
        old = cache[table[sample]].reshape(-1, SIZE)[: past[sample]].astype(np.float64)
        keys = np.concatenate([old, key[part]])[None, None]
        map_[sample, :, : new[sample]] = 0
        map_[sample, :, : new[sample], : lengths[sample]] = references.softmax(
            references.products(split(query[None, part]), keys, 0.4)
        )[0]
    return fused(
        "paged-attention-latent",
        "com.microsoft.PagedAttention",
        "latent rows for keys and values, no causal mask",
        graph,
        map_,
        kernel_on_cpu=False,
        tolerance=HALF_TOLERANCE,
    )


def packed_cases() -> Iterator[Case]:
    yield packed_attention("packed-attention", "samples of four and six tokens without padding")
    yield packed_attention("packed-attention-bias", "the same with attention_bias", bias=True)
    yield packed_multi_head("packed-mha", "samples of four and six tokens without padding, bias", bias=True)
    yield packed_multi_head("packed-mha-qkv", "one tensor [tokens, H, 3, d]", packed=True)
    yield longformer("longformer", "a window, no global token, padding", with_global=False)
    yield longformer("longformer-global", "global tokens in both samples", with_global=True)
    yield sparse("sparse-attention", "a prompt within one block", past=0)
    yield sparse("sparse-attention-decode", "one query, up to 40 keys in three blocks", past=39)
    yield paged(
        "paged-attention", "prompts of three and five tokens on pasts of five and none", past=(5, 0), new=(3, 5)
    )
    yield paged(
        "paged-attention-decode", "one query each, window and softcap", past=(9, 4), new=(1, 1), window=4, softcap=2.0
    )
    yield paged_layers()
    yield paged_latent()
