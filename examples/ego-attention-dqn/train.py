"""Trains the ego-attention network by double deep Q-learning: `python train.py --seed 0`.

Writes untrained.pt (the weights it starts from) and checkpoint.pt: the best of the checkpoints on the way, by the mean
score of greedy episodes whose starts are used for nothing else.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections import deque
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from environment import ACTIONS, FASTER, FEATURES, TRAINING_FREQUENCY, VEHICLES, Episode, make_environment, play
from model import Config, EgoAttentionNetwork

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.pytorch import load as load_checkpoint  # noqa: E402
from common.pytorch import save  # noqa: E402

STEPS = 16_000
"""Length of the schedules of learning rate and exploration."""
UNTIL = 8_000
"""Where training stops. The best check of seed 0, which is committed, came at 4,004; seeds 2 to 4 still rose here."""
WARM_UP_STEPS = 300
EXPLORATION_STEPS = 8_000  # until then the share of random actions falls from 1 to 0.05
UPDATES_PER_STEP = 2
BATCH = 64
LEARNING_RATE = 5e-4
DISCOUNT = 0.95
REWARD_SCALE = 5.0
TARGET_UPDATES = 300
CHECK_EVERY = 2_000
CHECK_EPISODES = 40
CHECK_SEED = 500_000
"""First environment seed of the episodes that choose the checkpoint; training uses 0, 1, 2, ..."""


class GreedyPolicy:
    def __init__(self, network: EgoAttentionNetwork) -> None:
        self.network = network

    @torch.no_grad()
    def __call__(self, observation: np.ndarray) -> int:
        return int(self.network(torch.from_numpy(observation)[None])[0].argmax())


class ExploringPolicy:
    """Greedy, with a share of random actions; half of these are "faster", without which the ego stays where it is."""

    def __init__(self, network: EgoAttentionNetwork, rng: np.random.Generator) -> None:
        self.greedy = GreedyPolicy(network)
        self.rng = rng
        self.share = 1.0

    def __call__(self, observation: np.ndarray) -> int:
        if self.rng.random() >= self.share:
            return self.greedy(observation)
        return FASTER if self.rng.random() < 0.25 else int(self.rng.integers(len(ACTIONS)))


class Replay:
    """All transitions so far: observations [n, 15, 7], actions, rewards, whether the episode ended there."""

    def __init__(self, capacity: int) -> None:
        shape = (capacity, VEHICLES, len(FEATURES))
        self.before, self.after = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.actions = np.zeros(capacity, np.int64)
        self.rewards, self.goes_on = np.zeros(capacity, np.float32), np.zeros(capacity, np.float32)
        self.size = 0

    def add(self, episode: Episode) -> None:
        """Running out of time is no end of the task: the last step is left out, as nothing is known after it."""
        ended = episode.crashed or episode.arrived
        for step in range(len(episode) if ended else len(episode) - 1):
            last = step == len(episode) - 1
            row = self.size % len(self.actions)
            self.before[row] = episode.observations[step]
            self.after[row] = 0 if last else episode.observations[step + 1]
            self.actions[row] = episode.actions[step]
            self.rewards[row] = episode.rewards[step] / REWARD_SCALE
            self.goes_on[row] = not last
            self.size += 1

    def sample(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        rows = rng.integers(min(self.size, len(self.actions)), size=BATCH)
        columns = (self.before, self.actions, self.rewards, self.after, self.goes_on)
        return tuple(torch.from_numpy(column[rows]) for column in columns)


def loss_of(network: EgoAttentionNetwork, target: EgoAttentionNetwork, batch: tuple[Tensor, ...]) -> Tensor:
    """Double Q-learning (van Hasselt et al. 2016): the network chooses the next action, the target values it."""
    before, actions, rewards, after, goes_on = batch
    with torch.no_grad():
        chosen = network(after).argmax(dim=1, keepdim=True)
        expected = rewards + DISCOUNT * goes_on * target(after).gather(1, chosen).squeeze(1)
    return F.smooth_l1_loss(network(before).gather(1, actions[:, None]).squeeze(1), expected)


def mean_score(network: EgoAttentionNetwork, episodes: int) -> tuple[float, float]:
    """Mean score and crash rate of greedy episodes that only choose the checkpoint."""
    env = make_environment(TRAINING_FREQUENCY)
    played = [play(env, GreedyPolicy(network), CHECK_SEED + index) for index in range(episodes)]
    env.close()
    return float(np.mean([e.score for e in played])), float(np.mean([e.crashed for e in played]))


def load(path: Path) -> EgoAttentionNetwork:
    return load_checkpoint(path, lambda config: EgoAttentionNetwork(Config(**config)))


def train(seed: int, steps: int, until: int, out: Path, untrained: Path, check_episodes: int) -> None:
    """Trains from scratch on one thread; the seed fixes weights, exploration and batches."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = EgoAttentionNetwork()
    save(network, untrained)
    target = copy.deepcopy(network)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=steps * UPDATES_PER_STEP)
    env, policy, replay = make_environment(TRAINING_FREQUENCY), ExploringPolicy(network, rng), Replay(steps + 100)
    recent: deque[Episode] = deque(maxlen=60)
    taken = updates = episodes = checked = 0
    best = -np.inf
    started = time.process_time()
    while taken < until:
        policy.share = max(0.05, 1 - taken / min(EXPLORATION_STEPS, 0.6 * steps))
        episode = play(env, policy, seed * 1_000_000 + episodes)
        replay.add(episode)
        recent.append(episode)
        taken, episodes = taken + len(episode), episodes + 1
        for _ in range(len(episode) * UPDATES_PER_STEP if taken > WARM_UP_STEPS else 0):
            loss = loss_of(network, target, replay.sample(rng))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 10.0)
            optimizer.step()
            schedule.step()
            updates += 1
            if updates % TARGET_UPDATES == 0:
                target.load_state_dict(network.state_dict())
        if taken // CHECK_EVERY > checked or taken >= until:
            checked = taken // CHECK_EVERY
            score, crashes = mean_score(network, check_episodes)
            if score > best:
                best = score
                save(network, out)
            print(
                f"step {taken:6d}  {time.process_time() - started:5.0f} CPU s  random actions {policy.share:.2f}  "
                f"recent score {np.mean([e.score for e in recent]):5.2f}, "
                f"crashes {np.mean([e.crashed for e in recent]):.2f}  "
                f"greedy score {score:5.2f}, crashes {crashes:.2f}, best {best:.2f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="length of the schedules")
    parser.add_argument("--until", type=int, default=UNTIL, help="where training stops")
    parser.add_argument("--quick", action="store_true", help="a minute, to see that everything runs; learns little")
    parser.add_argument("--out", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--untrained", type=Path, default=HERE / "untrained.pt")
    options = parser.parse_args()
    steps, until, check_episodes = (600, 600, 4) if options.quick else (options.steps, options.until, CHECK_EPISODES)
    train(options.seed, steps, min(steps, until), options.out, options.untrained, check_episodes)


if __name__ == "__main__":
    main()
