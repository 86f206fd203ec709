"""Policies that play the dark room from an empty history on, many rooms side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from environment import ACTIONS, CENTRE, HORIZON, NEXT_CELL, Histories
from model import CONTEXT, AlgorithmDistillation, transitions

Policy = Callable[[Tensor, np.ndarray], np.ndarray]
"""Chooses [N] actions from the latest transitions [N, n, 10], n <= 239, and the states [N]."""


class ModelPolicy:
    """Samples actions by the model's probabilities, as in the paper."""

    def __init__(self, model: AlgorithmDistillation, seed: int) -> None:
        self.model = model.eval()
        self.generator = torch.Generator().manual_seed(seed)

    @torch.no_grad()
    def __call__(self, history: Tensor, states: np.ndarray) -> np.ndarray:
        probabilities = self.model(history, torch.from_numpy(states)).softmax(dim=-1)
        return torch.multinomial(probabilities, 1, generator=self.generator).squeeze(1).numpy()


class RandomPolicy:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def __call__(self, _history: Tensor, states: np.ndarray) -> np.ndarray:
        return self.rng.integers(len(ACTIONS), size=len(states))


def roll_out(policy: Policy, goals: np.ndarray, episodes: int) -> Histories:
    """One room per goal, played for some episodes; the policy is given the last 239 transitions."""
    history = torch.zeros(len(goals), 0, transitions(*(np.zeros((1, 1), np.int64),) * 4).shape[-1])
    columns: list[tuple[np.ndarray, ...]] = []
    for _ in range(episodes):
        states = np.full(len(goals), CENTRE)
        for _ in range(HORIZON):
            actions = policy(history[:, -CONTEXT:], states)
            next_states = NEXT_CELL[states, actions]
            step = (states, actions, (next_states == goals).astype(np.float32), next_states)
            columns.append(step)
            history = torch.cat([history, transitions(*(column[:, None] for column in step))], dim=1)
            states = next_states
    return Histories(*(np.stack(column, axis=1) for column in zip(*columns)), goals=goals)
