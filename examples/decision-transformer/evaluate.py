"""Trains with seeds 0 to 4 and measures what was learned: `python evaluate.py` writes figures.json.

Each trained policy plays 100 episodes per setting, greedily. A random policy plays the same episodes beside it. The
fixed start has four layouts only, so a greedy policy's share there moves in steps of about a quarter; the random start
is minigrid's own, was not trained on, and mostly hides the cue.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import minigrid
import numpy as np
import torch
from minigrid.envs.memory import MemoryEnv

from environment import FixedStartMemoryEnv, RandomStartMemoryEnv
from model import Config, EncoderName
from rollout import EVALUATION_SEED, Outcome, RandomPolicy, evaluate_model, outcome, roll_out
from train import STEPS, train

HERE = Path(__file__).resolve().parent
EPISODES = 100
ENCODERS: tuple[EncoderName, ...] = ("bow", "onehot")
STARTS: dict[str, Callable[[], MemoryEnv]] = {
    "fixed_start": FixedStartMemoryEnv,
    "random_start": RandomStartMemoryEnv,
}
TARGETS = {"return_0.75": 0.75, "return_0": 0.0}

Figures = dict[str, float]


def shares(prefix: str, measured: Outcome) -> Figures:
    return {f"{prefix}/success": measured.success, f"{prefix}/wrong_object": measured.wrong_object}


def summary(per_seed: Sequence[Figures]) -> dict[str, Figures]:
    """Mean, population standard deviation and extremes over seeds; which extreme is the worse depends on the figure."""
    columns = {name: np.array([figures[name] for figures in per_seed]) for name in per_seed[0]}
    return {
        name: {
            "mean": round(float(values.mean()), 4),
            "deviation": round(float(values.std()), 4),
            "lowest": round(float(values.min()), 4),
            "highest": round(float(values.max()), 4),
        }
        for name, values in columns.items()
    }


def random_policy_figures(seed: int) -> Figures:
    seeds = range(EVALUATION_SEED, EVALUATION_SEED + EPISODES)
    figures: Figures = {}
    for start, environment in STARTS.items():
        figures |= shares(start, outcome(roll_out(RandomPolicy(seed), seeds, environment)))
    return figures


def trained_figures(encoder: EncoderName, seed: int) -> Figures:
    started = time.process_time()
    model = train(Config(encoder=encoder), seed, STEPS, report_every=0)
    figures: Figures = {"cpu_seconds": round(time.process_time() - started, 1)}
    for start, environment in STARTS.items():
        for name, target in TARGETS.items():
            figures |= shares(f"{start}/{name}", evaluate_model(model, target, EPISODES, environment))
    print(encoder, seed, figures, flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoders", nargs="+", choices=ENCODERS, default=list(ENCODERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--out", type=Path, default=HERE / "figures.json")
    options = parser.parse_args()
    random = [random_policy_figures(seed) for seed in options.seeds]
    report: dict[str, object] = {
        "made_by": "examples/decision-transformer/evaluate.py",
        "versions": {"torch": torch.__version__, "minigrid": minigrid.__version__},
        "episodes_per_figure": EPISODES,
        "seeds": options.seeds,
        "random_policy": {"per_seed": random, "summary": summary(random)},
    }
    for encoder in options.encoders:
        per_seed = [trained_figures(encoder, seed) for seed in options.seeds]
        report[encoder] = {"training_steps": STEPS, "per_seed": per_seed, "summary": summary(per_seed)}
        options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
