"""A decision transformer (Chen et al. 2021) for MiniGrid observations.

An episode of t steps becomes 3t - 1 tokens, (return-to-go, state, action) repeating with the last action left out.
Each token carries the embedding of its time step, attention is causal, and the action of step i is read from its
state token. Shapes: B episodes, t steps, T = 3t - 1 tokens, H heads, d = width / H.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from environment import ACTIONS, COLOURS, MAX_STEPS, OBJECT_STATES, OBJECTS, VIEW_SIZE

EncoderName = Literal["bow", "onehot", "vit"]

WORDS = 3 * OBJECTS
WORD_OFFSETS = (0, OBJECTS, 2 * OBJECTS)
"""BabyAI's layout: three vocabularies of eleven words, although colours and states fill only part of theirs."""


@dataclass(frozen=True)
class Config:
    encoder: EncoderName = "bow"
    layers: int = 2
    heads: int = 4
    width: int = 128
    mlp_width: int = 256
    cell_width: int = 16  # n: width of one cell's bag of words, or of the vision transformer
    cell_mlp_width: int = 32
    dropout: float = 0.0


def sinusoid_2d(size: int, width: int) -> Tensor:
    """[size, size, width]: half of the channels encode the column, half the row, as sines and cosines."""
    quarter = width // 4
    frequencies = 10000.0 ** (-torch.arange(quarter) / quarter)
    angles = torch.arange(size)[:, None] * frequencies
    line = torch.cat([angles.sin(), angles.cos()], dim=-1)  # [size, width / 2]
    columns = line[:, None].expand(size, size, -1)
    rows = line[None, :].expand(size, size, -1)
    return torch.cat([columns, rows], dim=-1)


class BagOfWordsEncoder(nn.Module):
    """Embeds each cell as the sum of its object, colour and state embeddings and of its place in the view."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, config.cell_width)
        self.project = nn.Linear(VIEW_SIZE * VIEW_SIZE * config.cell_width, config.width)
        self.register_buffer("offsets", torch.tensor(WORD_OFFSETS), persistent=False)
        self.register_buffer("position", sinusoid_2d(VIEW_SIZE, config.cell_width), persistent=False)

    def features(self, states: Tensor) -> Tensor:
        """[B, t, 7, 7, 3] int64 -> [B, t, 49 n] float32."""
        cells = self.words(states + self.offsets).sum(dim=-2) + self.position  # [B, t, 7, 7, n]
        return cells.flatten(start_dim=2)

    @torch.no_grad()
    def initialise(self, states: Tensor) -> None:
        """Fits the projection to `states` [B, t, 7, 7, 3]."""
        standardise(self.project, self.features(states).flatten(end_dim=1))

    def forward(self, states: Tensor) -> Tensor:
        """[B, t, 7, 7, 3] int64 -> [B, t, width]."""
        return self.project(self.features(states))


class OneHotEncoder(nn.Module):
    """One-hot object, colour and state of every cell, standardised over the training data, then one linear map."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        features = VIEW_SIZE * VIEW_SIZE * (OBJECTS + COLOURS + OBJECT_STATES)
        self.project = nn.Linear(features, config.width)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("inverse_deviation", torch.ones(features))

    @staticmethod
    def one_hot(states: Tensor) -> Tensor:
        """[B, t, 7, 7, 3] int64 -> [B, t, 980] float32."""
        kinds, colours, object_states = states.unbind(dim=-1)
        words = (F.one_hot(kinds, OBJECTS), F.one_hot(colours, COLOURS), F.one_hot(object_states, OBJECT_STATES))
        return torch.cat(words, dim=-1).float().flatten(start_dim=2)

    @torch.no_grad()
    def initialise(self, states: Tensor) -> None:
        """Fits mean and deviation to `states` [B, t, 7, 7, 3]; features that never change are switched off."""
        features = self.one_hot(states).flatten(end_dim=1)
        deviation = features.std(dim=0)
        self.mean.copy_(features.mean(dim=0))
        self.inverse_deviation.copy_(torch.where(deviation > 1e-3, 1 / deviation.clamp(min=0.1), 0.0))

    def forward(self, states: Tensor) -> Tensor:
        """[B, t, 7, 7, 3] int64 -> [B, t, width]."""
        return self.project((self.one_hot(states) - self.mean) * self.inverse_deviation)


@torch.no_grad()
def standardise(project: nn.Linear, features: Tensor) -> None:
    """Starts a projection as if its inputs were standardised over `features` [N, inputs].

    Most of a view is the same in every state: without this its mean is ten times what the cue changes.
    """
    project.weight /= features.std(dim=0).clamp(min=0.1)
    project.bias.copy_(-project.weight @ features.mean(dim=0))


