"""Makes the rows of JAX: attention in plain JAX, in jax.nn and in Flax, exported by jax2onnx, with the maps that the same
functions give in JAX (returned, sown, or read off with the identity as values)."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

os.environ.pop("JAX2ONNX_ENABLE_STACKTRACE_METADATA", None)
warnings.simplefilter("ignore")

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax2onnx import to_onnx

from corpus_table import Array, Made, Maker, run, run_makers

BATCH, TOKENS, MEMORY, WIDTH, HEADS = 2, 9, 7, 16, 4
SIZE = WIDTH // HEADS
LARGEST_DIFFERENCE = 1e-4

Weights = dict[str, jax.Array]


def normal(seed: int, *shape: int, spread: float = 1.0) -> Array:
    return (np.random.default_rng(seed).standard_normal(shape) * spread).astype(np.float32)


def weights(seed: int, width: int = WIDTH, of: int = WIDTH, heads: int = HEADS) -> Weights:
    return {
        "q": jnp.asarray(normal(seed, width, heads, SIZE, spread=0.6)),
        "k": jnp.asarray(normal(seed + 1, of, heads, SIZE, spread=0.6)),
        "v": jnp.asarray(normal(seed + 2, of, heads, SIZE, spread=0.3)),
        "o": jnp.asarray(normal(seed + 3, heads, SIZE, width, spread=0.3)),
    }


def projected(w: Weights, x: Any, of: Any) -> tuple[Any, Any, Any]:
    return (
        jnp.einsum("btd,dhk->bthk", x, w["q"]),
        jnp.einsum("bsd,dhk->bshk", of, w["k"]),
        jnp.einsum("bsd,dhk->bshk", of, w["v"]),
    )


def attend(w: Weights, x: Any, of: Any) -> tuple[Any, Any]:
    """Output and probabilities, [B, H, T, S]."""
    query, key, value = projected(w, x, of)
    map_ = jax.nn.softmax(jnp.einsum("bthk,bshk->bhts", query, key) / np.sqrt(SIZE), axis=-1)
    return jnp.einsum("bthk,hkd->btd", jnp.einsum("bhts,bshk->bthk", map_, value), w["o"]), map_


def export(
    name: str,
    function: Callable[..., Any],
    inputs: dict[str, Array],
    maps: Sequence[Any],
    attention: str,
    *,
    kinds: Sequence[str] = ("self",),
    opset: int = 21,
    free_batch: bool = False,
    **more: Any,
) -> Made:
    """The function's export, which gives what the function gives."""
    batch: Any = BATCH
    if free_batch:
        (batch,) = jax.export.symbolic_shape("B")
    specs = [
        jax.ShapeDtypeStruct((batch if free_batch else each.shape[0], *each.shape[1:]), each.dtype)
        for each in inputs.values()
    ]
    wanted = np.asarray(function(*inputs.values()))  # before the export, which replaces functions of JAX
    model = to_onnx(function, specs, opset=opset, input_names=list(inputs), output_names=["output"])
    (got,) = run(model, inputs)
    difference = np.abs(got - wanted).max()
    assert difference <= LARGEST_DIFFERENCE, f"{name} differs by {difference:.1e}"
    return Made(
        name=name,
        family=name,
        exporter="jax2onnx",
        opset=opset,
        attention=attention,
        model=model,
        inputs=inputs,
        maps=[np.asarray(each, np.float32) for each in maps],
        kinds=kinds,
        references="JAX",
        layers=len(maps),
        heads=maps[0].shape[1] if maps else 0,
        extra={"dynamicAxes": free_batch, **more.pop("extra", {})},
        **more,
    )


def tokens(seed: int, length: int = TOKENS, width: int = WIDTH) -> Array:
    return normal(seed, BATCH, length, width)


def mask_of(seed: int, *shape: int) -> Array:
    """About two thirds are True, and the first key always is, so that no row is empty."""
    mask = np.random.default_rng(seed).random(shape) < 0.65
    mask[..., 0] = True
    return mask


def plain(free_batch: bool = False) -> Made:
    w, x = weights(1), tokens(5)
    return export(
        "jax-plain-free-batch" if free_batch else "jax-plain",
        lambda x: attend(w, x, x)[0],
        {"x": x},
        [attend(w, x, x)[1]],
        "jax.nn.softmax",
        free_batch=free_batch,
    )


