"""Trains the player encoder to choose as the wise player does: `python train.py --generation 9 --seed 0`."""

from __future__ import annotations

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from features import INPUTS, Arrays, demonstrations
from model import Array, Config, PlayerEncoder, init_params
from skirmish import GENERATIONS

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.jax_parameters import save  # noqa: E402

BATTLES = 1500
HELD_OUT_SEED = 1_000_000
STEPS = 800
BATCH = 64
LEARNING_RATE = 1e-3
WARM_UP = 100
VALUE_WEIGHT, TYPES_WEIGHT = 0.25, 0.5


def held_out(generation: int, seed: int, battles: int = 40) -> tuple[Arrays, np.ndarray]:
    """Battles that no training has seen."""
    return demonstrations(np.random.default_rng((HELD_OUT_SEED, seed)), battles, GENERATIONS[generation])


def losses(config: Config, params: dict[str, Any], batch: dict[str, Array]) -> tuple[Array, Array]:
    """The sum, and its parts [4]: cross-entropy of the wise action, squared error of the outcome, cross-entropy of the
    active creatures' types; and the share of actions that are right.

    The types are asked for so that remembering them is learned early; the action depends on them.
    """
    logits, value, types = PlayerEncoder(config).apply({"params": params}, *(batch[name] for name in INPUTS))
    policy = optax.softmax_cross_entropy_with_integer_labels(logits, batch["action"]).mean()
    outcome = jnp.mean((value - batch["outcome"]) ** 2)
    named = optax.softmax_cross_entropy_with_integer_labels(types, batch["types"]).mean()
    right = jnp.mean(logits.argmax(axis=-1) == batch["action"])
    return policy + VALUE_WEIGHT * outcome + TYPES_WEIGHT * named, jnp.stack([policy, outcome, named, right])


def train(config: Config, seed: int, steps: int, battles: int, report_every: int) -> tuple[dict[str, Any], float]:
    """Parameters, and the CPU seconds they took."""
    rng = np.random.default_rng(seed)
    data, _ = demonstrations(rng, battles, GENERATIONS[config.generation])
    count = len(data["action"])
    params = init_params(config, [data[name][:1] for name in INPUTS], seed)
    schedule = optax.warmup_cosine_decay_schedule(0, LEARNING_RATE, min(WARM_UP, steps // 4), steps, LEARNING_RATE / 50)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-3))
    memory = optimizer.init(params)

    @jax.jit
    def update(params, memory, batch):  # noqa: ANN001, ANN202
        gradient, parts = jax.grad(lambda p: losses(config, p, batch), has_aux=True)(params)
        change, memory = optimizer.update(gradient, memory, params)
        return optax.apply_updates(params, change), memory, parts

    started, recent = time.process_time(), []
    for step in range(1, steps + 1):
        rows = rng.integers(0, count, BATCH)
        params, memory, parts = update(params, memory, {name: array[rows] for name, array in data.items()})
        recent.append(np.asarray(parts))
        if step % report_every == 0:
            policy, outcome, named, right = np.mean(recent, axis=0)
            recent = []
            print(
                f"step {step:5d}  {time.process_time() - started:5.0f} CPU s  policy {policy:.3f}  value {outcome:.3f}  "
                f"types {named:.3f}  top-1 in training {right:.3f}",
                flush=True,
            )
    return params, time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generation", type=int, choices=tuple(GENERATIONS), default=9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--quick", action="store_true", help="20 steps on few battles, to see that everything runs")
    parser.add_argument("--out", type=Path, default=HERE / "checkpoint.npz")
    options = parser.parse_args()
    config = Config(generation=options.generation)
    steps, battles = (20, 50) if options.quick else (options.steps, BATTLES)
    params, seconds = train(config, options.seed, steps, battles, report_every=min(50, steps))
    about = {"generation": options.generation, "seed": options.seed, "steps": steps, "cpu_seconds": round(seconds)}
    save(options.out, params, about)
    print(f"{sum(leaf.size for leaf in jax.tree.leaves(params)):,} parameters written to {options.out}: {about}")


if __name__ == "__main__":
    main()
