"""Measures the trained policy over five sets of new scenes: `python evaluate.py` writes figures.json.

Beside it, in the same scenes: the scripted expert, random actions, the network before any training, and the trained one
when it is told another block than the one that counts; and the trained one in less
light than it was trained in. A policy that reads its instruction picks the named block first; one
that picks any block is right in a third of its picks. Training takes more than five minutes, so the seeds are those of
the evaluation, of one training run.
"""

from __future__ import annotations

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from model import init_params
from rollout import DIM, Chunks, expert_chunks, model_chunks, play, random_chunks
from world import Scenes, begin

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.figures import Figures, promised, summary  # noqa: E402
from common.jax_parameters import load  # noqa: E402

EPISODES = 20
FIRST_SEED = 10
PROMISED = 0.9
"""Share of successful episodes that any training should reach."""


def figures_of(scenes: Scenes, choose: Chunks) -> Figures:
    played = play(scenes, choose)
    picked = max(int(played.picked.sum()), 1)
    return {
        "success": float(played.success.mean()),
        "picked_a_block": float(played.picked.mean()),
        "first_pick_right": float(played.first_right.mean()),
        "right_among_first_picks": float(played.first_right.sum()) / picked,
    }


def with_other_instructions(choose: Chunks) -> Chunks:
    """The policy is told to take the next block instead of the one that counts."""

    def told(scenes: Scenes, call: int) -> np.ndarray:
        return choose(replace(scenes, target=(scenes.target + 1) % 3), call)

    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.npz")
    parser.add_argument("--quick", action="store_true", help="one seed of five episodes")
    parser.add_argument("--out", type=Path, default=HERE / "figures.json")
    options = parser.parse_args()
    params, about = load(options.checkpoint)
    untrained = init_params(jax.random.PRNGKey(0))
    seeds, episodes = ([FIRST_SEED], 5) if options.quick else (range(FIRST_SEED, FIRST_SEED + 5), EPISODES)
    report: dict[str, Any] = {
        "made_by": "examples/vla-pi0/evaluate.py",
        "versions": {"jax": jax.__version__, "numpy": np.__version__},
        "training": about,
        "evaluation_seeds": list(seeds),
        "episodes_per_seed": episodes,
    }
    policies = {
        "trained": lambda seed: model_chunks(params, seed),
        "trained, told another block": lambda seed: with_other_instructions(model_chunks(params, seed)),
        "trained, less light": lambda seed: model_chunks(params, seed, DIM),
        "untrained": lambda seed: model_chunks(untrained, seed),
        "random": random_chunks,
        "expert": lambda _seed: expert_chunks,
    }
    for name, policy in policies.items():
        per_seed = [figures_of(begin(np.random.default_rng(seed), episodes), policy(seed)) for seed in seeds]
        report[name] = {"per_seed": per_seed, "summary": summary(per_seed)}
        options.out.write_text(json.dumps(report, indent=2) + "\n")
        means = {key: value["mean"] for key, value in summary(per_seed).items()}
        print(f"{name}: {means}", flush=True)
    report["promised"] = promised("trained: success", report["trained"]["summary"]["success"]["mean"], PROMISED)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
