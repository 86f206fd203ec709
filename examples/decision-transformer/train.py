"""Trains the decision transformer on scripted demonstrations: `python train.py --encoder bow --seed 0`.

`--encoder` chooses how a view becomes a token, `--layers 0` trains a clone without attention, which sees nothing but
the present view and time step. With `--checkpoints FOLDER` the weights are also kept on the way.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from environment import ACTIONS, MAX_STEPS, VIEW_SIZE, Trajectory, collect
from model import ENCODERS, Config, DecisionTransformer
from rollout import evaluate_model

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.pytorch import load as load_checkpoint  # noqa: E402
from common.pytorch import save  # noqa: E402

EPISODES = 3000
STEPS = 1000
BATCH = 64
LEARNING_RATE = 2e-4  # at 4e-4 two of four seeds still flip a coin at the turn after 1,000 steps
WARM_UP = 100
KEPT_STEPS = (0, 100, 300)
"""Steps before which a checkpoint is kept: random weights, the way down the hallway being learnt, and known."""
QUICK_STEPS = 20
IGNORED = -100
"""Label of the padding after the end of an episode."""


@dataclass(frozen=True)
class Dataset:
    """N demonstrations, padded to the longest possible episode (t = 25)."""

    returns_to_go: Tensor  # [N, t] float32
    states: Tensor  # [N, t, 7, 7, 3] int64
    actions: Tensor  # [N, t] int64, IGNORED after the end
    lengths: Tensor  # [N] int64

    @classmethod
    def of(cls, trajectories: list[Trajectory]) -> Dataset:
        count = len(trajectories)
        returns = np.zeros((count, MAX_STEPS), np.float32)
        states = np.zeros((count, MAX_STEPS, VIEW_SIZE, VIEW_SIZE, 3), np.int64)
        actions = np.full((count, MAX_STEPS), IGNORED, np.int64)
        for row, trajectory in enumerate(trajectories):
            t = len(trajectory)
            returns[row, :t] = trajectory.returns_to_go
            states[row, :t] = trajectory.states
            actions[row, :t] = trajectory.actions
        lengths = [len(trajectory) for trajectory in trajectories]
        return cls(*(torch.from_numpy(array) for array in (returns, states, actions)), torch.tensor(lengths))

    def loss(self, model: DecisionTransformer, rows: Tensor) -> Tensor:
        """Mean cross-entropy of the demonstrated actions over the steps of the chosen episodes."""
        t = int(self.lengths[rows].max())
        actions = self.actions[rows, :t]
        timesteps = torch.arange(t).expand(len(rows), t)
        logits = model(self.returns_to_go[rows, :t], self.states[rows, :t], actions.clamp(min=0), timesteps)
        return F.cross_entropy(logits.reshape(-1, len(ACTIONS)), actions.reshape(-1), ignore_index=IGNORED)


def train(
    config: Config,
    seed: int,
    steps: int,
    report_every: int = 100,
    checkpoints: Path | None = None,
    initial: Path | None = None,
) -> DecisionTransformer:
    """Trains on one thread, from scratch or from a checkpoint; the seed fixes demonstrations, weights and batches.

    With a folder of checkpoints the weights are kept there at the steps of `KEPT_STEPS`.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    data = Dataset.of(list(collect(EPISODES, seed)))
    model = DecisionTransformer(config) if initial is None else load(initial)
    if initial is None:
        before_the_end = torch.arange(MAX_STEPS) < data.lengths[:, None]
        model.embed_state.initialise(data.states[before_the_end][None])
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / WARM_UP) * (1 - 0.9 * step / steps)
    )
    started = time.process_time()
    for step in range(1, steps + 1):
        if checkpoints is not None and step - 1 in KEPT_STEPS:
            save(model, checkpoints / f"{step - 1:04d}.pt")
        model.train()
        loss = data.loss(model, torch.randint(EPISODES, (BATCH,)))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if report_every and step % report_every == 0:
            high, low = evaluate_model(model, 0.75, episodes=40), evaluate_model(model, 0.0, episodes=40)
            print(
                f"step {step:5d}  {time.process_time() - started:5.0f} CPU s  loss {loss.item():.3f}  "
                f"return 0.75: success {high.success:.2f}, wrong object {high.wrong_object:.2f}  "
                f"return 0: success {low.success:.2f}, wrong object {low.wrong_object:.2f}",
                flush=True,
            )
    return model.eval()


def load(path: Path) -> DecisionTransformer:
    return load_checkpoint(path, lambda config: DecisionTransformer(Config(**config)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", choices=tuple(ENCODERS), default="bow")
    parser.add_argument("--layers", type=int, default=Config.layers)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that everything runs")
    parser.add_argument("--initial", type=Path, help="a checkpoint to start from, with a schedule of its own")
    parser.add_argument("--checkpoints", type=Path, help="folder for the weights on the way")
    parser.add_argument("--out", type=Path, default=HERE / "checkpoint.pt")
    options = parser.parse_args()
    config = Config(encoder=options.encoder, layers=options.layers)
    if options.checkpoints is not None:
        options.checkpoints.mkdir(parents=True, exist_ok=True)
    steps = QUICK_STEPS if options.quick else options.steps
    model = train(config, options.seed, steps, checkpoints=options.checkpoints, initial=options.initial)
    save(model, options.out)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters written to {options.out}")


if __name__ == "__main__":
    main()
