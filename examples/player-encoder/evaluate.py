"""Measures the trained encoder on battles that it has not seen: `python evaluate.py` writes figures.json.

Five sets of held-out battles. Beside the trained parameters: random ones, the most common wise action (the majority), and
the trained ones when every turn is given the inputs of another turn, except for what is allowed, and when nothing is
remembered. All choose among the allowed actions only.

`python evaluate.py --training-seeds 1 2 3 4` also trains with other seeds and measures each on the same battles, beside
the committed seed 0.
"""

from __future__ import annotations

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from features import INPUTS, Arrays
from model import Config, PlayerEncoder, init_params
from skirmish import TYPES
from train import BATTLES, STEPS, held_out, train

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.figures import Figures, means, promised, summary, trainings  # noqa: E402
from common.jax_parameters import load  # noqa: E402

SEEDS = range(5)
CHUNK = 64
PROMISED = 0.8
"""Share of turns in which any training should find the wise action; two in ten are the most common one."""


def outputs_of(config: Config, params: dict[str, Any], data: Arrays) -> list[np.ndarray]:
    """Logits, value and types of every turn, computed in chunks of one size."""
    run = jax.jit(lambda inputs: PlayerEncoder(config).apply({"params": params}, *inputs))
    count = len(data["action"])
    padded = np.arange(-(-count // CHUNK) * CHUNK) % count
    chunks = [run([data[name][rows] for name in INPUTS]) for rows in padded.reshape(-1, CHUNK)]
    return [np.concatenate(parts)[:count] for parts in zip(*chunks)]


def figures_of(config: Config, params: dict[str, Any], data: Arrays) -> Figures:
    """Mean over all turns. `top_1_seen` is over those in which the other side's active creature was seen before."""
    logits, value, types = outputs_of(config, params, data)
    row = np.arange(len(logits))
    right = logits.argmax(axis=1) == data["action"]
    largest = logits.max(axis=1)
    loss = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1)) - logits[row, data["action"]]
    seen = data["types"][:, 1] < TYPES
    return {
        "loss": float(loss.mean()),
        "top_1": float(right.mean()),
        "top_1_seen": float(right[seen].mean()),
        "type_remembered": float((types.argmax(axis=2)[:, 1] == data["types"][:, 1])[seen].mean()),
        "value_squared_error": float(((value - data["outcome"]) ** 2).mean()),
    }


def majority_figures(data: Arrays) -> Figures:
    """The most common action among the allowed ones, by how common each is in the data itself."""
    share = np.bincount(data["action"], minlength=data["action_mask"].shape[1]) / len(data["action"])
    allowed = np.where(data["action_mask"], share, 0)
    chosen = allowed.argmax(axis=1)
    likely = allowed[np.arange(len(chosen)), data["action"]] / allowed.sum(axis=1)
    return {"loss": float(-np.log(likely).mean()), "top_1": float((chosen == data["action"]).mean())}


def shuffled(data: Arrays, seed: int) -> Arrays:
    """What is seen and remembered comes from another turn; what is allowed and what is right stay."""
    order = np.random.default_rng(seed).permutation(len(data["action"]))
    return {name: array[order] if name in INPUTS and name != "action_mask" else array for name, array in data.items()}


def forgetful(data: Arrays) -> Arrays:
    """The same turns with all remembered ones masked."""
    return data | {"history_mask": np.zeros_like(data["history_mask"])}


def trained_again(seed: int, generation: int, sets: list[Arrays]) -> Figures:
    """Figures of another training, the mean over the sets."""
    config = Config(generation=generation)
    params, seconds = train(config, seed, STEPS, BATTLES, report_every=STEPS)
    per_set = [figures_of(config, params, data) for data in sets]
    means = {name: float(np.mean([figures[name] for figures in per_set])) for name in per_set[0]}
    return means | {"cpu_seconds": round(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.npz")
    parser.add_argument("--quick", action="store_true", help="one seed of five battles")
    parser.add_argument("--training-seeds", type=int, nargs="*", default=[], help="train with these seeds as well")
    parser.add_argument("--out", type=Path, default=HERE / "figures.json")
    options = parser.parse_args()
    params, about = load(options.checkpoint)
    config = Config(generation=about["generation"])
    seeds, battles = (range(1), 5) if options.quick else (SEEDS, 40)
    sets = [held_out(config.generation, seed, battles)[0] for seed in seeds]
    random = init_params(config, [sets[0][name][:1] for name in INPUTS], seed=0)
    report: dict[str, Any] = {
        "made_by": "examples/player-encoder/evaluate.py",
        "versions": {"jax": jax.__version__, "numpy": np.__version__},
        "training": about,
        "held_out_seeds": list(seeds),
        "turns": [len(data["action"]) for data in sets],
    }
    measured = {
        "trained": [figures_of(config, params, data) for data in sets],
        "trained, shuffled inputs": [figures_of(config, params, shuffled(data, s)) for s, data in zip(seeds, sets)],
        "trained, history masked": [figures_of(config, params, forgetful(data)) for data in sets],
        "random parameters": [figures_of(config, random, data) for data in sets],
        "majority": [majority_figures(data) for data in sets],
    }
    for name, per_seed in measured.items():
        report[name] = {"per_seed": per_seed, "summary": summary(per_seed)}
        print(name, {key: (value["mean"], value["deviation"]) for key, value in summary(per_seed).items()})
    report["promised"] = promised("trained: top-1", report["trained"]["summary"]["top_1"]["mean"], PROMISED)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    if options.training_seeds:
        committed = about["seed"], means(report["trained"]["summary"]) | {"cpu_seconds": about["cpu_seconds"]}
        again = partial(trained_again, generation=config.generation, sets=sets)
        for so_far in trainings(committed, options.training_seeds, again):
            report["trainings"] = so_far
            options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
