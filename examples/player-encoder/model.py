"""A player encoder in Flax: what a player sees of a battle and remembers of it becomes a choice of action.

The architecture follows encoders of battle agents trained with JAX: entities are read into a fixed number of latents
(as in Perceiver, Jaegle et al. 2021), the remembered turns into as many more, both are mixed, and one output token for
each possible action asks them. All attention is pre-norm, with RMS-normalised queries and keys, scores that are capped
softly at 50, probabilities set to zero where masked, and gated residuals.

Shapes: B samples, D width, H heads, d = D / H, T queries, S keys. Attention calls, heads x queries x keys:
    local_timestep_decoder         4 x 3 x 4    field and two sides of one remembered turn, over its entities and edges
    input_decoder                  4 x 24 x 23  latents over what is seen now
    history_decoder                4 x 24 x 17  latents over the remembered turns and one null token
    state_transformer_kv_enc x 2   4 x 48 x 48  all latents
    state_transformer_q, self x 2  4 x 38 x 38  output tokens among themselves
    state_transformer_q, cross x 2 4 x 38 x 48  output tokens over the latents
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from skirmish import CREATURES, HISTORY, MODES, MOVES, TYPES

Array = jax.Array

LATENTS = 24
STATE, ACTIVE, EXTRA, FUTURE = 2, 4, 4, 6
OUTPUT_MOVES = MOVES * len(MODES)
OUTPUTS = STATE + OUTPUT_MOVES + CREATURES + ACTIVE + EXTRA + FUTURE  # 38
VALUE = STATE + OUTPUT_MOVES + CREATURES + ACTIVE
"""Index of the output token from which the value is read, the first of the extra ones."""
STANDING = STATE + OUTPUT_MOVES + CREATURES
"""Index of the first of the two output tokens that name the types of the active creatures, mine and theirs."""
SOFTCAP = 50.0
MASKED = -1e9


@dataclass(frozen=True)
class Config:
    width: int = 64
    heads: int = 4
    hidden: int = 128
    layers: int = 2
    generation: int = 9


class RMSNorm(nn.Module):
    @nn.compact
    def __call__(self, x: Array) -> Array:
        scale = self.param("scale", nn.initializers.zeros, (x.shape[-1],))
        variance = jnp.mean(jnp.square(x), axis=-1, keepdims=True)
        return x * jax.lax.rsqrt(variance + 1e-6) * (1 + scale)


def rotary(x: Array, positions: Array) -> Array:
    """Rotates the halves of each head by its token's position. x [B, T, H, d], positions [B, T]."""
    half = x.shape[-1] // 2
    frequencies = (100.0 ** (-np.arange(half) / half)).astype(np.float32)
    angles = (positions.astype(jnp.float32)[..., None] * frequencies)[:, :, None]
    first, second = jnp.split(x, 2, axis=-1)
    sin, cos = jnp.sin(angles), jnp.cos(angles)
    return jnp.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