def cross() -> Made:
    w, x, memory = weights(10, of=12), tokens(14), tokens(15, MEMORY, 12)
    return export(
        "jax-cross",
        lambda x, memory: attend(w, x, memory)[0],
        {"x": x, "memory": memory},
        [attend(w, x, memory)[1]],
        "jax.nn.softmax, unequal lengths",
        kinds=("cross",),
    )


def masked_and_renormalised() -> Made:
    """jax.nn.dot_product_attention with a mask; values that are the identity give its map."""
    w, x, mask = weights(20), tokens(24), mask_of(25, BATCH, HEADS, TOKENS, TOKENS)

    def function(x: Any, mask: Any) -> Any:
        query, key, value = projected(w, x, x)
        return jnp.einsum("bthk,hkd->btd", jax.nn.dot_product_attention(query, key, value, mask=mask), w["o"])

    query, key, _ = projected(w, x, x)
    # Keys and queries are widened with zeros to the size of the identity; the scale stays that of the head.
    widened = [jnp.pad(each, ((0, 0), (0, 0), (0, 0), (0, TOKENS - SIZE))) for each in (query, key)]
    identity = jnp.broadcast_to(jnp.eye(TOKENS)[None, :, None], (BATCH, TOKENS, HEADS, TOKENS))
    map_ = jax.nn.dot_product_attention(*widened, identity, mask=mask, scale=SIZE**-0.5).transpose(0, 2, 1, 3)
    return export(
        "jax-dot-product-mask", function, {"x": x, "mask": mask}, [map_], "jax.nn.dot_product_attention(mask=)"
    )


def causal_dot_product() -> Made:
    w, x = weights(30), tokens(34)

    def function(x: Any) -> Any:
        query, key, value = projected(w, x, x)
        return jnp.einsum("bthk,hkd->btd", jax.nn.dot_product_attention(query, key, value, is_causal=True), w["o"])

    query, key, _ = projected(w, x, x)
    widened = [jnp.pad(each, ((0, 0), (0, 0), (0, 0), (0, TOKENS - SIZE))) for each in (query, key)]
    identity = jnp.broadcast_to(jnp.eye(TOKENS)[None, :, None], (BATCH, TOKENS, HEADS, TOKENS))
    map_ = jax.nn.dot_product_attention(*widened, identity, is_causal=True, scale=SIZE**-0.5).transpose(0, 2, 1, 3)
    return export("jax-dot-product-causal", function, {"x": x}, [map_], "jax.nn.dot_product_attention(is_causal=True)")


def softmax_where() -> Made:
    w, x, mask = weights(40), tokens(44), mask_of(45, BATCH, 1, TOKENS, TOKENS)

    def both(x: Any, mask: Any) -> tuple[Any, Any]:
        query, key, value = projected(w, x, x)
        map_ = jax.nn.softmax(jnp.einsum("bthk,bshk->bhts", query, key), axis=-1, where=mask)
        return jnp.einsum("bhts,bshk,hkd->btd", map_, value, w["o"]), map_

    return export(
        "jax-softmax-where",
        lambda x, mask: both(x, mask)[0],
        {"x": x, "mask": mask},
        [both(x, mask)[1]],
        "jax.nn.softmax(where=)",
    )


def softcap() -> Made:
    """RMS norms, scores within 50, masked before and after: a player encoder."""
    w, x, memory, mask = weights(50), tokens(54), tokens(55, MEMORY), mask_of(56, BATCH, TOKENS, MEMORY)

    def norm(x: Any) -> Any:
        return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), -1, keepdims=True) + 1e-6)

    def both(x: Any, memory: Any, mask: Any) -> tuple[Any, Any]:
        query, key, value = projected(w, norm(x), memory)
        scores = jnp.einsum("bthk,bshk->bhts", norm(query) * 4, norm(key)) / np.sqrt(SIZE)
        scores = jnp.where(mask[:, None], 50 * jnp.tanh(scores / 50), -1e9)
        map_ = jnp.where(mask[:, None], jax.nn.softmax(scores, axis=-1), 0.0)
        return x + jnp.einsum("bthk,hkd->btd", jnp.einsum("bhts,bshk->bthk", map_, value), w["o"]), map_

    inputs = {"x": x, "memory": memory, "mask": mask}
    return export(
        "jax-softcap",
        lambda *arguments: both(*arguments)[0],
        inputs,
        [both(*inputs.values())[1]],
        "softcap 50 · tanh, masked twice",
        kinds=("cross",),
        free_batch=True,
    )


