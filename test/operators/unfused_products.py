"""Ways to multiply queries with keys and probabilities with values, and layouts of heads and batch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import references
from case import BATCH, HEADS, MICROSOFT, SIZE, TOKENS, WIDTH, Array, Case, Graph, split
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
        each if seen_as == "bhtd" else graph.node("Transpose", each, perm=order)
        for each in (site.query, site.key, site.value)
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
    return site.case(
        "multi-query", "one key head for all, broadcast by MatMul", map_, references.softmax(site.products())
    )


def transposed_scores() -> Case:
    """Scores [B, H, S, T] and a softmax over the last axis but one."""
    site = Site(memory=True)
    graph = site.graph
    product = graph.node("MatMul", site.key, graph.node("Transpose", site.query, perm=[0, 1, 3, 2]))
    map_ = site.softmax(site.scaled(product), axis=-2)
    context = graph.node("MatMul", graph.node("Transpose", site.value, perm=[0, 1, 3, 2]), map_)
    site.finish(graph.node("Transpose", context, perm=[0, 1, 3, 2]))
    wanted = references.softmax(site.products())
    return site.case(
        "transposed-scores", "K·Qᵀ and a softmax over axis −2", map_, wanted, lambda array: array.swapaxes(2, 3)
    )


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
    return Case(
        name, "unfused", says, graph, [wanted], tensors=[map_], layout=lambda array: array.reshape(wanted.shape)
    )


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
    merged = graph.shaped(
        graph.node("Transpose", graph.node("MatMul", map_, site.value), perm=[0, 2, 1, 3]),
        [BATCH, count * length, HIDDEN],
    )
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


def convolutions() -> Case:
    """Pixels as tokens by 1 × 1 convolutions, one head, values times the turned map: the block of latent diffusion."""
    graph = Graph(seed=24)
    height, width = 2, 3
    pixels = height * width
    image = graph.normal(BATCH, WIDTH, height, width)
    source = graph.feed("image", image)
    weights = [graph.normal(SIZE, WIDTH, spread=0.4) for _ in range(3)]
    query, key, value = (
        graph.shaped(graph.node("Conv", source, graph.weight(weight[..., None, None])), [0, SIZE, pixels])
        for weight in weights
    )
    scores = graph.node("MatMul", graph.node("Transpose", query, perm=[0, 2, 1]), key)
    map_ = graph.node("Softmax", graph.node("Mul", scores, graph.weight(SIZE**-0.5)), axis=2)
    context = graph.node("MatMul", value, graph.node("Transpose", map_, perm=[0, 2, 1]))
    graph.node("Reshape", context, graph.weight(np.array([0, SIZE, height, width], np.int64)), out="output")
    graph.result("output")
    tokens = image.reshape(BATCH, WIDTH, pixels).transpose(0, 2, 1).astype(np.float64)
    q, k = ((tokens @ weight.T)[:, None] for weight in weights[:2])
    wanted = references.softmax(references.products(q, k))
    return Case(
        "convolutions",
        "unfused",
        "pixels as tokens, V · Pᵀ",
        graph,
        [wanted],
        tensors=[map_],
        layout=lambda array: array[:, None],
    )


def heads_apart() -> Case:
    """A projection, a product and a softmax per head, joined by Concat: a site per head."""
    graph = Graph(seed=25)
    tokens = graph.normal(BATCH, TOKENS, WIDTH)
    source = graph.feed("tokens", tokens)
    maps, contexts, wanted = [], [], []
    for _ in range(2):
        weights = [graph.normal(WIDTH, SIZE, spread=0.35) for _ in range(3)]
        query, key, value = (graph.node("MatMul", source, graph.weight(weight)) for weight in weights)
        product = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 2, 1]))
        maps.append(graph.node("Softmax", graph.node("Div", product, graph.weight(SCALE)), axis=-1))
        contexts.append(graph.node("MatMul", maps[-1], value))
        q, k = ((tokens.astype(np.float64) @ weight)[:, None] for weight in weights[:2])
        wanted.append(references.softmax(references.products(q, k)))
    graph.node("Concat", *contexts, out="output", axis=-1)
    graph.result("output")
    says = "two heads, each with a softmax of its own"
    return Case(
        "heads-apart",
        "unfused",
        says,
        graph,
        wanted,
        kinds=["self"] * 2,
        tensors=maps,
        layout=lambda array: array[:, None],
    )


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
    yield windows()
    yield fused_mat_mul()
    yield fused_mat_mul_batches()
    yield convolutions()
    yield heads_apart()
