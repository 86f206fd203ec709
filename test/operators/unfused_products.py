"""Ways to multiply queries with keys and probabilities with values, and what is added to the scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HEADS, MEMORY, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, split
from hand_written import SCALE, Site

HIDDEN = HEADS * SIZE


def mul_reduce_sum() -> Case:
    """[B, H, T, 1, d] · [B, H, 1, S, d], summed; and the same with the values."""
    site = Site()
    graph = site.graph
    axis = {number: graph.weight(np.array([number], np.int64)) for number in (2, 3, 4)}
    query, key = graph.node("Unsqueeze", site.query, axis[3]), graph.node("Unsqueeze", site.key, axis[2])
    scores = graph.node("ReduceSum", graph.node("Mul", query, key), axis[4], keepdims=0)
    map_ = site.softmax(site.scaled(scores))
    weighted = graph.node("Mul", graph.node("Unsqueeze", map_, axis[4]), graph.node("Unsqueeze", site.value, axis[2]))
    site.finish(graph.node("ReduceSum", weighted, axis[3], keepdims=0))
    return site.case("mul-reduce-sum", "both products as Mul and ReduceSum", map_, references.softmax(site.products()))


def einsum(
    name: str,
    first: str,
    second: str,
    *,
    seen_as: str = "bhtd",
    batch_last: bool = False,
    map_axes: tuple[int, int, int, int] = (0, 1, 2, 3),
    memory: bool = False,
) -> Case:
    """`seen_as`: order of the operands' axes. `map_axes`: the map's axes that are batch, head, query, key."""
    site = Site(memory=memory)
    graph = site.graph
    order = ["bhtd".index(axis) for axis in seen_as]
    query, key, value = (
        each if seen_as == "bhtd" else graph.node("Transpose", each, perm=order) for each in (site.query, site.key, site.value)
    )
    scores = site.scaled(graph.node("Einsum", query, key, equation=first))
    map_ = site.softmax(scores)
    context = graph.node("Einsum", map_, value, equation=second)
    back = [seen_as.index(axis) for axis in "bhtd"]
    site.finish(graph.node("Transpose", context, perm=back))
    says = f"Einsum {first} and {second}"
    return site.case(name, says, map_, references.softmax(site.products()), lambda array: array.transpose(map_axes))


def grouped(name: str, says: str, form: str) -> Case:
    """Two key heads for four: `form` is "einsum", "matmul" (five axes) or "expand" (keys repeated)."""
    kv_heads, groups = 2, 2
    site = Site(kv_heads=kv_heads)
    graph = site.graph
    keys = site.k.repeat(groups, 1)
    wanted = references.softmax(references.products(site.q, keys))

    def merged(array: Array) -> Array:
        return array.reshape(BATCH, HEADS, TOKENS, TOKENS)

    if form == "expand":
        two = graph.weight(np.array([2], np.int64))
        whole = graph.weight(np.array([BATCH, kv_heads, groups, TOKENS, SIZE], np.int64))
        key, value = (
            graph.shaped(graph.node("Expand", graph.node("Unsqueeze", each, two), whole), [0, HEADS, TOKENS, SIZE])
            for each in (site.key, site.value)
        )
        product = graph.node("MatMul", site.query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
        map_ = site.softmax(site.scaled(product))
        site.attend(map_, value)
        return site.case(name, says, map_, wanted)
    query = graph.shaped(site.query, [0, kv_heads, groups, TOKENS, SIZE])
    if form == "einsum":
        map_ = site.softmax(site.scaled(graph.node("Einsum", query, site.key, equation="bkgtd,bksd->bkgts")))
        context = graph.node("Einsum", map_, site.value, equation="bkgts,bksd->bkgtd")
    else:
        two = graph.weight(np.array([2], np.int64))
        key, value = (graph.node("Unsqueeze", each, two) for each in (site.key, site.value))
        product = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 2, 4, 3]))
        map_ = site.softmax(site.scaled(product))
        context = graph.node("MatMul", map_, value)
    site.finish(graph.shaped(context, [0, HEADS, TOKENS, SIZE]))
    return site.case(name, says, map_, wanted, merged)


def multi_query() -> Case:
    site = Site(kv_heads=1)
    map_ = site.softmax(site.scores())
    site.attend(map_)
    return site.case("multi-query", "one key head for all, broadcast by MatMul", map_, references.softmax(site.products()))


def transposed_scores() -> Case:
    """Scores [B, H, S, T] and a softmax over the last axis but one."""
    site = Site(memory=True)
    graph = site.graph
    product = graph.node("MatMul", site.key, graph.node("Transpose", site.query, perm=[0, 1, 3, 2]))
    map_ = site.softmax(site.scaled(product), axis=-2)
    context = graph.node("MatMul", graph.node("Transpose", site.value, perm=[0, 1, 3, 2]), map_)
    site.finish(graph.node("Transpose", context, perm=[0, 1, 3, 2]))
    wanted = references.softmax(site.products())
    return site.case("transposed-scores", "K·Qᵀ and a softmax over axis −2", map_, wanted, lambda array: array.swapaxes(2, 3))


def merged_heads(name: str, says: str, *, only_products: bool) -> Case:
    """[B · H, T, d] as in fairseq; `only_products`: four axes for mask and softmax."""
    site = Site()
    graph = site.graph
    query, key, value = (graph.shaped(each, [-1, TOKENS, SIZE]) for each in (site.query, site.key, site.value))
    scores = site.scaled(graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 2, 1])))
    four = (BATCH, HEADS, TOKENS, TOKENS)
    wanted = site.products()
    if only_products:
        bias = graph.normal(BATCH, 1, 1, TOKENS)
        map_ = site.softmax(site.add(graph.shaped(scores, four), graph.feed("bias", bias)))
        met = graph.shaped(map_, [-1, TOKENS, TOKENS])
        wanted = wanted + bias
    else:
        map_ = met = site.softmax(scores)
    site.finish(graph.shaped(graph.node("MatMul", met, value), [BATCH, HEADS, TOKENS, SIZE]))
    return site.case(name, says, map_, references.softmax(wanted), lambda array: array.reshape(four))


def unbatched(name: str, says: str, *, heads: int, gemm: bool = False) -> Case:
    """[H, T, S], or [T, S] of one head."""
    graph = Graph(seed=21)
    tokens = graph.normal(TOKENS, WIDTH)
    source = graph.feed("tokens", tokens, ("sequence", WIDTH))
    weights = [graph.normal(WIDTH, heads * SIZE, spread=0.35) for _ in range(3)]
    query, key, value = (graph.node("MatMul", source, graph.weight(weight)) for weight in weights)
    q, k, v = (split((tokens.astype(np.float64) @ weight)[None], heads) for weight in weights)
    if gemm:
        map_ = graph.node("Softmax", graph.node("Gemm", query, key, transB=1, alpha=SIZE**-0.5), axis=-1)
        graph.node("Gemm", map_, value, out="output")
    elif heads == 1:
        scores = graph.node("MatMul", query, graph.node("Transpose", key, perm=[1, 0]))
        map_ = graph.node("Softmax", graph.node("Div", scores, graph.weight(SCALE)), axis=-1)
        graph.node("MatMul", map_, value, out="output")
    else:
        query, key, value = (
            graph.node("Transpose", graph.shaped(each, [0, heads, SIZE]), perm=perm)
            for each, perm in ((query, [1, 0, 2]), (key, [1, 2, 0]), (value, [1, 0, 2]))
        )
        map_ = graph.node("Softmax", graph.node("Div", graph.node("MatMul", query, key), graph.weight(SCALE)), axis=-1)
        context = graph.node("Transpose", graph.node("MatMul", map_, value), perm=[1, 0, 2])
        merged = graph.shaped(context, [0, heads * SIZE])
        graph.node("MatMul", merged, graph.weight(graph.normal(heads * SIZE, 4)), out="output")
    graph.result("output")
    wanted = references.softmax(references.products(q, k))
    return Case(name, "unfused", says, graph, [wanted], tensors=[map_], layout=lambda array: array.reshape(wanted.shape))


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


def windows() -> Case:
    """Three windows of four tokens each: [B · windows, H, 4, 4]."""
    graph = Graph(seed=23)
    count, length = 3, 4
    tokens = graph.normal(BATCH, count * length, WIDTH)
    cut = graph.shaped(graph.feed("tokens", tokens, tokens.shape), [-1, length, WIDTH])
    array = tokens.reshape(-1, length, WIDTH)
    site = Site()
    site.graph = graph
    site.query, site.q = site.projected(cut, array, HEADS)
    site.key, site.k = site.projected(cut, array, HEADS)
    site.value, site.v = site.projected(cut, array, HEADS)
    map_ = site.softmax(site.scores())
    merged = graph.shaped(graph.node("Transpose", graph.node("MatMul", map_, site.value), perm=[0, 2, 1, 3]), [BATCH, count * length, HIDDEN])
    site.project(merged)
    return site.case("windows", "three windows per sample, [B · 3, H, 4, 4]", map_, references.softmax(site.products()))


def fused_mat_mul() -> Case:
    """What ONNX Runtime's optimiser leaves of Transpose, MatMul and Div."""
    site = Site()
    product = site.graph.node("FusedMatMul", site.query, site.key, domain=MICROSOFT, alpha=SIZE**-0.5, transB=1)
    map_ = site.softmax(product)
    site.attend(map_)
    return site.case("fused-matmul", "FusedMatMul with alpha and transB", map_, references.softmax(site.products()))