def grouped() -> Made:
    """Two key heads, each for three query heads: five axes [B, K, G, T, S], causal."""
    kv, groups = 2, 3
    w = {
        "q": jnp.asarray(normal(60, WIDTH, kv * groups, SIZE, spread=0.6)),
        "k": jnp.asarray(normal(61, WIDTH, kv, SIZE, spread=0.6)),
        "v": jnp.asarray(normal(62, WIDTH, kv, SIZE, spread=0.3)),
        "o": jnp.asarray(normal(63, kv * groups, SIZE, WIDTH, spread=0.3)),
    }
    x = tokens(64)
    mask = np.tril(np.ones((TOKENS, TOKENS), bool))

    def both(x: Any) -> tuple[Any, Any]:
        query, key, value = projected(w, x, x)
        query = (query * SIZE**-0.5).reshape(*query.shape[:2], kv, groups, SIZE)
        scores = jnp.einsum("BTKGH,BSKH->BKGTS", query, key, preferred_element_type=jnp.float32)
        map_ = jax.nn.softmax(jnp.where(mask, scores, -2.3819763e38), axis=-1)
        encoded = jnp.einsum("BKGTS,BSKH->BTKGH", map_, value)
        return jnp.einsum("BTNH,NHD->BTD", encoded.reshape(*encoded.shape[:2], kv * groups, SIZE), w["o"]), map_

    maps = both(x)[1].reshape(BATCH, kv * groups, TOKENS, TOKENS)
    return export("jax-grouped", lambda x: both(x)[0], {"x": x}, [maps], "grouped, [B, K, G, T, S]")


def jitted() -> Made:
    """No Softmax in the graph: a function that was jitted before the export keeps its primitives."""
    w, x = weights(70), tokens(74)
    inner = jax.jit(lambda x: attend(w, x, x)[0])
    return export("jax-jitted", lambda x: inner(x) + x, {"x": x}, [attend(w, x, x)[1]], "jitted, no Softmax")


def jitted_softmax_masked() -> Made:
    w, x, mask = weights(80), tokens(84), mask_of(85, BATCH, 1, TOKENS, TOKENS)

    @jax.jit
    def both(x: Any, mask: Any) -> tuple[Any, Any]:
        query, key, value = projected(w, x, x)
        map_ = jax.nn.softmax(jnp.where(mask, jnp.einsum("bthk,bshk->bhts", query, key), -1e9), axis=-1)
        return jnp.einsum("bthk,hkd->btd", jnp.einsum("bhts,bshk->bthk", map_, value), w["o"]), map_

    return export(
        "jax-jitted-masked",
        lambda x, mask: both(x, mask)[0],
        {"x": x, "mask": mask},
        [both(x, mask)[1]],
        "jitted and masked, no Softmax",
    )


def vmapped() -> Made:
    """One sample of one head at a time, mapped over heads and batch."""
    w, x = weights(90), tokens(94)

    def head(x: Any, q: Any, k: Any, v: Any) -> tuple[Any, Any]:
        map_ = jax.nn.softmax((x @ q) @ (x @ k).T / np.sqrt(SIZE), axis=-1)
        return map_ @ (x @ v), map_

    heads = jax.vmap(head, in_axes=(None, 1, 1, 1), out_axes=0)
    samples = jax.vmap(heads, in_axes=(0, None, None, None))

    def both(x: Any) -> tuple[Any, Any]:
        result, map_ = samples(x, w["q"], w["k"], w["v"])
        return jnp.einsum("bhtk,hkd->btd", result, w["o"]), map_

    return export("jax-vmapped", lambda x: both(x)[0], {"x": x}, [both(x)[1]], "vmapped over heads and batch")


def scanned() -> Made:
    """Three layers with stacked weights under lax.scan: the body of a Loop."""
    layers = [weights(100 + 10 * index) for index in range(3)]
    stacked = {name: jnp.stack([layer[name] for layer in layers]) for name in layers[0]}
    x = tokens(140)

    def both(x: Any) -> tuple[Any, Any]:
        def body(carry: Any, layer: Weights) -> tuple[Any, Any]:
            result, map_ = attend(layer, carry, carry)
            return carry + result, map_

        return jax.lax.scan(body, x, stacked)

    def function(x: Any) -> Any:
        return jax.lax.scan(lambda carry, layer: (carry + attend(layer, carry, carry)[0], None), x, stacked)[0]

    return export(
        "jax-scanned",
        function,
        {"x": x},
        [both(x)[1].reshape(3 * BATCH, HEADS, TOKENS, TOKENS)],
        "lax.scan over layers, one site of all turns",
        extra={"inBody": True},
    )


