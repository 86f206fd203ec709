"""Ways to write a softmax, to mask it and to give it a sink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import TensorProto

import references
from case import BATCH, HALF_TOLERANCE, HEADS, SIZE, TOKENS, Case
from hand_written import Site

VISIBLE = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1]], bool)[:, None, None]
"""[B, 1, 1, S]"""


def plain() -> Case:
    site = Site()
    map_ = site.softmax(site.scores())
    site.attend(map_)
    return site.case("plain", "MatMul, Div, Softmax, MatMul", map_, references.softmax(site.products()))


def log_softmax() -> Case:
    site = Site()
    map_ = site.graph.node("Exp", site.graph.node("LogSoftmax", site.scores(), axis=-1))
    site.attend(map_)
    return site.case("log-softmax", "LogSoftmax and Exp", map_, references.softmax(site.products()))


def written(name: str, says: str, *, highest: bool, reciprocal: bool = False) -> Case:
    site = Site()
    graph = site.graph
    scores = site.scores()
    if highest:
        scores = graph.node("Sub", scores, graph.node("ReduceMax", scores, axes=[-1], keepdims=1))
    powers = graph.node("Exp", scores)
    total = graph.node("ReduceSum", powers, graph.weight(np.array([-1], np.int64)), keepdims=1)
    map_ = (
        graph.node("Mul", powers, graph.node("Reciprocal", total)) if reciprocal else graph.node("Div", powers, total)
    )
    site.attend(map_)
    return site.case(name, says, map_, references.softmax(site.products()))


def sink_column(name: str, says: str, *, highest: bool) -> Case:
    site = Site()
    graph = site.graph
    sink = graph.normal(1, HEADS, 1, 1)
    column = graph.node("Expand", graph.weight(sink), graph.weight(np.array([BATCH, HEADS, TOKENS, 1], np.int64)))
    joined = graph.node("Concat", site.scores(), column, axis=-1)
    if highest:
        joined = graph.node("Sub", joined, graph.node("ReduceMax", joined, axes=[-1], keepdims=1))
    bounds = (graph.weight(np.array([each], np.int64)) for each in (0, -1, -1))
    map_ = graph.node("Slice", site.softmax(joined), *bounds)
    site.attend(map_)
    return site.case(name, says, map_, references.softmax(site.products(), sink.astype(np.float64)))


def softmax_one(name: str, says: str, *, highest: bool) -> Case:
    """exp(x) / (1 + Σ exp(x)), with both sides over exp(max) when `highest`."""
    site = Site()
    graph = site.graph
    scores, one = site.scores(), graph.weight(1.0)
    if highest:
        largest = graph.node("Max", graph.node("ReduceMax", scores, axes=[-1], keepdims=1), graph.weight(0.0))
        scores, one = graph.node("Sub", scores, largest), graph.node("Exp", graph.node("Neg", largest))
    powers = graph.node("Exp", scores)
    total = graph.node("ReduceSum", powers, graph.weight(np.array([-1], np.int64)), keepdims=1)
    map_ = graph.node("Div", powers, graph.node("Add", total, one))
    site.attend(map_)
    return site.case(name, says, map_, references.softmax(site.products(), 0.0))


def softcap() -> Case:
    site = Site()
    graph = site.graph
    cap = graph.weight(1.5)
    bounded = graph.node("Mul", graph.node("Tanh", graph.node("Div", site.scores(), cap)), cap)
    earlier = references.causal(TOKENS, TOKENS)
    map_ = site.softmax(graph.node("Where", graph.weight(earlier), bounded, graph.weight(float("-inf"))))
    site.attend(map_)
    scores = np.where(earlier, 1.5 * np.tanh(site.products() / 1.5), -np.inf)
    return site.case("softcap", "Tanh, then a causal mask", map_, references.softmax(scores))


def clipped() -> Case:
    site = Site()
    graph = site.graph
    map_ = site.softmax(graph.node("Clip", site.scores(), graph.weight(-1.0), graph.weight(1.0)))
    site.attend(map_)
    return site.case("clip", "scores clipped to ±1", map_, references.softmax(site.products().clip(-1, 1)))


def masked_with_where(name: str, says: str, *, scores_last: bool) -> Case:
    site = Site()
    graph = site.graph
    mask = graph.feed("visible", VISIBLE)
    if scores_last:
        chosen = graph.node("Where", graph.node("Not", mask), graph.weight(float("-inf")), site.scores())
    else:
        chosen = graph.node("Where", mask, site.scores(), graph.weight(-1e9))
    map_ = site.softmax(chosen)
    site.attend(map_)
    return site.case(name, says, map_, references.softmax(np.where(VISIBLE, site.products(), -np.inf)))


def masked_with_add() -> Case:
    site = Site()
    graph = site.graph
    mask = graph.feed("attention_mask", VISIBLE[:, 0, 0].astype(np.int64))
    four = graph.node("Unsqueeze", mask, graph.weight(np.array([1, 2], np.int64)))
    hidden = graph.node("Sub", graph.weight(1.0), graph.node("Cast", four, to=TensorProto.FLOAT))
    map_ = site.softmax(site.add(site.scores(), graph.node("Mul", hidden, graph.weight(-10_000.0))))
    site.attend(map_)
    scores = np.where(VISIBLE, site.products(), -np.inf)
    return site.case("mask-add", "(1 − mask) · −10,000 added, as in BERT", map_, references.softmax(scores))


def masked_with_trilu() -> Case:
    """A causal mask made in the graph, and a floor under the scores, as in OPT."""
    site = Site()
    graph = site.graph
    ones = graph.node("Expand", graph.weight(-1e9), graph.weight(np.array([TOKENS, TOKENS], np.int64)))
    later = graph.node("Trilu", ones, graph.weight(np.array(1, np.int64)), upper=1)
    floored = graph.node("Max", site.add(site.scores(), later), graph.weight(-3.4028234663852886e38))
    map_ = site.softmax(floored)
    site.attend(map_)
    scores = np.where(references.causal(TOKENS, TOKENS), site.products(), -np.inf)
    return site.case("mask-trilu", "Expand, Trilu, Add, Max", map_, references.softmax(scores))


def masked_after(name: str, says: str, *, where: bool = False, again: bool = False) -> Case:
    site = Site()
    graph = site.graph
    full = site.softmax(site.scores())
    if where:
        map_ = graph.node("Where", graph.feed("visible", VISIBLE), full, graph.weight(0.0))
    else:
        map_ = graph.node("Mul", full, graph.feed("visible", VISIBLE.astype(np.float32)))
    wanted = references.softmax(site.products()) * VISIBLE
    if again:
        total = graph.node("ReduceSum", map_, graph.weight(np.array([-1], np.int64)), keepdims=1)
        map_, wanted = graph.node("Div", map_, total), wanted / wanted.sum(-1, keepdims=True)
    site.attend(map_)
    return site.case(name, says, map_, wanted)


def nan_guard() -> Case:
    """A query that sees no key: NaN out of the softmax, zeros to the values."""
    site = Site()
    graph = site.graph
    seen = np.broadcast_to(VISIBLE, (BATCH, 1, TOKENS, TOKENS)).copy()
    seen[1, :, 2] = False
    scores = site.add(site.scores(), graph.feed("mask", np.where(seen, 0, -np.inf).astype(np.float32)))
    raw = site.softmax(scores)
    map_ = graph.node("Where", graph.node("IsNaN", raw), graph.weight(0.0), raw)
    site.attend(map_)
    with np.errstate(invalid="ignore"):
        wanted = np.nan_to_num(references.softmax(np.where(seen, site.products(), -np.inf)))
    return site.case("nan-guard", "Where(IsNaN(P), 0, P), one query without keys", map_, wanted)


def half() -> Case:
    """float16, with the softmax in float32."""
    site = Site(kind=np.float16)
    graph = site.graph
    product = graph.node("MatMul", site.query, graph.node("Transpose", site.key, perm=[0, 1, 3, 2]))
    scaled = graph.node("Mul", product, graph.weight(np.float16(SIZE**-0.5)))
    map_ = graph.node("Cast", site.softmax(graph.node("Cast", scaled, to=TensorProto.FLOAT)), to=TensorProto.FLOAT16)
    graph.node("MatMul", map_, site.value, out="output")
    graph.result("output", kind=TensorProto.FLOAT16)
    wanted = references.softmax(site.products())
    return site.case("half", "float16, cast to float32 for the softmax", map_, wanted, tolerance=HALF_TOLERANCE)


def dropout() -> Case:
    site = Site()
    graph = site.graph
    map_ = graph.node("Dropout", site.softmax(site.scores()), graph.weight(0.1), graph.weight(np.array(False)))
    site.attend(map_)
    return site.case("dropout", "a Dropout that does nothing", map_, references.softmax(site.products()))


def opset_11(name: str, says: str, *, flat: bool = False, axis: int | None = None) -> Case:
    """Softmax below opset 13 makes two axes of all: those before `axis`, and the rest."""
    site = Site(opset=11)
    graph = site.graph
    scores = graph.shaped(site.scores(), [-1, TOKENS]) if flat else site.scores()
    attributes: dict[str, Any] = {} if axis is None else {"axis": axis}
    map_ = graph.node("Softmax", scores, **attributes)
    site.attend(graph.shaped(map_, [BATCH, HEADS, TOKENS, TOKENS]) if flat else map_)
    shape = (BATCH, HEADS, TOKENS, TOKENS)
    return site.case(name, says, map_, references.softmax(site.products()), lambda array: array.reshape(shape))


def opset_11_one_query() -> Case:
    """[B · H, 1, S] with axis 1: the axis of length 1 is flattened away."""
    site = Site(opset=11)
    graph = site.graph
    bounds = (graph.weight(np.array([each], np.int64)) for each in (-1, TOKENS, 2))
    last = graph.node("Slice", site.query, *bounds)
    query, key, value = (
        graph.shaped(each, [-1, length, SIZE]) for each, length in ((last, 1), (site.key, TOKENS), (site.value, TOKENS))
    )
    product = site.scaled(graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 2, 1])))
    map_ = graph.node("Softmax", product, axis=1)
    context = graph.shaped(graph.node("MatMul", map_, value), [BATCH, HEADS, 1, SIZE])
    site.finish(context)
    wanted = references.softmax(references.products(site.q[:, :, -1:], site.k))
    return site.case(
        "opset11-one-query",
        "opset 11, [B · H, 1, S] and axis 1",
        map_,
        wanted,
        lambda array: array.reshape(BATCH, HEADS, 1, TOKENS),
    )


def softmax_cases() -> Iterator[Case]:
    yield plain()
    yield log_softmax()
    yield written("exp-sum-max", "ReduceMax, Sub, Exp, ReduceSum, Div", highest=True)
    yield written("exp-sum", "Exp, ReduceSum, Div", highest=False)
    yield written("exp-sum-reciprocal", "Exp, ReduceSum, Reciprocal, Mul", highest=True, reciprocal=True)
    yield sink_column("sink-column", "a sink's column by Concat, cut off after the softmax", highest=False)
    yield sink_column("sink-column-max", "the same less the largest score, as in GPT-OSS", highest=True)
    yield softmax_one("softmax-one", "Exp over 1 + its sum", highest=False)
    yield softmax_one("softmax-one-max", "the same less the largest of the scores and 0", highest=True)
    yield softcap()
    yield clipped()
    yield masked_with_where("where-scores-last", "Where(hidden, −∞, scores)", scores_last=True)
    yield masked_with_where("where-scores-second", "Where(visible, scores, −1e9)", scores_last=False)
    yield masked_with_add()
    yield masked_with_trilu()
    yield masked_after("mask-after-mul", "probabilities times a mask")
    yield masked_after("mask-after-where", "Where(visible, P, 0)", where=True)
    yield masked_after("mask-after-again", "probabilities times a mask, over their sum", again=True)
    yield nan_guard()
    yield half()
    yield dropout()
    yield opset_11("opset11-flat", "opset 11, [B · H · T, S] and axis 1", flat=True, axis=1)
    yield opset_11("opset11-default-axis", "opset 11, [B · H · T, S] and no axis, which is 1", flat=True)
    yield opset_11("opset11-axis-3", "opset 11, four axes and axis 3", axis=3)
    yield opset_11_one_query()
