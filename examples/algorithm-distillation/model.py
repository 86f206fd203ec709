"""A transformer for algorithm distillation (Laskin et al. 2022): the history of learning in, the next action out.

A history of n transitions (s, a, r, s') is n tokens, and the state to act in is one more, the query, at the end: with
239 transitions attention is [B, 4, 240, 240] in each of four layers. The blocks are PyTorch's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from environment import ACTIONS, CELLS, SIZE

CONTEXT = 239
"""Transitions that the model sees at most: twelve episodes but one step."""

TRANSITION_FEATURES = 2 + len(ACTIONS) + 1 + 2
"""s (x, y), one-hot a, r, s' (x, y)"""


@dataclass(frozen=True)
class Config:
    layers: int = 4
    heads: int = 4
    width: int = 64
    feed_forward: int = 256


def coordinates(cells: Tensor) -> Tensor:
    """[...] cells -> [..., 2] x and y from -1 to 1."""
    return torch.stack([cells % SIZE, cells // SIZE], dim=-1).float() / (SIZE // 2) - 1


def transitions(states: np.ndarray, actions: np.ndarray, rewards: np.ndarray, next_states: np.ndarray) -> Tensor:
    """[B, n] each -> [B, n, 10] float32, the features of the model's tokens."""
    before, after = (coordinates(torch.from_numpy(cells)) for cells in (states, next_states))
    acted = F.one_hot(torch.from_numpy(actions), len(ACTIONS)).float()
    return torch.cat([before, acted, torch.from_numpy(rewards).float()[..., None], after], dim=-1)


class AlgorithmDistillation(nn.Module):
    """Acts in a task that it knows from the history alone; no weight changes."""

    def __init__(self, config: Config = Config()) -> None:
        super().__init__()
        self.config = config
        self.embed_transition = nn.Linear(TRANSITION_FEATURES, config.width)
        self.embed_query = nn.Embedding(CELLS, config.width)
        self.embed_position = nn.Embedding(CONTEXT + 1, config.width)
        block = nn.TransformerEncoderLayer(
            config.width, config.heads, config.feed_forward, dropout=0.0, activation="gelu", batch_first=True
        )
        self.transformer = nn.TransformerEncoder(block, config.layers, enable_nested_tensor=False)
        self.predict_action = nn.Linear(config.width, len(ACTIONS))

    def forward(self, history: Tensor, state: Tensor) -> Tensor:
        """history [B, n, 10] float32, state [B] int64 -> logits [B, 5] of the action in that state."""
        tokens = torch.cat([self.embed_transition(history), self.embed_query(state)[:, None]], dim=1)
        tokens = tokens + self.embed_position(torch.arange(tokens.shape[1], device=tokens.device))
        causal = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1], device=tokens.device)
        return self.predict_action(self.transformer(tokens, mask=causal, is_causal=True)[:, -1])

    def at_many_places(self, history: Tensor, states: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward` says after the first `places[j]` transitions, for many j in one pass; for training.

        history [B, n, 10], states [B, m] the state at each of the places [m]. Every query token sees the transitions
        before its place and itself, no other query, and no transition sees a query: exactly as if it stood alone.
        Returns logits [B, m, 5] of the queries, and [B, n, 5] of the transitions, of the action after each of them.
        """
        count = history.shape[1]
        position = torch.cat([torch.arange(count), places])
        tokens = torch.cat([self.embed_transition(history), self.embed_query(states)], dim=1)
        tokens = tokens + self.embed_position(position)
        hidden = torch.ones(len(position), len(position), dtype=torch.bool)
        hidden[:count, :count] = torch.ones(count, count, dtype=torch.bool).triu(1)
        hidden[count:, :count] = torch.arange(count) >= places[:, None]
        hidden[count:, count:] = ~torch.eye(len(places), dtype=torch.bool)
        mask = torch.zeros(hidden.shape).masked_fill(hidden, float("-inf"))
        logits = self.predict_action(self.transformer(tokens, mask=mask))
        return logits[:, count:], logits[:, :count]
