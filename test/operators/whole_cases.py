"""Several fused operators in one model, with what stands around them in real files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HEADS, MEMORY, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, join, split
from fused_group_query import rotary_caches
from hand_written import Site

EPSILON = 1e-5


def generative() -> Case:
    """A language model's step as onnxruntime-genai has it: lengths from a mask, packed projections, caches."""
    graph = Graph(seed=50)
    layers, past, kv_heads, size = 2, 6, 2, 16
    total = past + 1
    tokens = graph.normal(BATCH, 1, WIDTH)
    mask = np.ones((BATCH, total), np.int64)
    state = graph.feed("tokens", tokens)
    ones = graph.feed("attention_mask", mask, ("batch", "total"))
    one = graph.weight(np.array([1], np.int64))
    counted = graph.node("Sub", graph.node("ReduceSum", ones, one, keepdims=0), one)
    lengths = graph.node("Cast", counted, to=TensorProto.INT32)
    extent = graph.node("Gather", graph.node("Shape", ones), graph.weight(np.array(1, np.int64)))
    whole = graph.node("Cast", extent, to=TensorProto.INT32)
    caches = rotary_caches(size // 2, np.float32)
    turning = [graph.weight(each) for each in caches]
    gain = graph.random.uniform(0.5, 1.5, WIDTH).astype(np.float32)
    gains = graph.weight(gain)

    wanted = []
    residual = tokens.astype(np.float64)
    normed = graph.node("SimplifiedLayerNormalization", state, gains, axis=-1, epsilon=EPSILON)
    for layer in range(layers):
        weights = [graph.normal(WIDTH, heads * size, spread=0.35) for heads in (HEADS, kv_heads, kv_heads)]
        back = graph.normal(HEADS * size, WIDTH, spread=0.1)
        old = [graph.normal(BATCH, kv_heads, past, size) for _ in range(2)]
        packed = graph.node("MatMul", normed, graph.weight(np.concatenate(weights, 1)))
        inputs = [packed, "", ""]
        for part, cache in zip(("key", "value"), old, strict=True):
            inputs.append(graph.feed(f"past_key_values.{layer}.{part}", cache, ("batch", kv_heads, "past", size)))
        outputs = [f"attended_{layer}", f"present.{layer}.key", f"present.{layer}.value"]
        graph.node(
            "GroupQueryAttention",
            *inputs,
            lengths,
            whole,
            *turning,
            out=outputs,
            domain=MICROSOFT,
            num_heads=HEADS,
            kv_num_heads=kv_heads,
            do_rotary=1,
        )
        changed = graph.node("MatMul", outputs[0], graph.weight(back))
        normed = f"normed_{layer}"
        graph.node(
            "SkipSimplifiedLayerNormalization",
            state,
            changed,
            gains,
            out=[normed, "", "", f"state_{layer}"],
            domain=MICROSOFT,
            epsilon=EPSILON,
        )
        state = f"state_{layer}"

        scaled = residual / np.sqrt((residual**2).mean(-1, keepdims=True) + EPSILON) * gain
        query, key, value = (
            split(scaled @ weight, heads) for weight, heads in zip(weights, (HEADS, kv_heads, kv_heads), strict=True)
        )
        map_, values = references.group_query_attention(
            query,
            key,
            value,
            mask.sum(1),
            total=total,
            past_key=old[0],
            past_value=old[1],
            rotary=caches,
        )
        wanted.append(map_)
        residual = residual + join(map_ @ values) @ back
    graph.node("Identity", state, out="output")
    for name in ("output", *(f"present.{layer}.{part}" for layer in range(layers) for part in ("key", "value"))):
        graph.result(name)
    says = "two layers of a language model's step: norms, lengths from a mask, caches"
    return Case(
        "generative",
        "com.microsoft.GroupQueryAttention",
        says,
        graph,
        wanted,
        kinds=["self"] * layers,
        output=residual,
        rebuilt=True,
    )


def decoder() -> Case:
    """Causal MultiHeadAttention, then one over another input."""
    graph = Graph(seed=51)
    states = {"tokens": graph.normal(BATCH, TOKENS, WIDTH), "memory": graph.normal(BATCH, MEMORY, WIDTH)}
    names = {name: graph.feed(name, array) for name, array in states.items()}
    query_of, array = names["tokens"], states["tokens"].astype(np.float64)
    wanted = []
    for layer, source in enumerate(("tokens", "memory")):
        given = array.shape[-1]
        weight = graph.normal(given, HEADS * SIZE, spread=0.35)
        others = [graph.normal(WIDTH, HEADS * SIZE, spread=0.35) for _ in range(2)]
        inputs = [graph.node("MatMul", query_of, graph.weight(weight))]
        inputs += [graph.node("MatMul", names[source], graph.weight(each)) for each in others]
        out = graph.node(
            "MultiHeadAttention",
            *inputs,
            out=f"attended_{layer}",
            domain=MICROSOFT,
            num_heads=HEADS,
            unidirectional=1 - layer,
        )
        query, (key, value) = (
            split(array @ weight),
            (split(states[source].astype(np.float64) @ each) for each in others),
        )
        wanted.append(references.multi_head_attention(query, key, unidirectional=layer == 0))
        array, query_of = join(wanted[-1] @ value), out
    graph.result(out)
    return Case(
        "mha-self-then-cross",
        "com.microsoft.MultiHeadAttention",
        "causal self-attention, then cross attention",
        graph,
        wanted,
        kinds=("self", "cross"),
        output=array,
        rebuilt=True,
    )


def rotary_operator() -> Case:
    """com.microsoft.RotaryEmbedding before a product that is not fused."""
    site = Site()
    graph = site.graph
    cos, sin = rotary_caches(SIZE // 2, np.float32)
    positions = np.broadcast_to(np.arange(TOKENS), (BATCH, TOKENS))
    places = graph.feed("position_ids", positions.astype(np.int64))
    caches = [graph.weight(cos), graph.weight(sin)]

    def turned(states: str) -> str:
        return graph.node("RotaryEmbedding", states, places, *caches, domain=MICROSOFT)

    product = graph.node("MatMul", turned(site.query), graph.node("Transpose", turned(site.key), perm=[0, 1, 3, 2]))
    map_ = site.softmax(site.scaled(product))
    site.attend(map_)
    q, k = (references.rotate(each, cos, sin, positions, False) for each in (site.q, site.k))
    wanted: Array = references.softmax(references.products(q, k))
    return site.case("rotary-operator", "RotaryEmbedding before the product", map_, wanted)


def whole_cases() -> Iterator[Case]:
    yield generative()
    yield decoder()
    yield rotary_operator()
