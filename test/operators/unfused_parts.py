"""Maps whose parts meet values of their own, heads that are put together by hand, and rows that are divided late."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import references
from case import BATCH, HEADS, SIZE, TOKENS, WIDTH, Case, Graph, join, split
from hand_written import SCALE, Site


def two_sources() -> Case:
    """One softmax over the tokens and over learnt entries; each share of it meets values of its own."""
    entries = 3
    site = Site(seed=60)
    graph = site.graph
    keys, values = graph.normal(HEADS, entries, SIZE), graph.normal(HEADS, entries, SIZE)
    others = site.scaled(graph.node("MatMul", site.query, graph.weight(keys.transpose(0, 2, 1))))
    map_ = site.softmax(graph.node("Concat", site.scores(), others, axis=-1))
    sizes = graph.weight(np.array([TOKENS, entries], np.int64))
    graph.node("Split", map_, sizes, out=["own", "other"], axis=-1)
    own = graph.node("MatMul", "own", site.value)
    site.finish(site.add(own, graph.node("MatMul", "other", graph.weight(values))))
    scores = np.concatenate([site.products(), site.q @ keys.astype(np.float64).transpose(0, 2, 1) / SCALE], axis=-1)
    says = "Softmax over keys of two sources, split, each part times its own values"
    return site.case("two-sources", says, map_, references.softmax(scores))


def product_a_head() -> Case:
    """All heads in one softmax, and then one product with the values for each."""
    site = Site(seed=61)
    graph = site.graph
    map_ = site.softmax(site.scores())
    contexts = []
    for head in range(HEADS):
        index = graph.weight(np.array(head, np.int64))
        own, value = (graph.node("Gather", each, index, axis=1) for each in (map_, site.value))
        product = graph.node("MatMul", own, value)
        contexts.append(graph.node("Unsqueeze", product, graph.weight(np.array([1], np.int64))))
    site.finish(graph.node("Concat", *contexts, axis=1))
    says = "one product with the values for each head, by Gather"
    return site.case("product-a-head", says, map_, references.softmax(site.products()))


def series_by_itself() -> Case:
    """The columns of a table, each cut into patches and attended to by itself: columns stand in the batch's place."""
    graph = Graph(seed=69)
    columns = 3
    table = graph.normal(1, TOKENS * WIDTH, columns)
    fed = graph.feed("table", table, table.shape)
    patches = graph.shaped(graph.node("Transpose", fed, perm=[0, 2, 1]), [columns, TOKENS, WIDTH])
    array = table.astype(np.float64).transpose(0, 2, 1).reshape(columns, TOKENS, WIDTH)
    names, arrays = [], []
    for _ in range(3):
        weight = graph.normal(WIDTH, HEADS * SIZE, spread=0.35)
        shaped = graph.shaped(graph.node("MatMul", patches, graph.weight(weight)), [0, 0, HEADS, SIZE])
        names.append(graph.node("Transpose", shaped, perm=[0, 2, 1, 3]))
        arrays.append(split(array @ weight.astype(np.float64)))
    query, key, value = names
    scores = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
    map_ = graph.node("Softmax", graph.node("Div", scores, graph.weight(SCALE)), axis=-1)
    context = graph.node("Transpose", graph.node("MatMul", map_, value), perm=[0, 2, 1, 3])
    graph.node("Identity", graph.shaped(context, [0, 0, HEADS * SIZE]), out="output")
    graph.result("output")
    says = "columns of a table in the batch's place, each cut into patches: no heads"
    wanted = references.softmax(references.products(arrays[0], arrays[1]))
    return Case("series-by-itself", "unfused", says, graph, [wanted], kinds=("self",), tensors=[map_])