def fused_mat_mul_batches() -> Case:
    """transBatchB, as the optimiser leaves where heads are split without a Transpose."""
    site = Site()
    graph = site.graph
    shaped = graph.node("Transpose", site.key, perm=[2, 0, 1, 3])
    product = graph.node("FusedMatMul", site.query, shaped, domain=MICROSOFT, alpha=SIZE**-0.5, transB=1, transBatchB=1)
    map_ = site.softmax(product)
    site.attend(map_)
    return site.case("fused-matmul-batches", "FusedMatMul with transBatchB", map_, references.softmax(site.products()))


def both_scaled() -> Case:
    site = Site()
    graph = site.graph
    root = graph.weight(float(SIZE**-0.25))
    key = graph.node("Mul", graph.node("Transpose", site.key, perm=[0, 1, 3, 2]), root)
    map_ = site.softmax(graph.node("MatMul", graph.node("Mul", site.query, root), key))
    site.attend(map_)
    return site.case("both-scaled", "the root of the scale on queries and keys", map_, references.softmax(site.products()))


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

    total = references.products(site.q, site.k, 1.0) + gathered(site.q, table[0]) + gathered(site.k, table[1]).swapaxes(2, 3)
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
    return site.case("relative-shift", "a second product with positions, shifted", map_, references.softmax(np.where(earlier, scores_, -np.inf)))