class Attention(nn.Module):
    """Multi-head attention of x [B, T, D] over y [B, S, D], without the residual. mask [B, T, S] bool.

    Sows its probabilities [B, H, T, S] as the intermediate `probabilities`.
    """

    heads: int

    @nn.compact
    def __call__(
        self, x: Array, y: Array, mask: Array, x_positions: Array | None = None, y_positions: Array | None = None
    ) -> Array:
        width = x.shape[-1]
        shape = (self.heads, width // self.heads)
        query = RMSNorm(name="query_norm")(nn.DenseGeneral(shape, use_bias=False, name="query")(x))
        key = RMSNorm(name="key_norm")(nn.DenseGeneral(shape, use_bias=False, name="key")(y))
        value = nn.DenseGeneral(shape, use_bias=False, name="value")(y)
        if x_positions is not None and y_positions is not None:
            query, key = rotary(query, x_positions), rotary(key, y_positions)
        logits = jnp.einsum("bthd,bshd->bhts", query, key) / np.sqrt(shape[1]).astype(np.float32)
        logits = SOFTCAP * jnp.tanh(logits / SOFTCAP)
        logits = jnp.where(mask[:, None], logits, MASKED)
        probabilities = jnp.where(mask[:, None], jax.nn.softmax(logits, axis=-1), 0.0)
        self.sow("intermediates", "probabilities", probabilities)
        mixed = jnp.einsum("bhts,bshd->bthd", probabilities, value)
        return nn.DenseGeneral(width, axis=(-2, -1), use_bias=False, name="output")(mixed)


class SwiGlu(nn.Module):
    hidden: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        gate = nn.silu(nn.Dense(self.hidden, use_bias=False, name="gate")(x))
        return nn.Dense(x.shape[-1], use_bias=False, name="down")(gate * nn.Dense(self.hidden, use_bias=False, name="up")(x))


class Gated(nn.Module):
    """x + tanh(g) · change, with one learned g."""

    @nn.compact
    def __call__(self, x: Array, change: Array) -> Array:
        return x + jnp.tanh(self.param("gate", nn.initializers.constant(0.5), ())) * change


class Block(nn.Module):
    """Attention over a context (or over itself) and a feed-forward layer, each pre-norm and gated."""

    config: Config

    @nn.compact
    def __call__(
        self,
        x: Array,
        context: Array | None,
        mask: Array,
        x_positions: Array | None = None,
        y_positions: Array | None = None,
    ) -> Array:
        normed = RMSNorm(name="attention_norm")(x)
        over = normed if context is None else RMSNorm(name="context_norm")(context)
        mixed = Attention(self.config.heads, name="attention")(normed, over, mask, x_positions, y_positions)
        x = Gated(name="attention_gate")(x, mixed)
        return Gated(name="mlp_gate")(x, SwiGlu(self.config.hidden, name="mlp")(RMSNorm(name="mlp_norm")(x)))


class LatentEncoder(nn.Module):
    """Self-attention layers over the latents."""

    config: Config

    @nn.compact
    def __call__(self, x: Array, mask: Array) -> Array:
        for index in range(self.config.layers):
            x = Block(self.config, name=f"layer_{index}")(x, None, mask)
        return x


class DecoderBlock(nn.Module):
    """Output tokens among themselves, then over the latents, then a feed-forward layer."""

    config: Config

    @nn.compact
    def __call__(self, x: Array, latents: Array, self_mask: Array, cross_mask: Array) -> Array:
        heads = self.config.heads
        normed = RMSNorm(name="self_norm")(x)
        x = Gated(name="self_gate")(x, Attention(heads, name="self")(normed, normed, self_mask))
        normed, over = RMSNorm(name="cross_norm")(x), RMSNorm(name="context_norm")(latents)
        x = Gated(name="cross_gate")(x, Attention(heads, name="cross")(normed, over, cross_mask))
        return Gated(name="mlp_gate")(x, SwiGlu(self.config.hidden, name="mlp")(RMSNorm(name="mlp_norm")(x)))


class OutputDecoder(nn.Module):
    config: Config

    @nn.compact
    def __call__(self, x: Array, latents: Array, self_mask: Array, cross_mask: Array) -> Array:
        for index in range(self.config.layers):
            x = DecoderBlock(self.config, name=f"layer_{index}")(x, latents, self_mask, cross_mask)
        return x


class PlayerEncoder(nn.Module):
    """Logits of the 22 actions [B, 22], masked ones at -1e9; the value [B]; logits of the two active creatures' types
    [B, 2, 7], the last for a type that was never seen. Inputs as `features.observe` gives them.
    """

    config: Config

    def learned(self, name: str, count: int) -> Array:
        return self.param(name, nn.initializers.normal(0.5), (count, self.config.width))

    def embed(self, name: str, x: Array) -> Array:
        return nn.Dense(self.config.width, name=name)(x)

    @nn.compact
    def __call__(
        self,
        private: Array,
        public: Array,
        previous: Array,
        field: Array,
        sides: Array,
        history_state: Array,
        history_entities: Array,
        history_edges: Array,
        history_mask: Array,
        history_requests: Array,
        request: Array,
        moves: Array,
        entity_mask: Array,
        action_mask: Array,
    ) -> tuple[Array, Array, Array]:
        batch, width = private.shape[0], self.config.width

        # What is remembered, each turn by itself: the turns are the batch.
        turns = batch * HISTORY
        entities = self.embed("embed_history_entity", history_entities.reshape(turns, 2, -1))
        edges = self.embed("embed_history_edge", history_edges.reshape(turns, 2, -1))
        sides_then = self.embed("embed_history_state", history_state.reshape(turns, 3, -1)) + self.learned("kinds", 3)
        mask = jnp.broadcast_to(history_mask.reshape(turns, 1, 1), (turns, 3, 4))
        local = Block(self.config, name="local_timestep_decoder")(
            sides_then, jnp.concatenate([entities, edges], axis=1), mask
        )
        tokens = nn.Dense(width, name="join_timestep")(local.reshape(batch, HISTORY, 3 * width))

        # What is seen now: 6 + 12 + 2 + 1 + 2 = 23 tokens into 24 latents.
        seen = jnp.concatenate(
            [
                self.embed("embed_private", private),
                self.embed("embed_public", public),
                self.embed("embed_previous", previous) + self.learned("previous_kind", 2),
                self.embed("embed_field", field),
                self.embed("embed_sides", sides),
            ],
            axis=1,
        )
        latents = jnp.broadcast_to(self.learned("input_latents", LATENTS), (batch, LATENTS, width))
        mask = jnp.broadcast_to(entity_mask[:, None, :], (batch, LATENTS, seen.shape[1]))
        current = Block(self.config, name="input_decoder")(latents, seen, mask)

        # All remembered turns into 24 more latents. The latents ask after they have read the present, so that they can
        # ask for the creature that stands there now.
        null = jnp.broadcast_to(self.learned("null_token", 1), (batch, 1, width))
        tokens = jnp.concatenate([null, tokens], axis=1)
        present = jnp.concatenate([jnp.ones((batch, 1), bool), history_mask], axis=1)
        requests = jnp.concatenate([request[:, None], history_requests], axis=1)
        remembered = Block(self.config, name="history_decoder")(
            current,
            tokens,
            jnp.broadcast_to(present[:, None, :], (batch, LATENTS, HISTORY + 1)),
            jnp.broadcast_to(request[:, None], (batch, LATENTS)),
            requests,
        )

        state = jnp.concatenate([current, remembered], axis=1) + self.learned("latent_kind", 2 * LATENTS)
        everything = jnp.ones((batch, 2 * LATENTS, 2 * LATENTS), bool)
        state = LatentEncoder(self.config, name="state_transformer_kv_enc")(state, everything)

        # 2 + 16 + 6 + 4 + 4 + 6 = 38 output tokens; a token of an action that is not allowed sees and is seen by none.
        output = jnp.concatenate(
            [
                jnp.zeros((batch, STATE, width)),
                self.embed("embed_move", moves),
                self.embed("embed_reserve", private),
                jnp.zeros((batch, ACTIVE + EXTRA + FUTURE, width)),
            ],
            axis=1,
        ) + self.learned("output_tokens", OUTPUTS)
        always = jnp.ones((batch, STATE), bool)
        valid = jnp.concatenate([always, action_mask, jnp.ones((batch, ACTIVE + EXTRA + FUTURE), bool)], axis=1)
        self_mask = valid[:, :, None] & valid[:, None, :]
        cross_mask = jnp.broadcast_to(valid[:, :, None], (batch, OUTPUTS, 2 * LATENTS))
        output = OutputDecoder(self.config, name="state_transformer_q")(output, state, self_mask, cross_mask)
        output = RMSNorm(name="final_norm")(output)
        logits = nn.Dense(1, name="policy")(output[:, STATE : STATE + OUTPUT_MOVES + CREATURES])[..., 0]
        value = jnp.tanh(nn.Dense(1, name="value")(output[:, VALUE])[..., 0])
        types = nn.Dense(TYPES + 1, name="types")(output[:, STANDING : STANDING + 2])
        return jnp.where(action_mask, logits, MASKED), value, types


ATTENTION = (
    "local_timestep_decoder.attention",
    "input_decoder.attention",
    "history_decoder.attention",
    "state_transformer_kv_enc.layer_0.attention",
    "state_transformer_kv_enc.layer_1.attention",
    "state_transformer_q.layer_0.self",
    "state_transformer_q.layer_0.cross",
    "state_transformer_q.layer_1.self",
    "state_transformer_q.layer_1.cross",
)
"""Module paths of the nine attention calls, in the order of the table above."""


def with_probabilities(
    config: Config, params: dict[str, Any], inputs: list[Array]
) -> tuple[tuple[Array, Array, Array], list[Array]]:
    """(logits, value, types) and the probabilities that the nine calls of `ATTENTION` sow."""
    outputs, sown = PlayerEncoder(config).apply({"params": params}, *inputs, mutable=["intermediates"])
    maps = []
    for path in ATTENTION:
        place = sown["intermediates"]
        for name in path.split("."):
            place = place[name]
        maps.append(place["probabilities"][0])
    return outputs, maps


def init_params(config: Config, inputs: list[np.ndarray], seed: int) -> dict[str, Any]:
    return PlayerEncoder(config).init(jax.random.PRNGKey(seed), *inputs)["params"]
