"""Measures what was learned in goals never trained on: `python evaluate.py` writes figures.json.

Nine held-out goals, five evaluation seeds of one training run. Each room is played from an empty history on, so any rise
of the return over the episodes is learning in the context: no weight changes. Beside it: the untrained model, a random
policy, and the agent whose histories were distilled, in the same rooms.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from environment import CENTRE, HORIZON, Histories, distance, learn, split_goals
from model import CONTEXT
from rollout import ModelPolicy, RandomPolicy, roll_out
from train import SOURCE_NOISE, load, untrained

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.figures import Figures, promised, summary  # noqa: E402

EPISODES = 14  # twelve fit into the context; then it slides
SEEDS = 5
PROMISED = 12.0
"""Mean return of the last four episodes that any training should reach; the best possible is 16.3."""


def steps_towards_goal(played: Histories) -> float:
    """Of the steps made away from the goal when a reward was in the context, the share that came closer to it."""
    seen = np.cumsum(played.rewards, axis=1) - played.rewards  # rewards before each step
    forgotten = np.concatenate([np.zeros((len(seen), CONTEXT)), seen], axis=1)[:, : seen.shape[1]]
    goals = played.goals[:, None]
    before, after = distance(played.states, goals), distance(played.next_states, goals)
    counted = (seen - forgotten > 0) & (before > 0)
    return float((after < before)[counted].mean()) if counted.any() else float("nan")


def figures_of(played: Histories) -> Figures:
    returns = played.returns()
    return {
        "first_episode": float(returns[:, 0].mean()),
        "last_four_episodes": float(returns[:, -4:].mean()),
        "rise": float(returns[:, -4:].mean() - returns[:, 0].mean()),
        "rooms_solved": float((returns[:, -4:] > 0).all(axis=1).mean()),
        "steps_towards_goal": steps_towards_goal(played),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="one seed, five episodes")
    parser.add_argument("--out", type=Path, default=HERE / "figures.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds, episodes = (1, 5) if options.quick else (SEEDS, EPISODES)
    goals = split_goals()[1]
    trained, random_weights = load(options.checkpoint), untrained()
    players: dict[str, Callable[[int], Histories]] = {
        "source": lambda seed: learn(goals, episodes, SOURCE_NOISE, np.random.default_rng(seed)),
        "random": lambda seed: roll_out(RandomPolicy(seed), goals, episodes),
        "untrained": lambda seed: roll_out(ModelPolicy(random_weights, seed), goals, episodes),
        "trained": lambda seed: roll_out(ModelPolicy(trained, seed), goals, episodes),
    }
    report: dict[str, Any] = {
        "made_by": "examples/algorithm-distillation/evaluate.py",
        "versions": {"torch": torch.__version__},
        "held_out_goals": goals.tolist(),
        "evaluation_seeds": seeds,
        "episodes": episodes,
        "best_possible_return": round(float(np.mean(HORIZON + 1 - distance(goals, np.full(len(goals), CENTRE)))), 4),
    }
    for name, play in players.items():
        played = [play(seed) for seed in range(seeds)]
        per_seed = [figures_of(each) for each in played]
        by_episode = np.mean([each.returns().mean(axis=0) for each in played], axis=0)
        report[name] = {
            "summary": summary(per_seed),
            "return_by_episode": [round(float(value), 3) for value in by_episode],
            "per_seed": per_seed,
        }
        print(f"{name}: return by episode {' '.join(f'{value:.1f}' for value in by_episode)}", flush=True)
    reached = report["trained"]["summary"]["last_four_episodes"]["mean"]
    report["promised"] = promised("trained: return of the last four episodes", reached, PROMISED)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