def alibi() -> Case:
    site = Site()
    graph = site.graph
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


def cache(name: str, says: str, *, one: bool) -> Case:
    """Past keys and values as inputs, joined by Concat, given back as outputs."""
    past = 3
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
    return site.case("rotary", "rotary positions before the product", map_, references.softmax(references.products(q, k)))


def cross() -> Case:
    site = Site(memory=True)
    map_ = site.softmax(site.scores())
    site.attend(map_)
    return site.case("cross", "keys of another input, seven of them", map_, references.softmax(site.products()))


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


def product_cases() -> Iterator[Case]:
    yield mul_reduce_sum()
    yield einsum("einsum-bthd", "bthd,bshd->bhts", "bhts,bshd->bthd", seen_as="bthd")
    yield einsum("einsum-bhid", "bhid,bhjd->bhij", "bhij,bhjd->bhid")
    yield einsum("einsum-nqhd", "nqhd,nkhd->nhqk", "nhql,nlhd->nqhd", seen_as="bthd", memory=True)
    yield einsum("einsum-ellipsis", "...qd,...kd->...qk", "...qk,...kd->...qd")
    yield einsum("einsum-batch-second", "ibnd,jbnd->bnij", "bnij,jbnd->ibnd", seen_as="tbhd")
    yield einsum("einsum-spaces", "B T H d, B S H d -> B H T S", "B H T S, B S H d -> B T H d", seen_as="bthd")
    yield einsum("layout-bths", "bthd,bshd->bths", "bths,bshd->bthd", seen_as="bthd", map_axes=(0, 2, 1, 3))
    yield einsum("layout-hbts", "bthd,bshd->hbts", "hbts,bshd->bthd", seen_as="bthd", map_axes=(1, 0, 2, 3))
    yield grouped("grouped-einsum", "Einsum bkgtd,bksd->bkgts", "einsum")
    yield grouped("grouped-matmul", "MatMul of five axes, keys broadcast", "matmul")
    yield grouped("grouped-expand", "keys repeated by Unsqueeze, Expand, Reshape", "expand")
    yield multi_query()
    yield transposed_scores()
    yield merged_heads("merged-heads", "[B · H, T, S]", only_products=False)
    yield merged_heads("merged-products", "[B · H, T, S] in the products, four axes between", only_products=True)
    yield unbatched("no-batch", "[H, T, S]", heads=HEADS)
    yield unbatched("one-head", "[T, S]", heads=1)
    yield unbatched("one-head-gemm", "[T, S] by Gemm with alpha and transB", heads=1, gemm=True)
    yield latents("latents-expand", "learnt queries, expanded to the batch", expanded=True)
    yield latents("latents-broadcast", "learnt queries of batch 1, broadcast by MatMul", expanded=False)
    yield windows()
    yield fused_mat_mul()
    yield fused_mat_mul_batches()
    yield both_scaled()
    yield disentangled()
    yield relative_shift()
    yield alibi()
    yield relative_bias()
    yield cache("cache", "three past keys by Concat, causal", one=False)
    yield cache("cache-one-query", "three past keys by Concat, one query", one=True)
    yield rotary()
    yield cross()
    yield double_products()
