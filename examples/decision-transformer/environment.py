"""MiniGrid Memory with a fixed start, a scripted demonstrator and its trajectories.

The agent sees an object (key or ball) in the first room, walks down a hallway and has to turn towards the matching
object at its end. `MemoryEnv` (minigrid) starts the agent anywhere in the hallway, where the cue may be out of sight;
here it always starts beside the cue, so one forward pass over the episode holds everything that the task needs.
With a fixed start the 7 x 7 map has four layouts: which object is the cue, times which end holds its match.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from minigrid.envs.memory import MemoryEnv

GRID_SIZE = 7
VIEW_SIZE = 7
MAX_STEPS = 25

ACTIONS = ("left", "right", "forward")
LEFT, RIGHT, FORWARD = range(3)

OBJECTS, COLOURS, OBJECT_STATES = 11, 6, 3
"""Sizes of the three vocabularies in a cell of a MiniGrid observation: (object, colour, state)."""


class FixedStartMemoryEnv(MemoryEnv):
    """`MiniGrid-MemoryS7` whose agent starts at the left end of the hallway, beside the cue, facing right."""

    def __init__(self) -> None:
        super().__init__(size=GRID_SIZE, max_steps=MAX_STEPS)

    def _gen_grid(self, width: int, height: int) -> None:
        super()._gen_grid(width, height)
        self.agent_pos = np.array((1, height // 2))
        self.agent_dir = 0


class RandomStartMemoryEnv(MemoryEnv):
    """The same map with minigrid's own start: any cell of the hallway, the cue seen only from the first."""

    def __init__(self) -> None:
        super().__init__(size=GRID_SIZE, max_steps=MAX_STEPS)


@dataclass
class Trajectory:
    """One episode of t steps, observations before each action."""

    states: list[np.ndarray] = field(default_factory=list)  # t x [7, 7, 3] uint8
    actions: list[int] = field(default_factory=list)  # t
    rewards: list[float] = field(default_factory=list)  # t
    reached_wrong_object: bool = False

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def success(self) -> bool:
        return sum(self.rewards) > 0

    @property
    def returns_to_go(self) -> np.ndarray:
        """[t] float32: the sum of the rewards from each step to the end of the episode."""
        return np.cumsum(np.asarray(self.rewards, np.float32)[::-1])[::-1].copy()


def scripted_action(env: MemoryEnv, target: tuple[int, int]) -> int:
    """Next action on the way to `target`: along the hallway first, then up or down."""
    x, y = env.agent_pos
    right, down, left, up = range(4)  # minigrid's headings
    if x != target[0]:
        heading = right if x < target[0] else left
    else:
        heading = down if y < target[1] else up
    turn = (heading - env.agent_dir) % 4
    if turn == 0:
        return FORWARD
    return LEFT if turn == 3 else RIGHT


def demonstrate(env: MemoryEnv, seed: int, wrong_object: bool, noise: float, rng: np.random.Generator) -> Trajectory:
    """One demonstration that walks to the matching object, or on purpose to the other one.

    `noise` is the probability of a random action at each step. Failures on purpose are what a return-to-go of zero
    can mean; without them the model has no reason to read the return.
    """
    observation, _ = env.reset(seed=seed)
    target = env.failure_pos if wrong_object else env.success_pos
    trajectory = Trajectory()
    finished = False
    while not finished:
        action = int(rng.integers(len(ACTIONS))) if rng.random() < noise else scripted_action(env, target)
        trajectory.states.append(observation["image"])
        trajectory.actions.append(action)
        observation, reward, terminated, truncated, _ = env.step(action)
        trajectory.rewards.append(float(reward))
        finished = terminated or truncated
    trajectory.reached_wrong_object = tuple(env.agent_pos) == env.failure_pos
    return trajectory


def collect(episodes: int, seed: int) -> Iterator[Trajectory]:
    """Demonstrations in a cycle of ten: seven clean, one with 10 % random actions, two to the wrong object."""
    rng = np.random.default_rng(seed)
    env = FixedStartMemoryEnv()
    for episode in range(episodes):
        place = episode % 10
        yield demonstrate(
            env,
            seed=seed * episodes + episode,
            wrong_object=place in (7, 8),
            noise=0.1 if place == 9 else 0.0,
            rng=rng,
        )
