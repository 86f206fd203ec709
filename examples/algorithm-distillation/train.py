"""Distils the histories of a learning agent into a transformer: `python train.py --seed 0` writes checkpoint.pt.

The model is trained by next-action cross-entropy over histories of an agent that learns from nothing (environment.py),
one room per history. It is never told the goal: to predict the actions it has to read the rewards in the history.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from environment import HORIZON, Histories, learn, split_goals
from model import CONTEXT, AlgorithmDistillation, Config, transitions
from rollout import ModelPolicy, roll_out

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.pytorch import load as load_checkpoint  # noqa: E402
from common.pytorch import save  # noqa: E402

BATCH = 16
LEARNING_RATE = 1e-3
WARM_UP = 200
SOURCE_EPISODES = 16
SOURCE_NOISE = 0.03  # random actions of the source agent: the model also sees how it finds its way back
ROOMS_PER_GOAL = 40
NEW_HISTORIES_EVERY = 1_000
SHORT_CONTEXT = 119  # in the first three fifths: six episodes, in which most goals are found, cost less than half
PLACES = 40
TRANSITION_LOSS = 0.5
UNTRAINED_SEED = 1_000


@dataclass(frozen=True)
class Batch:
    history: Tensor  # [B, n, 10]
    places: Tensor  # [m] transitions before each query
    states: Tensor  # [B, m] the state at each place
    actions: Tensor  # [B, m] the source's action there
    following: Tensor  # [B, n] the source's action after each transition

    def loss(self, model: AlgorithmDistillation) -> tuple[Tensor, Tensor]:
        """Cross-entropy of the queries, which act, and of the transitions, which only learn faster with it."""
        queries, others = model.at_many_places(self.history, self.states, self.places)
        return (
            F.cross_entropy(queries.flatten(0, 1), self.actions.flatten()),
            F.cross_entropy(others.flatten(0, 1), self.following.flatten()),
        )


def draw(data: Histories, n: int, rng: np.random.Generator) -> Batch:
    """Windows of n transitions and the step after; three in four start with the agent's first step ever."""
    rows = rng.integers(len(data.goals), size=BATCH)
    latest = data.states.shape[1] - n - 1
    starts = np.where(rng.random(BATCH) < 0.75, 0, rng.integers(latest + 1, size=BATCH))
    columns = starts[:, None] + np.arange(n + 1)
    states, actions, rewards, next_states = (
        array[rows[:, None], columns] for array in (data.states, data.actions, data.rewards, data.next_states)
    )
    places = np.sort(rng.choice(n + 1, size=min(PLACES, n + 1), replace=False))
    return Batch(
        history=transitions(states[:, :-1], actions[:, :-1], rewards[:, :-1], next_states[:, :-1]),
        places=torch.from_numpy(places),
        states=torch.from_numpy(states[:, places]),
        actions=torch.from_numpy(actions[:, places]),
        following=torch.from_numpy(actions[:, 1:]),
    )


@dataclass(frozen=True)
class Stage:
    """The first `steps` steps of a schedule over `schedule` steps, with histories of its own."""

    schedule: int
    steps: int

    def rate(self, step: int) -> float:
        """What the learning rate is multiplied by: up at first, then down along a cosine to a twentieth."""
        return min(1.0, (step + 1) / WARM_UP) * (0.05 + 0.475 * (1 + math.cos(math.pi * step / self.schedule)))

    def batches(self, seed: int) -> Iterator[Batch]:
        """Windows of training goals, short at first, then up to the full context; half of them as long as can be."""
        rng = np.random.default_rng(seed)
        goals = np.repeat(split_goals()[0], ROOMS_PER_GOAL)
        for step in range(self.steps):
            if step % NEW_HISTORIES_EVERY == 0:
                data = learn(goals, SOURCE_EPISODES, SOURCE_NOISE, rng)
            longest = SHORT_CONTEXT if step < 0.6 * self.schedule else CONTEXT
            yield draw(data, longest if rng.random() < 0.5 else int(rng.integers(HORIZON, longest + 1)), rng)


STAGES = (Stage(schedule=7_000, steps=1_000), Stage(schedule=4_000, steps=3_000))
"""A high rate to begin with; then rate and optimizer restart (Loshchilov and Hutter 2017), down to a fifth of it."""
QUICK_STAGES = (Stage(schedule=40, steps=40), Stage(schedule=20, steps=20))


def load(path: Path) -> AlgorithmDistillation:
    return load_checkpoint(path, lambda config: AlgorithmDistillation(Config(**config)))


def untrained() -> AlgorithmDistillation:
    """Random weights. PyTorch's encoder copies one block into every layer; here each layer draws its own."""
    torch.manual_seed(UNTRAINED_SEED)
    return initialised(AlgorithmDistillation()).eval()


def initialised(model: AlgorithmDistillation) -> AlgorithmDistillation:
    for layer in model.transformer.layers:
        for module in layer.modules():
            if module is not layer and hasattr(module, "reset_parameters"):
                module.reset_parameters()
            elif isinstance(module, nn.MultiheadAttention):
                module._reset_parameters()
    for embedding in (model.embed_query, model.embed_position):
        nn.init.normal_(embedding.weight, std=0.1)
    return model


def train(seed: int, stages: Sequence[Stage], out: Path, report_every: int, save_every: int = 250) -> None:
    """Trains from scratch on one thread; the seed fixes weights, histories and windows."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = initialised(AlgorithmDistillation())
    held_out = np.repeat(split_goals()[1], 2)
    started = time.process_time()
    taken = 0
    for number, stage in enumerate(stages):
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, stage.rate)
        for batch in stage.batches(seed + number):
            model.train()
            acting, helping = batch.loss(model)
            optimizer.zero_grad()
            (acting + TRANSITION_LOSS * helping).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            taken += 1
            last = taken == sum(each.steps for each in stages)
            if taken % save_every == 0 or last:
                save(model, out)
            if taken % report_every == 0 or last:
                played = roll_out(ModelPolicy(model, seed=taken), held_out, episodes=6).returns().mean(axis=0)
                print(
                    f"step {taken:6d}  {time.process_time() - started:5.0f} CPU s  loss {acting.item():.3f} "
                    f"(transitions {helping.item():.3f})  held-out return by episode "
                    + " ".join(f"{value:.1f}" for value in played),
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="under a minute, to see that everything runs")
    parser.add_argument("--out", type=Path, default=HERE / "checkpoint.pt")
    options = parser.parse_args()
    train(options.seed, QUICK_STAGES if options.quick else STAGES, options.out, report_every=500)


if __name__ == "__main__":
    main()
