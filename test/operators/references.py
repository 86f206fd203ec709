"""The probabilities of every fused operator, from its specification, in float64.

Masks are additive as the operators have them: a masked row is a softmax of what remains, not of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from case import Array, split

FILTER = -10_000.0
"""Default `mask_filter_value`."""


def softmax(scores: Array, sink: Array | float | None = None) -> Array:
    """Over the last axis. `sink`: a score that takes a share and has no value; broadcasts against scores[..., :1]."""
    scores = np.asarray(scores, np.float64)
    highest = scores.max(-1, keepdims=True)
    if sink is not None:
        highest = np.maximum(highest, sink)
    powers = np.exp(scores - highest)
    total = powers.sum(-1, keepdims=True)
    if sink is not None:
        total = total + np.exp(sink - highest)
    return powers / total


def products(query: Array, key: Array, scale: float | None = None) -> Array:
    """Q·Kᵀ of [B, H, T, d] and [B, H, S, d], by default over √d."""
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return scale * query.astype(np.float64) @ key.astype(np.float64).swapaxes(-1, -2)


def causal(queries: int, keys: int) -> Array:
    """True where query t may see key s; the last query sees every key."""
    return np.tri(queries, keys, keys - queries, dtype=bool)


def visible_keys(mask: Array, batch: int, keys: int, queries: int, past: int = 0) -> Array:
    """`mask_index` and `key_padding_mask` in all their forms, as booleans that broadcast to [B, 1, T, S]."""
    position = np.arange(keys)
    if mask.shape == (batch,):
        return (position < mask[:, None])[:, None, None]
    if mask.shape == (2 * batch,):
        end, start = mask[:batch, None], mask[batch:, None]
        return ((position >= start) & (position < end))[:, None, None]
    if mask.ndim == 2:
        # A padding mask of the new keys only says nothing of the past.
        missing = keys - mask.shape[1]
        return np.pad(mask, ((0, 0), (missing, 0)), constant_values=1).astype(bool)[:, None, None]
    if mask.ndim == 3:
        return mask.astype(bool)[:, None]
    return mask[:, :, past : past + queries, :keys].astype(bool)


def masked(scores: Array, mask: Array | None, filter_value: float, past: int = 0) -> Array:
    if mask is None:
        return scores
    batch, _, queries, keys = scores.shape
    return scores + np.where(visible_keys(mask, batch, keys, queries, past), 0.0, filter_value)


def multi_head_attention(
    query: Array,
    key: Array,
    *,
    mask: Array | None = None,
    bias: Array | None = None,
    past_key: Array | None = None,
    unidirectional: bool = False,
    scale: float | None = None,
    filter_value: float = FILTER,
) -> Array:
    """com.microsoft.MultiHeadAttention, of [B, H, T, d] and [B, H, S, d]."""
    past = 0
    if past_key is not None:
        key, past = np.concatenate([past_key, key], 2), past_key.shape[2]
    scores = masked(products(query, key, scale), mask, filter_value, past)
    if bias is not None:
        scores = scores + bias.astype(np.float64)
    if unidirectional:
        scores = np.where(causal(*scores.shape[2:]), scores, -np.inf)
    return softmax(scores)


def attention(
    tokens: Array,
    weights: Array,
    bias: Array | None,
    *,
    heads: int,
    sizes: Sequence[int] | None = None,
    mask: Array | None = None,
    past: Array | None = None,
    attention_bias: Array | None = None,
    unidirectional: bool = False,
    scale: float | None = None,
    filter_value: float = FILTER,
) -> tuple[Array, Array]:
    """com.microsoft.Attention: its probabilities, and the values [B, H, S, d] with the past's."""
    projected = tokens.astype(np.float64) @ weights.astype(np.float64)
    if bias is not None:
        projected = projected + bias
    sizes = sizes or [projected.shape[-1] // 3] * 3
    query, key, value = (split(part, heads) for part in np.split(projected, np.cumsum(sizes)[:2], -1))
    probabilities = multi_head_attention(
        query,
        key,
        mask=mask,
        bias=attention_bias,
        past_key=None if past is None else past[0],
        unidirectional=unidirectional,
        scale=scale,
        filter_value=filter_value,
    )
    return probabilities, value if past is None else np.concatenate([past[1], value], 2)


def rotate(states: Array, cos: Array, sin: Array, positions: Array, interleaved: bool) -> Array:
    """Rotary position embedding of [B, H, T, d]; what lies beyond twice the width of the caches stays as it is."""
    half = cos.shape[-1]
    turning, rest = states[..., : 2 * half].astype(np.float64), states[..., 2 * half :]
    cos, sin = cos[positions][:, None], sin[positions][:, None]
    turned = np.empty_like(turning)
    first, second = (slice(0, None, 2), slice(1, None, 2)) if interleaved else (slice(half), slice(half, None))
    turned[..., first] = turning[..., first] * cos - turning[..., second] * sin
    turned[..., second] = turning[..., second] * cos + turning[..., first] * sin
    return np.concatenate([turned, rest], -1)


def group_query_attention(
    query: Array,
    key: Array,
    value: Array,
    lengths: Array,
    *,
    total: int,
    past_key: Array | None = None,
    past_value: Array | None = None,
    rotary: tuple[Array, Array] | None = None,
    interleaved: bool = False,
    scale: float | None = None,
    softcap: float = 0.0,
    window: int = -1,
    sink: Array | float | None = None,
    bias: Array | None = None,
) -> tuple[Array, Array]:
    """com.microsoft.GroupQueryAttention: probabilities [B, H, T, total] and values [B, H, total, d].

    `lengths`: valid keys of every sample with the new ones (`seqlens_k` + 1). A prompt is padded on the right and its
    padded queries are undefined; a later step appends to the past of each sample.
    """
    batch, heads, queries, _ = query.shape
    prompt = total == queries
    past = np.zeros(batch, int) if prompt else lengths - queries
    positions = past[:, None] + np.arange(queries)
    if rotary:
        query, key = (rotate(states, *rotary, positions, interleaved) for states in (query, key))
    groups = heads // key.shape[1]
    keys, values = (
        np.stack([appended(old, new, int(past[b]), total, b) for b in range(batch)]).repeat(groups, 1)
        for old, new in ((past_key, key), (past_value, value))
    )
    scores = products(query, keys, scale)
    if softcap:
        scores = softcap * np.tanh(scores / softcap)
    if bias is not None:
        scores = scores + bias
    distance = positions[:, None, :, None] - np.arange(total)
    visible = (distance >= 0) & (np.arange(total) < lengths[:, None, None, None])
    if window > 0:
        visible &= distance < window
    probabilities = softmax(np.where(visible, scores, -np.inf), sink)
    undefined = positions >= lengths[:, None]
    return np.where(undefined[:, None, :, None], np.nan, probabilities), values


def appended(old: Array | None, new: Array, past: int, total: int, sample: int) -> Array:
    """The cache of a sample, [K, total, d]: its past, the new states, zeros."""
    cache = np.zeros((new.shape[1], total, new.shape[3]))
    if old is not None:
        cache[:, :past] = old[sample, :, :past]
    fits = min(new.shape[2], total - past)
    cache[:, past : past + fits] = new[sample, :, :fits]
    return cache


def dequantised(array: Array, scale: Array, zero_point: Array | None) -> Array:
    """Per tensor, or per column."""
    return (array.astype(np.float64) - (0 if zero_point is None else zero_point.astype(np.float64))) * scale
