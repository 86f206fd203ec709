"""The ego-attention network of Leurent and Mercat (2019) for lists of vehicles.

One query, of the ego vehicle, looks at all vehicles: attention [B, heads, 1, N]. Shapes: B observations, N vehicles
with the ego vehicle first, 7 features each, H heads, d = width / H. Modules are named as in rl-agents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from environment import ACTIONS, FEATURES

PRESENCE = FEATURES.index("presence")


@dataclass(frozen=True)
class Config:
    heads: int = 4
    width: int = 64


class MultiLayerPerceptron(nn.Module):
    """Linear layers with ReLU after each, and if asked for a last one without."""

    def __init__(self, inputs: int, layers: tuple[int, ...], outputs: int | None = None) -> None:
        super().__init__()
        sizes = (inputs, *layers)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in zip(sizes, sizes[1:]))
        self.predict = None if outputs is None else nn.Linear(sizes[-1], outputs)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x if self.predict is None else self.predict(x)


class EgoAttention(nn.Module):
    """Multi-head attention from the ego vehicle to every vehicle, itself included."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.head_width = config.width // config.heads
        self.value_all = nn.Linear(config.width, config.width, bias=False)
        self.key_all = nn.Linear(config.width, config.width, bias=False)
        self.query_ego = nn.Linear(config.width, config.width, bias=False)
        self.attention_combine = nn.Linear(config.width, config.width, bias=False)
        self.probabilities = nn.Identity()  # a place for a hook

    def split_heads(self, x: Tensor) -> Tensor:
        """[B, n, width] -> [B, H, n, d]."""
        return x.unflatten(-1, (self.heads, self.head_width)).transpose(1, 2)

    def forward(self, ego: Tensor, everyone: Tensor, absent: Tensor) -> Tensor:
        """ego [B, 1, width], everyone [B, N, width], absent [B, N] bool -> [B, width]."""
        query = self.split_heads(self.query_ego(ego))  # [B, H, 1, d]
        key = self.split_heads(self.key_all(everyone))  # [B, H, N, d]
        value = self.split_heads(self.value_all(everyone))
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_width)  # [B, H, 1, N]
        scores = scores.masked_fill(absent[:, None, None, :], -1e9)
        probabilities = self.probabilities(scores.softmax(dim=-1))
        mixed = (probabilities @ value).transpose(1, 2).flatten(start_dim=2)  # [B, 1, width]
        return (self.attention_combine(mixed) + ego).squeeze(1) / 2


class EgoAttentionNetwork(nn.Module):
    """Values of the three actions, whatever the order of the other vehicles."""

    def __init__(self, config: Config = Config()) -> None:
        super().__init__()
        self.config = config
        self.ego_embedding = MultiLayerPerceptron(len(FEATURES), (64, config.width))
        self.others_embedding = MultiLayerPerceptron(len(FEATURES), (64, config.width))
        self.attention_layer = EgoAttention(config)
        self.output_layer = MultiLayerPerceptron(config.width, (64, 64), outputs=len(ACTIONS))

    def forward(self, observation: Tensor) -> Tensor:
        """[B, N, 7] float32 -> action values [B, 3]."""
        ego = self.ego_embedding(observation[:, :1])
        others = self.others_embedding(observation[:, 1:])
        everyone = torch.cat([ego, others], dim=1)
        absent = observation[:, :, PRESENCE] < 0.5
        return self.output_layer(self.attention_layer(ego, everyone, absent))
