"""The policy acting in the world, many episodes side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import ACTION, HORIZON, IMAGE, Params, sample_actions
from world import CAMERAS, Scenes, act, begin, expert, instructions, placed, render, tokenize

CONTROL_STEPS = 48
REPLAN = 2
"""Actions of a chunk that are carried out before the next one is sampled."""


@dataclass(frozen=True)
class Played:
    """Outcome of n episodes. `first_pick` is the index of the block that was picked up first, or -1."""

    success: np.ndarray  # [n] bool
    first_pick: np.ndarray  # [n] int
    target: np.ndarray  # [n] int
    steps: np.ndarray  # [n] int, control steps until success, or all of them

    @property
    def first_right(self) -> np.ndarray:
        return self.first_pick == self.target

    @property
    def picked(self) -> np.ndarray:
        return self.first_pick >= 0


def observe(scenes: Scenes, light: float = 1.0) -> dict[str, np.ndarray]:
    """The model's inputs except the noise, in the order of its arguments."""
    base, wrist = (render(scenes, camera, IMAGE, light)[0] for camera in CAMERAS)
    return {"base_rgb": base, "wrist_rgb": wrist, "prompt": tokenize(instructions(scenes)), "state": scenes.state}


def noise_of(seed: int, call: int, count: int) -> np.ndarray:
    """[n, 8, 3]: where the denoising of the call-th chunk starts."""
    return np.random.default_rng((seed, call)).standard_normal((count, HORIZON, ACTION)).astype(np.float32)


DIM = 0.8
"""Light of the scenes in which failures are looked for; training never saw less than 1."""

Chunks = Callable[[Scenes, int], np.ndarray]
"""Chooses the next actions [n, 8, 3] of n scenes; the second argument counts its calls."""


def model_chunks(params: Params, seed: int, light: float = 1.0) -> Chunks:
    def choose(scenes: Scenes, call: int) -> np.ndarray:
        return np.asarray(sample_actions(params, *observe(scenes, light).values(), noise_of(seed, call, len(scenes))))

    return choose


def expert_chunks(scenes: Scenes, _call: int) -> np.ndarray:
    return expert(scenes, HORIZON)


def random_chunks(seed: int) -> Chunks:
    """Uniform moves and a fair coin for the grip."""
    rng = np.random.default_rng(seed)

    def choose(scenes: Scenes, _call: int) -> np.ndarray:
        return rng.uniform(-1, 1, (len(scenes), HORIZON, ACTION)).astype(np.float32)

    return choose


def play(scenes: Scenes, choose: Chunks) -> Played:
    """Plays from the given starts until success or the last control step. An episode's scene stops when it succeeds."""
    count = len(scenes)
    success, first, steps = np.zeros(count, bool), np.full(count, -1), np.full(count, CONTROL_STEPS)
    for call in range(CONTROL_STEPS // REPLAN):
        chunk = choose(scenes, call)
        for index in range(REPLAN):
            after = act(scenes, chunk[:, index])
            first = np.where((first < 0) & ~success, after.held, first)
            now = placed(scenes, after) & ~success
            steps = np.where(now, call * REPLAN + index + 1, steps)
            success |= now
            scenes = after
        if success.all():
            break
    return Played(success, first, scenes.target, steps)


def roll_out(params: Params, episodes: int, seed: int) -> Played:
    return play(begin(np.random.default_rng((1_000_000, seed)), episodes), model_chunks(params, seed))


