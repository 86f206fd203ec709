"""A small vision-language-action policy in the shape of pi0 (Black et al. 2024), in plain JAX.

Two transformers of equal depth, each with its own weights, share one attention: the *prefix* expert reads two cameras
and an instruction, the *action* expert reads the robot's state and a chunk of noisy actions and says which way the
noise leads (flow matching). Every layer's attention of the action expert is over the prefix's keys and its own. Sizes
are those of the smallest variant of the public code: width 64, 4 layers, MLP 128, 8 query heads on 1 key-value head.

Shapes: B samples, P = 84 prefix tokens (2 x 36 patches, 12 words), N = 9 suffix tokens (state, 8 actions), T queries,
S keys, K key-value heads, G query heads for each, H = 16 numbers a head, D width. Query head h is (h // G, h % G).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from world import CAMERAS, PROMPT_TOKENS, WORDS

WIDTH, DEPTH, MLP = 64, 4, 128
HEADS, KV_HEADS, HEAD = 8, 1, 16
IMAGE, PATCH = 48, 8
GRID = IMAGE // PATCH
PATCHES = GRID * GRID
HORIZON, ACTION, STATE = 8, 3, 3
PREFIX_TOKENS = len(CAMERAS) * PATCHES + PROMPT_TOKENS
SUFFIX_TOKENS = 1 + HORIZON
DENOISING_STEPS = 10
MASKED = -2.3819763e38
PAD = WORDS.index("<pad>")
INPUTS = ("base_rgb", "wrist_rgb", "prompt", "state", "noisy_actions", "time")

Params = dict[str, Any]
Array = jax.Array


def init_params(key: Array) -> Params:
    keys = iter(jax.random.split(key, 200))

    def normal(*shape: int, fan_in: int) -> Array:
        return jax.random.normal(next(keys), shape, jnp.float32) / np.sqrt(fan_in)

    def layer() -> Params:
        return {
            "pre_attention_norm": jnp.zeros(WIDTH),
            "q_einsum": normal(HEADS, WIDTH, HEAD, fan_in=WIDTH),
            "kv_einsum": normal(2, KV_HEADS, WIDTH, HEAD, fan_in=WIDTH),
            "attn_vec_einsum": normal(HEADS, HEAD, WIDTH, fan_in=HEADS * HEAD * DEPTH),
            "pre_ffw_norm": jnp.zeros(WIDTH),
            "gating_einsum": normal(2, WIDTH, MLP, fan_in=WIDTH),
            "linear": normal(MLP, WIDTH, fan_in=MLP * DEPTH),
        }

    return {
        "img": {
            "embedding": normal(PATCH * PATCH * 3, WIDTH, fan_in=PATCH * PATCH * 3),
            "bias": jnp.zeros(WIDTH),
            "pos_embedding": normal(len(CAMERAS), PATCHES, WIDTH, fan_in=WIDTH) * 2,
        },
        "embedder": normal(len(WORDS), WIDTH, fan_in=WIDTH),
        "prefix": {f"layers_{index}": layer() for index in range(DEPTH)},
        "suffix": {f"layers_{index}": layer() for index in range(DEPTH)},
        "state_proj": normal(STATE, WIDTH, fan_in=STATE),
        "action_in_proj": normal(ACTION, WIDTH, fan_in=ACTION),
        "action_time_mlp_in": normal(2 * WIDTH, WIDTH, fan_in=2 * WIDTH),
        "action_time_mlp_out": normal(WIDTH, WIDTH, fan_in=WIDTH),
        "final_norm": jnp.zeros(WIDTH),
        "action_out_proj": normal(WIDTH, ACTION, fan_in=WIDTH),
    }


def rms_norm(x: Array, scale: Array) -> Array:
    variance = jnp.mean(jnp.square(x), axis=-1, keepdims=True)
    return x * jax.lax.rsqrt(variance + 1e-6) * (1 + scale)


def apply_rope(x: Array, positions: Array, max_wavelength: float = 10_000) -> Array:
    """Rotates the halves of each head against each other. x [B, T, heads, H], positions [B, T]."""
    exponents = (2.0 / HEAD) * jnp.arange(HEAD // 2, dtype=jnp.float32)
    radians = positions[..., None].astype(jnp.float32) / max_wavelength**exponents
    radians = radians[..., None, :]  # [B, T, 1, H / 2]
    sin, cos = jnp.sin(radians), jnp.cos(radians)
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def make_attn_mask(present: Array, starts_block: Array) -> Array:
    """[B, T, T]: a token sees the present tokens of its own block and of the blocks before.

    present [B, T] bool; starts_block [T] int, 1 where tokens up to here must not see what follows.
    """
    block = jnp.cumsum(starts_block)
    visible = block[None, :] <= block[:, None]
    return visible[None] & present[:, None, :] & present[:, :, None]


def project_qkv(layer: Params, x: Array, positions: Array) -> tuple[Array, Array, Array]:
    """q [B, T, heads, H] scaled, k and v [B, T, K, H] of tokens x [B, T, D]."""
    x = rms_norm(x, layer["pre_attention_norm"])
    q = jnp.einsum("BTD,NDH->BTNH", x, layer["q_einsum"])
    k = jnp.einsum("BSD,KDH->BSKH", x, layer["kv_einsum"][0])
    v = jnp.einsum("BSD,KDH->BSKH", x, layer["kv_einsum"][1])
    return apply_rope(q, positions) * HEAD**-0.5, apply_rope(k, positions), v


def attend(q: Array, k: Array, v: Array, mask: Array) -> tuple[Array, Array]:
    """Encoded [B, T, heads, H] and probabilities [B, K, G, T, S]; mask [B, T, S] bool."""
    batch, queries = q.shape[0], q.shape[1]
    q = q.reshape(batch, queries, KV_HEADS, HEADS // KV_HEADS, HEAD)
    logits = jnp.einsum("BTKGH,BSKH->BKGTS", q, k)
    logits = jnp.where(mask[:, None, None, :, :], logits, MASKED)
    probs = jax.nn.softmax(logits, axis=-1)
    encoded = jnp.einsum("BKGTS,BSKH->BTKGH", probs, v)
    return encoded.reshape(batch, queries, HEADS, HEAD), probs


def finish_layer(layer: Params, x: Array, encoded: Array) -> Array:
    """The residual stream after attention's output projection and the gated feed-forward layer."""
    x = x + jnp.einsum("BTNH,NHD->BTD", encoded, layer["attn_vec_einsum"])
    h = rms_norm(x, layer["pre_ffw_norm"])
    gate = jax.nn.gelu(jnp.matmul(h, layer["gating_einsum"][0]))
    return x + jnp.matmul(gate * jnp.matmul(h, layer["gating_einsum"][1]), layer["linear"])


