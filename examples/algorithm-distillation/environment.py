"""The dark room: a 9 x 9 grid with one goal that is never seen, and a learning agent whose histories are distilled.

Every episode starts in the centre and lasts 20 steps; a step that ends on the goal is worth 1. All functions work on N
rooms side by side. Positions are cells 0..80, row by row: x = cell % 9, y = cell // 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIZE = 9
CELLS = SIZE * SIZE
CENTRE = CELLS // 2
HORIZON = 20
ACTIONS = ("stay", "up", "down", "left", "right")
_MOVES = ((0, 0), (0, -1), (0, 1), (-1, 0), (1, 0))


def _next_cells() -> np.ndarray:
    """[81, 5] the cell that each action leads to; walls stop."""
    table = np.zeros((CELLS, len(ACTIONS)), np.int64)
    for cell in range(CELLS):
        for action, (dx, dy) in enumerate(_MOVES):
            x, y = cell % SIZE + dx, cell // SIZE + dy
            table[cell, action] = min(max(y, 0), SIZE - 1) * SIZE + min(max(x, 0), SIZE - 1)
    return table


NEXT_CELL = _next_cells()


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Steps between cells."""
    return np.abs(a % SIZE - b % SIZE) + np.abs(a // SIZE - b // SIZE)


def split_goals(held_out: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """(training goals, held-out goals), chosen once, before anything was trained. The centre is in neither."""
    cells = np.random.default_rng(0).permutation(np.delete(np.arange(CELLS), CENTRE))
    return np.sort(cells[held_out:]), np.sort(cells[:held_out])


@dataclass(frozen=True)
class Histories:
    """N histories of T = episodes x 20 transitions (state, action, reward, next state), in order."""

    states: np.ndarray  # [N, T] int64
    actions: np.ndarray  # [N, T] int64
    rewards: np.ndarray  # [N, T] float32
    next_states: np.ndarray  # [N, T] int64
    goals: np.ndarray  # [N] int64

    def returns(self) -> np.ndarray:
        """[N, episodes]"""
        return self.rewards.reshape(len(self.goals), -1, HORIZON).sum(axis=-1)


class OptimisticLearner:
    """Tabular Q-learning in N rooms, the tables shared by all actions that lead to the same cell (afterstates).

    A cell never entered is worth 1, so the agent walks to the nearest of them until it finds the goal, and then goes
    there by ever shorter ways. Step size 1; after each episode all cells entered so far are replayed.
    """

    DISCOUNT = 0.9
    REPLAYS = 12

    def __init__(self, goals: np.ndarray, noise: float, rng: np.random.Generator) -> None:
        self.values = np.ones((len(goals), CELLS), np.float32)
        self.rewards = (np.arange(CELLS) == goals[:, None]).astype(np.float32)
        self.entered = np.zeros((len(goals), CELLS), bool)
        self.rows = np.arange(len(goals))
        self.noise = noise
        self.rng = rng

    def act(self, states: np.ndarray) -> np.ndarray:
        """[N] the best action, ties broken at random; with probability `noise` any action."""
        values = self.values[self.rows[:, None], NEXT_CELL[states]]  # [N, 5]
        best = (values + 1e-4 * self.rng.random(values.shape)).argmax(axis=1)
        random = self.rng.integers(len(ACTIONS), size=len(states))
        return np.where(self.rng.random(len(states)) < self.noise, random, best)

    def observe(self, next_states: np.ndarray) -> None:
        self.entered[self.rows, next_states] = True
        onwards = self.values[self.rows[:, None], NEXT_CELL[next_states]].max(axis=1)
        self.values[self.rows, next_states] = self.rewards[self.rows, next_states] + self.DISCOUNT * onwards

    def replay(self) -> None:
        for _ in range(self.REPLAYS):
            onwards = self.values[:, NEXT_CELL].max(axis=2)  # [N, 81]
            self.values = np.where(self.entered, self.rewards + self.DISCOUNT * onwards, 1.0).astype(np.float32)


def learn(goals: np.ndarray, episodes: int, noise: float, rng: np.random.Generator) -> Histories:
    """The histories of one learner per goal, from its first episode on."""
    agent = OptimisticLearner(goals, noise, rng)
    columns: list[tuple[np.ndarray, ...]] = []
    for _ in range(episodes):
        states = np.full(len(goals), CENTRE)
        for _ in range(HORIZON):
            actions = agent.act(states)
            next_states = NEXT_CELL[states, actions]
            agent.observe(next_states)
            columns.append((states, actions, (next_states == goals).astype(np.float32), next_states))
            states = next_states
        agent.replay()
    return Histories(*(np.stack(column, axis=1) for column in zip(*columns)), goals=goals)
