"""Trains the policy by flow matching on the scripted expert: `python train.py --seed 0`.

pi0 starts from a pretrained vision-language model, which already knows what "the red block" refers to. Nothing of that
kind is small enough, so the prefix expert learns it here, at the same time, from a second loss: for each patch, is the
named block in it, and is the named destination. The two small heads that say so are dropped after training.
"""

from __future__ import annotations

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from model import (
    CAMERAS,
    GRID,
    HORIZON,
    IMAGE,
    PATCH,
    PATCHES,
    WIDTH,
    Array,
    Params,
    embed_prefix,
    embed_suffix,
    init_params,
    prefix_pass,
    suffix_pass,
)
from rollout import roll_out
from world import BLOCKS, Scenes, anywhere, expert, instructions, render, tokenize

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.jax_parameters import load, save  # noqa: E402

STEPS = 2400
"""Length of the learning rate's schedule."""
UNTIL = 1500
"""Where training stops: by then the schedule has come down to a third, and hardly a scene fails any more."""
BATCH = 32
NOISE_SAMPLES = 4
"""Flow-matching samples for each prefix: a suffix costs a tenth of a prefix."""
LEARNING_RATE = 1e-3
WARM_UP = 200
GROUNDING = 1.0
"""Weight of the second loss."""


def patch_targets(scenes: Scenes, shares: np.ndarray) -> np.ndarray:
    """[n, 36, 2]: the visible share of the named block and of the destination in each patch, relative to a quarter."""
    row = np.arange(len(scenes))
    named = shares[row[:, None], np.stack([scenes.target, BLOCKS + scenes.destination], axis=1)]
    by_patch = named.reshape(len(scenes), 2, GRID, PATCH, GRID, PATCH).mean(axis=(3, 5))
    return np.clip(by_patch * 4, 0, 1).reshape(len(scenes), 2, PATCHES).transpose(0, 2, 1).astype(np.float32)


def batch_of(rng: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    scenes = anywhere(rng, count)
    pictures = [render(scenes, camera, IMAGE) for camera in CAMERAS]
    return {
        "base_rgb": pictures[0][0],
        "wrist_rgb": pictures[1][0],
        "prompt": tokenize(instructions(scenes)),
        "state": scenes.state,
        "actions": expert(scenes, HORIZON),
        "patches": np.concatenate([patch_targets(scenes, shares) for _, shares in pictures], axis=1),
    }


def losses(trained: Params, batch: dict[str, Array], key: Array) -> tuple[Array, tuple[Array, Array]]:
    """The sum of both losses, and each: flow matching as in pi0, and grounding."""
    params = trained["policy"]
    tokens, present = embed_prefix(params, batch["base_rgb"], batch["wrist_rgb"], batch["prompt"])
    cache, _, x = prefix_pass(params, tokens, present)
    logits = jnp.matmul(x[:, : len(CAMERAS) * PATCHES], trained["ground"]["kernel"]) + trained["ground"]["bias"]
    grounding = optax.sigmoid_binary_cross_entropy(logits, batch["patches"]).mean()

    time_key, noise_key = jax.random.split(key)
    repeat = lambda array: jnp.repeat(array, NOISE_SAMPLES, axis=0)  # noqa: E731
    actions = repeat(batch["actions"])
    t = jax.random.beta(time_key, 1.5, 1.0, (len(actions),)) * 0.999 + 0.001
    noise = jax.random.normal(noise_key, actions.shape)
    noisy = t[:, None, None] * noise + (1 - t[:, None, None]) * actions
    wide = [(repeat(k), repeat(v)) for k, v in cache]
    velocity, _ = suffix_pass(params, wide, repeat(present), embed_suffix(params, repeat(batch["state"]), noisy, t))
    flow = jnp.mean((velocity - (noise - actions)) ** 2)
    return flow + GROUNDING * grounding, (flow, grounding)


def train(seed: int, steps: int, until: int, report_every: int, out: Path) -> Params:
    rng = np.random.default_rng(seed)
    key, first = jax.random.split(jax.random.PRNGKey(seed))
    trained = {
        "policy": init_params(first),
        "ground": {"kernel": jnp.zeros((WIDTH, 2)), "bias": jnp.full(2, -3.0)},
    }
    schedule = optax.warmup_cosine_decay_schedule(0, LEARNING_RATE, min(WARM_UP, steps // 4), steps, LEARNING_RATE / 50)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, b2=0.99, weight_decay=1e-4))
    memory = optimizer.init(trained)

    @jax.jit
    def update(trained: Params, memory: optax.OptState, batch: dict[str, Array], key: Array):  # noqa: ANN202
        (_, parts), gradient = jax.value_and_grad(losses, has_aux=True)(trained, batch, key)
        change, memory = optimizer.update(gradient, memory, trained)
        return optax.apply_updates(trained, change), memory, parts

    started, recent = time.process_time(), []
    for step in range(1, until + 1):
        key, now = jax.random.split(key)
        trained, memory, parts = update(trained, memory, batch_of(rng, BATCH), now)
        recent.append([float(part) for part in parts])
        if step % report_every == 0 or step == until:
            flow, grounding = np.mean(recent, axis=0)
            recent = []
            played = roll_out(trained["policy"], episodes=50, seed=1)
            print(
                f"step {step:5d}  {time.process_time() - started:5.0f} CPU s  flow {flow:.3f}  grounding "
                f"{grounding:.4f}  success {played.success.mean():.2f}  first pick right {played.first_right.mean():.2f}",
                flush=True,
            )
            about = {"seed": seed, "step": step, "steps": steps, "cpu_seconds": round(time.process_time() - started)}
            save(out, trained["policy"], about)
    return trained["policy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="length of the learning rate's schedule")
    parser.add_argument("--until", type=int, default=UNTIL, help="where training stops")
    parser.add_argument("--quick", action="store_true", help="20 steps, to see that everything runs")
    parser.add_argument("--out", type=Path, default=HERE / "checkpoint.npz")
    options = parser.parse_args()
    steps, until, report_every = (20, 20, 10) if options.quick else (options.steps, options.until, 250)
    train(options.seed, steps, min(steps, until), report_every, options.out)
    params, about = load(options.out)
    print(f"{sum(leaf.size for leaf in jax.tree.leaves(params)):,} parameters written to {options.out}: {about}")


if __name__ == "__main__":
    main()