def embed_image(img: Params, camera: int, pixels: Array) -> Array:
    """[B, 48, 48, 3] uint8 -> [B, 36, D], patches in rows from the top left."""
    batch = pixels.shape[0]
    x = pixels.astype(jnp.float32) / 255.0 * 2.0 - 1.0
    x = x.reshape(batch, GRID, PATCH, GRID, PATCH, 3).transpose(0, 1, 3, 2, 4, 5)
    x = x.reshape(batch, PATCHES, PATCH * PATCH * 3)
    return jnp.matmul(x, img["embedding"]) + img["bias"] + img["pos_embedding"][camera]


def embed_prefix(params: Params, base_rgb: Array, wrist_rgb: Array, prompt: Array) -> tuple[Array, Array]:
    """Tokens [B, P, D] and which of them are there [B, P]: base camera, wrist camera, words."""
    cameras = [embed_image(params["img"], index, pixels) for index, pixels in enumerate((base_rgb, wrist_rgb))]
    words = params["embedder"][prompt] * np.sqrt(WIDTH).astype(np.float32)
    seen = jnp.ones((prompt.shape[0], len(CAMERAS) * PATCHES), bool)
    return jnp.concatenate([*cameras, words], axis=1), jnp.concatenate([seen, prompt != PAD], axis=1)


def prefix_pass(params: Params, tokens: Array, present: Array) -> tuple[list[tuple[Array, Array]], list[Array], Array]:
    """Each layer's keys and values, its probabilities, and the residual stream before the last layer [B, P, D].

    Only the keys and values go on: nothing reads what the last layer's own attention and feed-forward add.
    """
    mask = make_attn_mask(present, jnp.zeros(PREFIX_TOKENS, jnp.int32))
    positions = jnp.cumsum(present.astype(jnp.int32), axis=1) - 1
    cache, maps, x = [], [], tokens
    for index in range(DEPTH):
        layer = params["prefix"][f"layers_{index}"]
        q, k, v = project_qkv(layer, x, positions)
        cache.append((k, v))
        if index < DEPTH - 1:
            encoded, probs = attend(q, k, v, mask)
            maps.append(probs)
            x = finish_layer(layer, x, encoded)
    return cache, maps, x