def heads_before_batch() -> Case:
    """`torch.cat(x.split(d, 2), 0)` of queries, keys and values, as the Set Transformer's authors wrote it."""
    site = Site(seed=62)
    graph = site.graph
    sizes = graph.weight(np.array([SIZE] * HEADS, np.int64))
    stacked = []
    for index, projected in enumerate((site.query, site.key, site.value)):
        # From [B, H, T, d] back to what a linear layer gives.
        flat = graph.shaped(graph.node("Transpose", projected, perm=[0, 2, 1, 3]), [0, 0, HEADS * SIZE])
        parts = [f"part_{index}_{head}" for head in range(HEADS)]
        graph.node("Split", flat, sizes, out=parts, axis=2)
        stacked.append(graph.node("Concat", *parts, axis=0))
    query, key, value = stacked
    map_ = site.softmax(site.scaled(graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 2, 1]))))
    contexts = [f"context_{head}" for head in range(HEADS)]
    batches = graph.weight(np.array([BATCH] * HEADS, np.int64))
    graph.node("Split", graph.node("MatMul", map_, value), batches, out=contexts, axis=0)
    site.project(graph.node("Concat", *contexts, axis=2))
    says = "heads cut out of the features and put in front of the batch, [H · B, T, S]"
    return site.case(
        "heads-before-batch",
        says,
        map_,
        references.softmax(site.products()),
        layout=lambda array: array.reshape(HEADS, BATCH, TOKENS, TOKENS).transpose(1, 0, 2, 3),
    )


def stored_keys() -> Case:
    """Attention to a learnt memory whose keys are stored as they are multiplied, [H, d, S]."""
    entries = 5
    site = Site(seed=63)
    graph = site.graph
    keys, values = graph.normal(HEADS, SIZE, entries), graph.normal(HEADS, entries, SIZE)
    map_ = site.softmax(site.scaled(graph.node("MatMul", site.query, graph.weight(keys))))
    site.attend(map_, graph.weight(values))
    wanted = references.softmax(site.q @ keys.astype(np.float64) / SCALE)
    return site.case("stored-keys", "learnt keys, stored transposed", map_, wanted, kinds=("cross",))


def late_division(name: str, says: str, *, highest: bool, floor: bool = False) -> Case:
    """(exp(x) · V) / Σ exp(x): the map is nowhere in the graph."""
    site = Site(seed=64)
    graph = site.graph
    scores = site.scores()
    if highest:
        scores = graph.node("Sub", scores, graph.node("ReduceMax", scores, axes=[-1], keepdims=1))
    powers = graph.node("Exp", scores)
    total = graph.node("ReduceSum", powers, graph.weight(np.array([-1], np.int64)), keepdims=1)
    if floor:
        total = graph.node("Add", total, graph.weight(0.5))
    site.finish(graph.node("Div", graph.node("MatMul", powers, site.value), total))
    products = site.products()
    raised = np.exp(products - (products.max(-1, keepdims=True) if highest else 0.0))
    return site.case(name, says, "", raised / (raised.sum(-1, keepdims=True) + (0.5 if floor else 0.0)))


def blocks_of_one_head() -> Case:
    """[B, blocks, t, t] of a single head: the blocks are no heads."""
    blocks = 3
    site = Site(seed=65)
    graph = site.graph
    width = HEADS * SIZE
    cut = []
    for projected in (site.query, site.key, site.value):
        flat = graph.node("Transpose", projected, perm=[0, 2, 1, 3])
        cut.append(graph.shaped(flat, [0, blocks, TOKENS // blocks, width]))
    query, key, value = cut
    product = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
    map_ = site.softmax(site.scaled(product, width**0.5))
    site.project(graph.shaped(graph.node("MatMul", map_, value), [0, TOKENS, width]))
    q, k = (join(each).reshape(BATCH * blocks, 1, TOKENS // blocks, width) for each in (site.q, site.k))
    wanted = references.softmax(references.products(q, k))
    return site.case(
        "blocks-of-one-head",
        "one head over blocks of the tokens, [B, blocks, t, t]",
        map_,
        wanted,
        layout=lambda array: array.reshape(wanted.shape),
    )


def unordered() -> Case:
    """Nodes that are listed before what they read, as converters to float16 leave their casts at the end."""
    site = Site(seed=66)
    map_ = site.softmax(site.scores())
    site.attend(map_)
    site.graph.nodes.reverse()
    says = "nodes listed in the wrong order, which ONNX Runtime mends"
    return site.case("unordered", says, map_, references.softmax(site.products()))


def part_cases() -> Iterator[Case]:
    yield two_sources()
    yield product_a_head()
    yield heads_before_batch()
    yield stored_keys()
    yield late_division("late-division", "exponentials times values, divided by their sum afterwards", highest=True)
    yield late_division("late-division-floor", "the same with something added to the sum", highest=False, floor=True)
    yield blocks_of_one_head()
    yield series_by_itself()
    yield unordered()