class Attention(nn.Module):
    """Multi-head self-attention, written out."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.head_width = config.width // config.heads
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)
        self.dropout = nn.Dropout(config.dropout)

    def split_heads(self, x: Tensor) -> Tensor:
        """[B, T, width] -> [B, H, T, d]."""
        return x.unflatten(-1, (self.heads, self.head_width)).transpose(1, 2)

    def forward(self, x: Tensor, visible: Tensor) -> Tensor:
        """x [B, T, width], visible [T, T] (query, key) bool -> [B, T, width]."""
        query = self.split_heads(self.query(x))  # [B, H, T, d]
        key = self.split_heads(self.key(x))
        value = self.split_heads(self.value(x))
        scores = query @ key.transpose(-2, -1) / math.sqrt(self.head_width)  # [B, H, T, T]
        scores = scores.masked_fill(~visible, float("-inf"))
        probabilities = self.dropout(scores.softmax(dim=-1))
        mixed = probabilities @ value  # [B, H, T, d]
        return self.output(mixed.transpose(1, 2).flatten(start_dim=2))


class GatedMlp(nn.Module):
    """GELU-gated feed-forward layer (Shazeer 2020)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.mlp_width)
        self.up = nn.Linear(config.width, config.mlp_width)
        self.down = nn.Linear(config.mlp_width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.mlp_norm = nn.LayerNorm(config.width)
        self.mlp = GatedMlp(config)

    def forward(self, x: Tensor, visible: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), visible)
        return x + self.mlp(self.mlp_norm(x))


class VisionEncoder(nn.Module):
    """A vision transformer of one layer over the 49 cells: attention [B t, heads, 49, 49].

    Each cell is a token, the sum of five learnt embeddings: object, colour, state, and its column and row. The tokens go
    row by row from the top left of what the agent sees; it stands in the middle of the last row and looks up.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.cell_width
        self.object = nn.Embedding(OBJECTS, width)
        self.colour = nn.Embedding(COLOURS, width)
        self.state = nn.Embedding(OBJECT_STATES, width)
        self.x = nn.Embedding(VIEW_SIZE, width)
        self.y = nn.Embedding(VIEW_SIZE, width)
        self.block = Block(replace(config, width=width, mlp_width=config.cell_mlp_width))
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(VIEW_SIZE * VIEW_SIZE * width, config.width)

    def features(self, views: Tensor) -> Tensor:
        """[N, 7, 7, 3] int64 -> [N, 49 n] float32."""
        kinds, colours, object_states = views.transpose(1, 2).unbind(dim=-1)  # minigrid's first axis is the column
        cells = self.object(kinds) + self.colour(colours) + self.state(object_states)
        cells = cells + self.y.weight[:, None] + self.x.weight[None, :]
        tokens = cells.flatten(1, 2)  # [N, 49, n]
        visible = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool, device=tokens.device)
        return self.norm(self.block(tokens, visible)).flatten(start_dim=1)

    @torch.no_grad()
    def initialise(self, states: Tensor) -> None:
        """Fits the projection to `states` [B, t, 7, 7, 3]."""
        different, which = states.flatten(end_dim=1).unique(dim=0, return_inverse=True)
        standardise(self.project, self.features(different)[which])

    def forward(self, states: Tensor) -> Tensor:
        """[B, t, 7, 7, 3] int64 -> [B, t, width]."""
        views = states.flatten(end_dim=1)
        if not self.training:
            return self.project(self.features(views)).unflatten(0, states.shape[:2])
        # A batch of demonstrations holds few different views; each is seen once.
        different, which = views.unique(dim=0, return_inverse=True)
        return self.project(self.features(different))[which].unflatten(0, states.shape[:2])


ENCODERS: dict[EncoderName, type[nn.Module]] = {
    "bow": BagOfWordsEncoder,
    "onehot": OneHotEncoder,
    "vit": VisionEncoder,
}


class DecisionTransformer(nn.Module):
    """Maps the history of an episode to the logits of the action at each of its steps."""

    def __init__(self, config: Config = Config()) -> None:
        super().__init__()
        self.config = config
        self.embed_return = nn.Linear(1, config.width)
        self.embed_state = ENCODERS[config.encoder](config)
        self.embed_action = nn.Embedding(len(ACTIONS), config.width)
        self.embed_time = nn.Embedding(MAX_STEPS, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.final_norm = nn.LayerNorm(config.width)
        self.predict_action = nn.Linear(config.width, len(ACTIONS))
        # PyTorch's unit variance would drown the state, which tells layouts apart by a few cells only.
        nn.init.normal_(self.embed_action.weight, std=0.1)
        nn.init.normal_(self.embed_time.weight, std=0.1)

    def forward(self, returns_to_go: Tensor, states: Tensor, actions: Tensor, timesteps: Tensor) -> Tensor:
        """Logits [B, t, 3] of each step's action, given everything before it.

        returns_to_go [B, t] float32, states [B, t, 7, 7, 3] int64, actions [B, t] int64 (the last one is padding:
        it is embedded and then dropped, so that all inputs share one length t), timesteps [B, t] int64.
        """
        time = self.embed_time(timesteps)
        returns = self.embed_return(returns_to_go.unsqueeze(-1)) + time
        observed = self.embed_state(states) + time
        acted = self.embed_action(actions) + time
        tokens = torch.stack([returns, observed, acted], dim=2).flatten(1, 2)[:, :-1]  # [B, 3t - 1, width]

        position = torch.arange(tokens.shape[1], device=tokens.device)
        visible = position[None, :] <= position[:, None]  # causal: query i sees keys 0..i
        for block in self.blocks:
            tokens = block(tokens, visible)
        return self.predict_action(self.final_norm(tokens)[:, 1::3])