def posemb_sincos(time: Array, min_period: float = 4e-3, max_period: float = 4.0) -> Array:
    """[B] in (0, 1] -> [B, D]."""
    fraction = np.linspace(0.0, 1.0, WIDTH // 2)
    period = (min_period * (max_period / min_period) ** fraction).astype(np.float32)
    angle = time[:, None] * (2 * np.pi / period).astype(np.float32)
    return jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], axis=-1)


def embed_suffix(params: Params, state: Array, noisy_actions: Array, time: Array) -> Array:
    """[B, N, D]: the state's token, then one for each action, which carries the time."""
    state_token = jnp.matmul(state, params["state_proj"])[:, None]
    actions = jnp.matmul(noisy_actions, params["action_in_proj"])
    times = jnp.broadcast_to(posemb_sincos(time)[:, None], actions.shape)
    h = jnp.matmul(jnp.concatenate([actions, times], axis=-1), params["action_time_mlp_in"])
    return jnp.concatenate([state_token, jnp.matmul(jax.nn.silu(h), params["action_time_mlp_out"])], axis=1)


def suffix_pass(
    params: Params, cache: list[tuple[Array, Array]], present: Array, tokens: Array
) -> tuple[Array, list[Array]]:
    """The velocity [B, 8, 3] and each layer's probabilities [B, K, G, N, P + N]."""
    batch = tokens.shape[0]
    # The state starts a block and so do the actions: the state does not see them, they see it and one another.
    own = make_attn_mask(jnp.ones((batch, SUFFIX_TOKENS), bool), jnp.array([1, 1] + [0] * (HORIZON - 1)))
    before = jnp.broadcast_to(present[:, None, :], (batch, SUFFIX_TOKENS, PREFIX_TOKENS))
    mask = jnp.concatenate([before, own], axis=-1)
    positions = jnp.sum(present.astype(jnp.int32), axis=1, keepdims=True) + jnp.arange(SUFFIX_TOKENS)[None]
    maps, x = [], tokens
    for index in range(DEPTH):
        layer = params["suffix"][f"layers_{index}"]
        q, k, v = project_qkv(layer, x, positions)
        prefix_k, prefix_v = cache[index]
        k, v = jnp.concatenate([prefix_k, k], axis=1), jnp.concatenate([prefix_v, v], axis=1)
        encoded, probs = attend(q, k, v, mask)
        maps.append(probs)
        x = finish_layer(layer, x, encoded)
    return jnp.matmul(rms_norm(x[:, 1:], params["final_norm"]), params["action_out_proj"]), maps


def denoise_step(
    params: Params, base_rgb: Array, wrist_rgb: Array, prompt: Array, state: Array, noisy_actions: Array, time: Array
) -> tuple[tuple[Array, Array, Array], list[Array]]:
    """One step of sampling: ((velocity, next_actions, next_time), probabilities of the 3 + 4 layers in order).

    Sampling starts at time 1 with `noisy_actions` of pure noise; feeding next_actions and next_time back ten times
    ends at time 0 with the actions.
    """
    tokens, present = embed_prefix(params, base_rgb, wrist_rgb, prompt)
    cache, prefix_maps, _ = prefix_pass(params, tokens, present)
    velocity, suffix_maps = suffix_pass(params, cache, present, embed_suffix(params, state, noisy_actions, time))
    next_actions = noisy_actions - velocity / DENOISING_STEPS
    return (velocity, next_actions, time - 1.0 / DENOISING_STEPS), prefix_maps + suffix_maps


@jax.jit
def sample_actions(
    params: Params, base_rgb: Array, wrist_rgb: Array, prompt: Array, state: Array, noise: Array
) -> Array:
    """[B, 8, 3]: the actions at the end of ten steps, with one prefix pass for all of them."""
    tokens, present = embed_prefix(params, base_rgb, wrist_rgb, prompt)
    cache, _, _ = prefix_pass(params, tokens, present)
    actions = noise
    for step in range(DENOISING_STEPS):
        time = jnp.full(noise.shape[0], 1 - step / DENOISING_STEPS, jnp.float32)
        velocity, _ = suffix_pass(params, cache, present, embed_suffix(params, state, actions, time))
        actions = actions - velocity / DENOISING_STEPS
    return actions
