"""Exports one denoising step, with its prefix pass, to ONNX through jax2onnx: `python export.py`.

One step and not ten, so that each pass over the actions can be captured by itself: next_actions and next_time are fed
back as noisy_actions and time.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.jax_export import to_named_onnx  # noqa: E402
from common.jax_parameters import load, named_leaves, nested  # noqa: E402
from common.publishing import publish  # noqa: E402
from common.running import Arrays, largest_difference, run, run_with_softmaxes  # noqa: E402

from model import (  # noqa: E402
    ACTION,
    DENOISING_STEPS,
    DEPTH,
    HORIZON,
    IMAGE,
    INPUTS,
    STATE,
    Array,
    Params,
    denoise_step,
    sample_actions,
)
from rollout import noise_of, observe  # noqa: E402
from world import PROMPT_TOKENS, anywhere  # noqa: E402

OUTPUTS = ("velocity", "next_actions", "next_time")
ATTENTION = [f"prefix.layers_{i}.attn" for i in range(DEPTH - 1)] + [f"suffix.layers_{i}.attn" for i in range(DEPTH)]


def input_shapes() -> dict[str, jax.ShapeDtypeStruct]:
    (batch,) = jax.export.symbolic_shape("batch")
    picture = jax.ShapeDtypeStruct((batch, IMAGE, IMAGE, 3), jnp.uint8)
    return {
        "base_rgb": picture,
        "wrist_rgb": picture,
        "prompt": jax.ShapeDtypeStruct((batch, PROMPT_TOKENS), jnp.int32),
        "state": jax.ShapeDtypeStruct((batch, STATE), jnp.float32),
        "noisy_actions": jax.ShapeDtypeStruct((batch, HORIZON, ACTION), jnp.float32),
        "time": jax.ShapeDtypeStruct((batch,), jnp.float32),
    }


def example_inputs(seed: int, batch: int) -> Arrays:
    scenes = anywhere(np.random.default_rng(seed), batch)
    rest = {"noisy_actions": noise_of(seed, 0, batch), "time": np.ones(batch, np.float32)}
    return observe(scenes) | rest


def largest_errors(params: Params, path: Path) -> tuple[float, float, float]:
    """Largest difference between JAX and ONNX Runtime: of an output, of a map, of the actions after ten passes."""
    outputs = maps = 0.0
    for seed, batch in ((0, 1), (1, 3)):
        inputs = example_inputs(seed, batch)
        expected, expected_maps = denoise_step(params, *(jnp.asarray(inputs[name]) for name in INPUTS))
        actual, actual_maps = run_with_softmaxes(path, inputs)
        outputs = max(outputs, largest_difference(expected, actual.values()))
        maps = max(maps, largest_difference(expected_maps, actual_maps))
    sampled = sample_actions(params, *(inputs[name] for name in INPUTS[:-1]))
    for _ in range(DENOISING_STEPS):
        result = run(path, inputs)
        inputs |= {"noisy_actions": result["next_actions"], "time": result["next_time"]}
    return outputs, maps, float(np.abs(sampled - inputs["noisy_actions"]).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.npz")
    parser.add_argument("--out", type=Path, default=HERE / "model.onnx")
    options = parser.parse_args()
    params, _ = load(options.checkpoint)

    def step(weights: dict[str, Array], *inputs: Array) -> tuple[Array, Array, Array]:
        return denoise_step(nested(weights), *inputs)[0]

    model = to_named_onnx(step, named_leaves(params), input_shapes(), OUTPUTS, ATTENTION)
    publish(model, options.out)
    outputs, maps, sampled = largest_errors(params, options.out)
    assert outputs < 1e-4 and maps < 1e-5 and sampled < 1e-3, (outputs, maps, sampled)
    print(
        f"{options.out}: {options.out.stat().st_size:,} bytes; largest difference from JAX: outputs {outputs:.1e}, "
        f"attention {maps:.1e}, actions after ten passes {sampled:.1e}"
    )


if __name__ == "__main__":
    main()
