"""highway-env's unsignalised intersection, its policies and whole episodes of them.

The ego vehicle comes from the south and turns left across the traffic of three other arms; it only chooses its speed.
An observation is a list of 15 vehicles, nearest first, the ego vehicle in row 0, absent ones all zero.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

# SDL's dummy driver makes highway-env hand back black frames; without a display the off-screen driver draws them.
if os.environ.get("SDL_VIDEODRIVER") == "dummy":
    del os.environ["SDL_VIDEODRIVER"]

import gymnasium
import highway_env  # noqa: F401  registers intersection-v0
import numpy as np

ACTIONS = ("slower", "idle", "faster")
SLOWER, IDLE, FASTER = range(3)
FEATURES = ("presence", "x", "y", "vx", "vy", "cos_h", "sin_h")
VEHICLES = 15
POSITION_RANGE = 100.0
"""Metres: x and y of an observation are absolute positions divided by it."""

TRAINING_FREQUENCY = 5
DEFAULT_FREQUENCY = 15
"""Simulation steps per second; the agent acts once a second. Fewer are three times faster and nearly the same."""

Policy = Callable[[np.ndarray], int]
"""Chooses an action for an observation [15, 7]."""


def make_environment(frequency: int = DEFAULT_FREQUENCY, **settings: object) -> gymnasium.Env:
    """intersection-v0 with its own actions (0, 4.5 and 9 m/s) and rewards (-5 crash, 1 full speed, 1 arrived)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # v1 and v2 are other tasks (steering, connected lanes), not newer versions
        return gymnasium.make(
            "intersection-v0",
            render_mode="rgb_array",
            config={"simulation_frequency": frequency, **settings},
            disable_env_checker=True,
        )


@dataclass
class Episode:
    """t steps; observations before each action."""

    observations: list[np.ndarray] = field(default_factory=list)  # t x [15, 7] float32
    actions: list[int] = field(default_factory=list)  # t
    rewards: list[float] = field(default_factory=list)  # t
    frames: list[np.ndarray] = field(default_factory=list)  # t x [height, width, 3] uint8, if asked for
    crashed: bool = False
    arrived: bool = False

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def score(self) -> float:
        """The sum of the rewards, without discount."""
        return float(sum(self.rewards))

    @property
    def ending(self) -> str:
        return "crashed" if self.crashed else "arrived" if self.arrived else "out of time"


def play(env: gymnasium.Env, policy: Policy, seed: int, frames: bool = False) -> Episode:
    """One episode from the start that `seed` gives."""
    observation, _ = env.reset(seed=seed)
    episode = Episode()
    finished = False
    while not finished:
        episode.observations.append(observation)
        if frames:
            episode.frames.append(env.render())
        action = policy(observation)
        observation, reward, terminated, truncated, information = env.step(action)
        episode.actions.append(action)
        episode.rewards.append(float(reward))
        finished = terminated or truncated
    episode.crashed = bool(information["crashed"])
    episode.arrived = bool(information["rewards"]["arrived_reward"])
    return episode


def always_faster(_observation: np.ndarray) -> int:
    return FASTER


class RandomPolicy:
    """Each action with the same probability."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def __call__(self, _observation: np.ndarray) -> int:
        return int(self.rng.integers(len(ACTIONS)))
