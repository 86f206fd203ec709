"""What queries, keys and values come from, and what is added to their scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HEADS, MEMORY, SIZE, TOKENS, WIDTH, Array, Case, Graph
from hand_written import SCALE, Site


def both_scaled() -> Case:
    site = Site()
    graph = site.graph
    root = graph.weight(float(SIZE**-0.25))
    key = graph.node("Mul", graph.node("Transpose", site.key, perm=[0, 1, 3, 2]), root)
    map_ = site.softmax(graph.node("MatMul", graph.node("Mul", site.query, root), key))
    site.attend(map_)
    return site.case(
        "both-scaled", "the root of the scale on queries and keys", map_, references.softmax(site.products())
    )


def disentangled() -> Case:
    """Content to content, content to position and position to content, as in DeBERTa."""
    site = Site()
    graph = site.graph
    distances = 2 * TOKENS
    scale = float((3 * SIZE) ** 0.5)
    position = np.arange(TOKENS)
    index = np.clip(position[:, None] - position + TOKENS, 0, distances - 1)
    whole = graph.weight(np.array([BATCH, HEADS, TOKENS, TOKENS], np.int64))
    table = graph.normal(HEADS, distances, SIZE), graph.normal(HEADS, distances, SIZE)
    names = [graph.weight(each.transpose(0, 2, 1).copy()) for each in table]
    looked_up = graph.node("Expand", graph.weight(index.astype(np.int64)), whole)

    content = site.scaled(graph.node("MatMul", site.query, graph.node("Transpose", site.key, perm=[0, 1, 3, 2])), scale)
    to_position = graph.node("GatherElements", graph.node("MatMul", site.query, names[0]), looked_up, axis=3)
    from_position = graph.node("GatherElements", graph.node("MatMul", site.key, names[1]), looked_up, axis=3)
    turned = graph.node("Transpose", from_position, perm=[0, 1, 3, 2])
    scores = graph.node("Add", graph.node("Add", content, site.scaled(to_position, scale)), site.scaled(turned, scale))
    map_ = site.softmax(scores)
    site.attend(map_)

    def gathered(states: Array, positions: Array) -> Array:
        found = references.products(states, positions[None], 1.0)
        return np.take_along_axis(found, np.broadcast_to(index, (BATCH, HEADS, TOKENS, TOKENS)), 3)

    total = (
        references.products(site.q, site.k, 1.0)
        + gathered(site.q, table[0])
        + gathered(site.k, table[1]).swapaxes(2, 3)
    )
    return site.case("disentangled", "a sum of three products", map_, references.softmax(total / scale))


def relative_shift() -> Case:
    """Transformer-XL: a product with positions, shifted by Pad, Reshape and Slice."""
    site = Site()
    graph = site.graph
    positions = graph.normal(HEADS, TOKENS, SIZE)
    whole = [BATCH, HEADS, TOKENS, TOKENS]
    content = graph.node("MatMul", site.query, graph.node("Transpose", site.key, perm=[0, 1, 3, 2]))
    relative = graph.node("MatMul", site.query, graph.weight(positions.transpose(0, 2, 1).copy()))
    padded = graph.node("Pad", relative, graph.weight(np.array([0, 0, 0, 1, 0, 0, 0, 0], np.int64)))
    rolled = graph.shaped(padded, [BATCH, HEADS, TOKENS + 1, TOKENS])
    bounds = (graph.weight(np.array([each], np.int64)) for each in (1, TOKENS + 1, 2))
    shifted = graph.shaped(graph.node("Slice", rolled, *bounds), whole)
    earlier = references.causal(TOKENS, TOKENS)
    scores = site.scaled(graph.node("Add", content, shifted))
    map_ = site.softmax(graph.node("Where", graph.weight(earlier), scores, graph.weight(-1e30)))
    site.attend(map_)

    product = references.products(site.q, positions[None], 1.0)
    # Query t meets position T − 1 − (t − s) at key s ≤ t.
    moved = np.zeros(whole)
    for query in range(TOKENS):
        moved[:, :, query, : query + 1] = product[:, :, query, TOKENS - 1 - query :]
    scores_ = (references.products(site.q, site.k, 1.0) + moved) / SCALE
    return site.case(
        "relative-shift",
        "a second product with positions, shifted",
        map_,
        references.softmax(np.where(earlier, scores_, -np.inf)),
    )


def alibi() -> Case:
    site = Site()
    slopes = 2.0 ** -np.arange(1, HEADS + 1)
    distance = np.abs(np.arange(TOKENS)[:, None] - np.arange(TOKENS))
    bias = (-slopes[:, None, None] * distance).astype(np.float32)[None]
    map_ = site.softmax(site.add(site.scores(), bias))
    site.attend(map_)
    return site.case("alibi", "a slope per head times the distance", map_, references.softmax(site.products() + bias))


def relative_bias() -> Case:
    """T5: a table of distances and heads, looked up, transposed and added; no scale."""
    site = Site()
    graph = site.graph
    table = graph.normal(2 * TOKENS - 1, HEADS)
    index = np.arange(TOKENS) - np.arange(TOKENS)[:, None] + TOKENS - 1
    looked_up = graph.node("Gather", graph.weight(table), graph.weight(index.astype(np.int64)))
    turned = graph.node("Transpose", looked_up, perm=[2, 0, 1])
    bias = graph.node("Unsqueeze", turned, graph.weight(np.array([0], np.int64)))
    product = graph.node("MatMul", site.query, graph.node("Transpose", site.key, perm=[0, 1, 3, 2]))
    map_ = site.softmax(graph.node("Add", product, bias))
    site.attend(map_)
    scores = references.products(site.q, site.k, 1.0) + table[index].transpose(2, 0, 1)
    return site.case("relative-bias", "a bias looked up by distance, no scale", map_, references.softmax(scores))


def rotary() -> Case:
    """Halves turned by Slice, Neg, Concat, Mul and Add, on queries and keys."""
    site = Site()
    graph = site.graph
    angles = np.arange(TOKENS)[:, None] / 10 ** (np.arange(SIZE // 2) / 4)
    cos, sin = (f(np.concatenate([angles, angles], 1)).astype(np.float32) for f in (np.cos, np.sin))
    cosines, sines = graph.weight(cos), graph.weight(sin)

    def turned(states: str) -> str:
        def part(start: int, end: int) -> str:
            return graph.node("Slice", states, *(graph.weight(np.array([each], np.int64)) for each in (start, end, 3)))

        crossed = graph.node("Concat", graph.node("Neg", part(SIZE // 2, SIZE)), part(0, SIZE // 2), axis=-1)
        return graph.node("Add", graph.node("Mul", states, cosines), graph.node("Mul", crossed, sines))

    product = graph.node("MatMul", turned(site.query), graph.node("Transpose", turned(site.key), perm=[0, 1, 3, 2]))
    map_ = site.softmax(site.scaled(product))
    site.attend(map_)
    positions = np.broadcast_to(np.arange(TOKENS), (BATCH, TOKENS))
    half = SIZE // 2
    q, k = (references.rotate(each, cos[:, :half], sin[:, :half], positions, False) for each in (site.q, site.k))
    return site.case(
        "rotary", "rotary positions before the product", map_, references.softmax(references.products(q, k))
    )


def double_products() -> Case:
    """Casts around the product only."""
    site = Site()
    graph = site.graph
    query = graph.node("Cast", site.query, to=TensorProto.DOUBLE)
    key = graph.node("Cast", graph.node("Transpose", site.key, perm=[0, 1, 3, 2]), to=TensorProto.DOUBLE)
    product = graph.node("Cast", graph.node("MatMul", query, key), to=TensorProto.FLOAT)
    map_ = site.softmax(site.scaled(product))
    site.attend(map_)
    return site.case("double-products", "products in float64", map_, references.softmax(site.products()))


def cache(name: str, says: str, *, one: bool, past: int = 3) -> Case:
    """Past keys and values as inputs, joined by Concat, given back as outputs."""
    site = Site()
    graph = site.graph
    old = [graph.normal(BATCH, HEADS, past, SIZE) for _ in range(2)]
    joined = []
    for part, current, cached in zip(("key", "value"), (site.key, site.value), old, strict=True):
        before = graph.feed(f"past_key_values.0.{part}", cached, ("batch", HEADS, "past", SIZE))
        joined.append(graph.node("Concat", before, current, out=f"present.0.{part}", axis=2))
    query, q = site.query, site.q
    if one:
        bounds = (graph.weight(np.array([each], np.int64)) for each in (-1, TOKENS, 2))
        query, q = graph.node("Slice", query, *bounds), q[:, :, -1:]
    product = site.scaled(graph.node("MatMul", query, graph.node("Transpose", joined[0], perm=[0, 1, 3, 2])))
    keys = np.concatenate([old[0], site.k], 2)
    scores = references.products(q, keys)
    if not one:
        earlier = references.causal(TOKENS, past + TOKENS)
        product = graph.node("Where", graph.weight(earlier), product, graph.weight(-3e38))
        scores = np.where(earlier, scores, -np.inf)
    map_ = site.softmax(product)
    site.attend(map_, joined[1])
    for name_of_output in joined:
        graph.result(name_of_output)
    return site.case(name, says, map_, references.softmax(scores))


def latents(name: str, says: str, *, expanded: bool) -> Case:
    """Five learnt queries, as in Perceiver: no graph input leads to them."""
    site = Site(memory=True)
    graph = Graph(seed=22)
    site.graph = graph
    count = 5
    memory = graph.normal(BATCH, MEMORY, WIDTH)
    site.source = graph.feed("memory", memory)
    learnt = graph.normal(1, count, WIDTH)
    start = graph.weight(learnt, "latents")
    if expanded:
        start = graph.node("Expand", start, graph.weight(np.array([BATCH, 1, 1], np.int64)))
    site.query, site.q = site.projected(start, learnt, HEADS)
    site.key, site.k = site.projected(site.source, memory, HEADS)
    site.value, site.v = site.projected(site.source, memory, HEADS)
    map_ = site.softmax(site.scores())
    site.attend(map_)
    return site.case(name, says, map_, references.softmax(site.products()))


def joint() -> Case:
    """Two streams with projections of their own, joined by Concat before the product: image and text together."""
    site = Site(memory=True)
    graph = site.graph
    tokens = graph.feeds["tokens"]
    streams = [((site.query, site.q), site.projected(site.source, graph.feeds["memory"], HEADS))]
    streams += [
        (site.projected(site.tokens, tokens, HEADS), other) for other in ((site.key, site.k), (site.value, site.v))
    ]
    joined = [
        (graph.node("Concat", *(name for name, _ in pair), axis=2), np.concatenate([array for _, array in pair], 2))
        for pair in streams
    ]
    (site.query, site.q), (site.key, site.k), (site.value, site.v) = joined
    map_ = site.softmax(site.scores())
    site.attend(map_)
    return site.case(
        "joint", "two inputs joined on both sides", map_, references.softmax(site.products()), kinds=("self",)
    )


def shared_key_value() -> Case:
    """The keys are the values."""
    site = Site()
    map_ = site.softmax(site.scores())
    site.attend(map_, site.key)
    return site.case("shared-key-value", "the keys are the values", map_, references.softmax(site.products()))


def cross() -> Case:
    site = Site(memory=True)
    map_ = site.softmax(site.scores())
    site.attend(map_)
    return site.case("cross", "keys of another input, seven of them", map_, references.softmax(site.products()))


def score_cases() -> Iterator[Case]:
    yield latents("latents-expand", "learnt queries, expanded to the batch", expanded=True)
    yield latents("latents-broadcast", "learnt queries of batch 1, broadcast by MatMul", expanded=False)
    yield both_scaled()
    yield disentangled()
    yield relative_shift()
    yield alibi()
    yield relative_bias()
    yield cache("cache", "three past keys by Concat, causal", one=False)
    yield cache("cache-one-query", "three past keys by Concat, one query", one=True)
    yield cache("cache-empty", "an empty past by Concat, causal", one=False, past=0)
    yield rotary()
    yield cross()
    yield double_products()
    yield joint()
    yield shared_key_value()
