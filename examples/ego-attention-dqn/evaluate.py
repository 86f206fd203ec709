"""Plays evaluation episodes: `python evaluate.py` writes figures.json.

The trained and the untrained network drive greedily; a random policy and one that always goes faster meet the same
traffic. Five evaluation seeds of one training run, twenty episodes each; the twenty scores of seed 0 are written out.

`python evaluate.py --training-seeds 1 2 3 4` also trains with other seeds and measures each on the same episodes, beside
the committed seed 0.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from environment import Episode, Policy, RandomPolicy, always_faster, make_environment, play
from train import CHECK_EPISODES, STEPS, UNTIL, GreedyPolicy, load, train

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.figures import Figures, means, promised, summary, trainings  # noqa: E402

EPISODES = 20
SEEDS = 5
COMMITTED = 0
"""The training seed of checkpoint.pt."""
PROMISED = 3.0
"""Mean score that any training should reach; a random driver has 2.1, and one that always goes faster 5.2."""
EVALUATION_SEED = 700_000
"""First environment seed; those of training, of choosing the checkpoint and of the recording lie elsewhere."""


def figures_of(episodes: Sequence[Episode]) -> Figures:
    return {
        "score": float(np.mean([episode.score for episode in episodes])),
        "crashed": float(np.mean([episode.crashed for episode in episodes])),
        "arrived": float(np.mean([episode.arrived for episode in episodes])),
        "steps": float(np.mean([len(episode) for episode in episodes])),
    }


def standard_error(scores: Sequence[float]) -> float:
    return float(np.std(scores, ddof=1) / np.sqrt(len(scores)))


def evaluate(policy_of: Callable[[int], Policy], seeds: int, count: int) -> dict[str, Any]:
    """Plays `count` episodes for each of the seeds; the policy is made anew for each."""
    env = make_environment()
    episodes = [
        [play(env, policy_of(seed), EVALUATION_SEED + 1_000 * seed + index) for index in range(count)]
        for seed in range(seeds)
    ]
    env.close()
    per_seed = [figures_of(each) for each in episodes]
    return {
        "summary": summary(per_seed),
        "standard_error_of_all_scores": round(standard_error([e.score for each in episodes for e in each]), 4),
        "per_seed": per_seed,
        "seed_0": [
            {"score": round(episode.score, 3), "steps": len(episode), "ending": episode.ending}
            for episode in episodes[0]
        ],
    }


def trained_again(seed: int, seeds: int, count: int) -> Figures:
    """Figures of another training, the mean over the evaluation seeds; its weights are not kept."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "checkpoint.pt"
        train(seed, STEPS, UNTIL, checkpoint, Path(folder) / "untrained.pt", CHECK_EPISODES)
        policy = GreedyPolicy(load(checkpoint))
    return means(evaluate(lambda _seed: policy, seeds, count)["summary"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--untrained", type=Path, default=HERE / "untrained.pt")
    parser.add_argument("--policies", nargs="+", help="only these; the other figures of the file stay as they are")
    parser.add_argument("--quick", action="store_true", help="one seed, two episodes")
    parser.add_argument("--training-seeds", type=int, nargs="*", default=[], help="train with these seeds as well")
    parser.add_argument("--out", type=Path, default=HERE / "figures.json")
    options = parser.parse_args()
    if options.training_seeds and "trained" not in (options.policies or ["trained"]):
        parser.error("--training-seeds are measured beside the committed training: add trained to --policies")
    torch.set_num_threads(1)
    seeds, count = (1, 2) if options.quick else (SEEDS, EPISODES)
    trained, untrained = GreedyPolicy(load(options.checkpoint)), GreedyPolicy(load(options.untrained))
    policies: dict[str, Callable[[int], Policy]] = {
        "trained": lambda _seed: trained,
        "untrained": lambda _seed: untrained,
        "always_faster": lambda _seed: always_faster,
        "random": RandomPolicy,
    }
    report: dict[str, Any] = json.loads(options.out.read_text()) if options.policies else {}
    report |= {
        "made_by": "examples/ego-attention-dqn/evaluate.py",
        "versions": {"torch": torch.__version__, "highway-env": version("highway-env")},
        "evaluation_seeds": seeds,
        "episodes_per_seed": count,
    }
    for name in options.policies or policies:
        policy_of = policies[name]
        figures = evaluate(policy_of, seeds, count)
        report[name] = figures
        options.out.write_text(json.dumps(report, indent=2) + "\n")
        values = figures["summary"].items()
        shown = ", ".join(f"{key} {value['mean']:.2f} ± {value['deviation']:.2f}" for key, value in values)
        print(f"{name}: {shown}", flush=True)
    if "trained" in report:
        report["promised"] = promised("trained: score", report["trained"]["summary"]["score"]["mean"], PROMISED)
        options.out.write_text(json.dumps(report, indent=2) + "\n")
    if options.training_seeds:
        committed = COMMITTED, means(report["trained"]["summary"])
        again = partial(trained_again, seeds=seeds, count=count)
        for so_far in trainings(committed, options.training_seeds, again):
            report["trainings"] = so_far
            options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