class Encoder(nn.Module):
    """Two pre-norm layers of Flax's own attention."""

    @nn.compact
    def __call__(self, x: Any, mask: Any) -> Any:
        for index in range(2):
            attention = nn.MultiHeadDotProductAttention(num_heads=HEADS, name=f"attention_{index}")
            x = x + attention(nn.LayerNorm()(x), mask=mask, sow_weights=True)
            x = x + nn.Dense(WIDTH)(nn.gelu(nn.Dense(24)(nn.LayerNorm()(x))))
        return x


def linen(causal: bool) -> Made:
    x = tokens(150)
    mask = np.tril(np.ones((1, 1, TOKENS, TOKENS), bool)) if causal else None
    module = Encoder()
    parameters = module.init(jax.random.key(0), x, mask)["params"]
    seeds = iter(range(160, 260))
    parameters = jax.tree.map(
        lambda each: each if each.ndim == 1 else jnp.asarray(normal(next(seeds), *each.shape, spread=0.5)), parameters
    )
    _, state = module.apply({"params": parameters}, x, mask, mutable=["intermediates"])
    maps = [state["intermediates"][f"attention_{index}"]["attention_weights"][0] for index in range(2)]
    return export(
        "flax-linen-causal" if causal else "flax-linen",
        lambda x: module.apply({"params": parameters}, x, mask),
        {"x": x},
        maps,
        "flax.linen.MultiHeadDotProductAttention" + (", causal" if causal else ""),
        kinds=("self", "self"),
    )


def of_nnx() -> Made:
    x, memory = tokens(300), tokens(301, MEMORY)
    module = nnx.MultiHeadAttention(num_heads=HEADS, in_features=WIDTH, decode=False, rngs=nnx.Rngs(0))
    seeds = iter(range(310, 340))
    state = nnx.state(module, nnx.Param)
    state = jax.tree.map(lambda each: jnp.asarray(normal(next(seeds), *each.shape, spread=0.5)), state)
    nnx.update(module, state)
    module(x, memory, sow_weights=True)
    (map_,) = module.attention_weights.get_value() if hasattr(module.attention_weights, "get_value") else module.attention_weights.value
    del module.attention_weights
    return export(
        "flax-nnx-cross",
        lambda x, memory: module(x, memory),
        {"x": x, "memory": memory},
        [map_],
        "flax.nnx.MultiHeadAttention",
        kinds=("cross",),
    )


def pooled_classifier() -> Made:
    """A softmax over classes and a softmax that pools tokens: no attention."""
    weight, score, x = jnp.asarray(normal(400, WIDTH, 5)), jnp.asarray(normal(401, WIDTH)), tokens(402)

    def function(x: Any) -> Any:
        share = jax.nn.softmax(x @ score, axis=-1)
        return jax.nn.softmax(jnp.einsum("bs,bsd->bd", share, x) @ weight, axis=-1)

    return export(
        "jax-pooled-classifier", function, {"x": x}, [], "no attention", kinds=(), other_softmaxes=2
    )


MAKERS: dict[str, Maker] = {
    "jax-plain": plain,
    "jax-plain-free-batch": partial(plain, free_batch=True),
    "jax-cross": cross,
    "jax-dot-product-mask": masked_and_renormalised,
    "jax-dot-product-causal": causal_dot_product,
    "jax-softmax-where": softmax_where,
    "jax-softcap": softcap,
    "jax-grouped": grouped,
    "jax-jitted": jitted,
    "jax-jitted-masked": jitted_softmax_masked,
    "jax-vmapped": vmapped,
    "jax-scanned": scanned,
    "flax-linen": partial(linen, causal=False),
    "flax-linen-causal": partial(linen, causal=True),
    "flax-nnx-cross": of_nnx,
    "jax-pooled-classifier": pooled_classifier,
}


def main() -> None:
    logging.disable(logging.WARNING)
    run_makers(__file__, __doc__, MAKERS, ("jax", "jaxlib", "flax", "jax2onnx", "onnx", "onnxruntime", "numpy"))


if __name__ == "__main__":
    main()
