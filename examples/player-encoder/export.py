"""Exports a checkpoint to ONNX through jax2onnx: `python export.py`, or `--random` for parameters that saw no training.

The module is exported as it is written, not jitted and without vmap: inside either, jax2onnx takes the softmax apart.
The batch is fixed at one, since one sample has a whole batch in it: the remembered turns of `local_timestep_decoder`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.jax_export import to_named_onnx  # noqa: E402
from common.jax_parameters import load, named_leaves, nested  # noqa: E402
from common.publishing import publish  # noqa: E402
from common.running import Arrays, largest_difference, run_with_softmaxes  # noqa: E402

from features import INPUTS  # noqa: E402
from model import (  # noqa: E402
    ATTENTION,
    Array,
    Config,
    PlayerEncoder,
    init_params,
    with_probabilities,
)
from skirmish import GENERATIONS  # noqa: E402
from train import held_out  # noqa: E402

OUTPUTS = ("logits", "value", "types")


def single(data: Arrays, row: int) -> Arrays:
    """The inputs of one turn, as a batch of one."""
    return {name: data[name][row : row + 1] for name in INPUTS}


def largest_errors(config: Config, params: dict[str, Any], path: Path, data: Arrays, rows: list[int]) -> tuple[float, float]:
    """Largest difference between JAX and ONNX Runtime, of an output and of a map.

    The graph's softmaxes are compared with JAX's probabilities where these are not masked to zero afterwards.
    """
    outputs = maps = 0.0
    for row in rows:
        inputs = single(data, row)
        expected, expected_maps = with_probabilities(config, params, [inputs[name] for name in INPUTS])
        actual, actual_maps = run_with_softmaxes(path, inputs)
        outputs = max(outputs, largest_difference(expected, actual.values()))
        for a, b in zip(expected_maps, actual_maps, strict=True):
            maps = max(maps, float(np.abs(np.where(a > 0, a - b, 0)).max()))
    return outputs, maps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.npz")
    parser.add_argument("--random", action="store_true", help="new parameters instead of the checkpoint's")
    parser.add_argument("--generation", type=int, choices=tuple(GENERATIONS), default=9, help="with --random")
    parser.add_argument("--seed", type=int, default=0, help="with --random")
    parser.add_argument("--out", type=Path, default=None, help="model.onnx, or random.onnx with --random")
    options = parser.parse_args()
    out = options.out or HERE / ("random.onnx" if options.random else "model.onnx")
    if options.random:
        config = Config(generation=options.generation)
        data, _ = held_out(config.generation, seed=0, battles=10)
        params = init_params(config, list(single(data, 0).values()), options.seed)
    else:
        params, about = load(options.checkpoint)
        config = Config(generation=about["generation"])
        data, _ = held_out(config.generation, seed=0, battles=10)

    def encoder(weights: dict[str, Array], *inputs: Array) -> tuple[Array, Array, Array]:
        return PlayerEncoder(config).apply({"params": nested(weights)}, *inputs)

    shapes = {name: jax.ShapeDtypeStruct(array.shape, array.dtype) for name, array in single(data, 0).items()}
    model = to_named_onnx(encoder, named_leaves(params), shapes, OUTPUTS, ATTENTION)
    publish(model, out)
    outputs, maps = largest_errors(config, params, out, data, rows=[0, 3, 60, 120])
    assert outputs < 1e-4 and maps < 1e-5, (outputs, maps)
    print(f"{out}: {out.stat().st_size:,} bytes; largest difference from JAX: outputs {outputs:.1e}, attention {maps:.1e}")


if __name__ == "__main__":
    main()
