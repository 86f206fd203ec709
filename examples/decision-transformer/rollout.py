"""Policies acting in the environment, many episodes side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from minigrid.envs.memory import MemoryEnv

from environment import ACTIONS, FixedStartMemoryEnv, Trajectory
from model import DecisionTransformer

EVALUATION_SEED = 100_000
"""First environment seed of evaluation, far from those of training."""

Policy = Callable[[Sequence[Trajectory]], np.ndarray]
"""Chooses [n] actions for n unfinished episodes of equal length, whose newest state has no action yet."""


def model_inputs(episodes: Sequence[Trajectory], target_return: float) -> dict[str, np.ndarray]:
    """The model's inputs for n episodes of t states each, in the order of `DecisionTransformer.forward`.

    The return-to-go starts at `target_return` and falls by each reward received, as in Chen et al. 2021.
    """
    t = len(episodes[0].states)
    received = np.array([np.cumsum([0.0, *episode.rewards])[:t] for episode in episodes])
    return {
        "returns_to_go": (target_return - received).astype(np.float32),  # [n, t]
        "states": np.array([episode.states for episode in episodes], np.int64),  # [n, t, 7, 7, 3]
        "actions": np.array([[*episode.actions, 0][:t] for episode in episodes], np.int64),  # [n, t]
        "timesteps": np.tile(np.arange(t, dtype=np.int64), (len(episodes), 1)),  # [n, t]
    }


@dataclass
class ModelPolicy:
    """Acts greedily by the model's logits; with probability `perturbation` takes a random action instead."""

    model: DecisionTransformer
    target_return: float
    perturbation: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    @torch.no_grad()
    def __call__(self, episodes: Sequence[Trajectory]) -> np.ndarray:
        inputs = model_inputs(episodes, self.target_return)
        logits = self.model(*(torch.from_numpy(array) for array in inputs.values()))
        greedy = logits[:, -1].argmax(dim=-1).numpy()
        random = self.rng.integers(len(ACTIONS), size=len(episodes))
        return np.where(self.rng.random(len(episodes)) < self.perturbation, random, greedy)


@dataclass
class RandomPolicy:
    seed: int = 0

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def __call__(self, episodes: Sequence[Trajectory]) -> np.ndarray:
        return self.rng.integers(len(ACTIONS), size=len(episodes))


def roll_out(
    policy: Policy,
    seeds: Sequence[int],
    environment: Callable[[], MemoryEnv] = FixedStartMemoryEnv,
) -> list[Trajectory]:
    """One episode of `policy` per environment seed."""
    environments = [environment() for _ in seeds]
    episodes = [Trajectory() for _ in seeds]
    observations = [env.reset(seed=seed)[0]["image"] for env, seed in zip(environments, seeds)]
    active = list(range(len(episodes)))
    while active:
        for index in active:
            episodes[index].states.append(observations[index])
        chosen = policy([episodes[index] for index in active])
        finished = set()
        for index, action in zip(active, chosen):
            observation, reward, terminated, truncated, _ = environments[index].step(int(action))
            observations[index] = observation["image"]
            episodes[index].actions.append(int(action))
            episodes[index].rewards.append(float(reward))
            if terminated or truncated:
                finished.add(index)
        active = [index for index in active if index not in finished]
    for env, episode in zip(environments, episodes):
        episode.reached_wrong_object = tuple(env.agent_pos) == env.failure_pos
    return episodes


@dataclass(frozen=True)
class Outcome:
    """Shares of episodes; what is neither ran out of steps."""

    success: float
    wrong_object: float
    mean_steps: float


def outcome(episodes: Sequence[Trajectory]) -> Outcome:
    return Outcome(
        success=float(np.mean([episode.success for episode in episodes])),
        wrong_object=float(np.mean([episode.reached_wrong_object for episode in episodes])),
        mean_steps=float(np.mean([len(episode) for episode in episodes])),
    )


def evaluate_model(
    model: DecisionTransformer,
    target_return: float,
    episodes: int = 100,
    environment: Callable[[], MemoryEnv] = FixedStartMemoryEnv,
) -> Outcome:
    seeds = range(EVALUATION_SEED, EVALUATION_SEED + episodes)
    model.eval()
    return outcome(roll_out(ModelPolicy(model, target_return), seeds, environment))
