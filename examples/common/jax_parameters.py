"""Parameters of the JAX examples: by name, nested, and as a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Params = dict[str, Any]
"""Arrays in nested dictionaries, as Flax has them."""


def named_leaves(params: Params) -> dict[str, jax.Array]:
    """`prefix.layers_0.q_einsum` and so on, in a fixed order."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(params)
    return {".".join(part.key for part in path): leaf for path, leaf in leaves}


def nested(leaves: dict[str, jax.Array]) -> Params:
    """The inverse of `named_leaves`."""
    params: Params = {}
    for name, leaf in leaves.items():
        *folders, last = name.split(".")
        place = params
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = leaf
    return params


def save(path: Path, params: Params, about: dict[str, Any]) -> None:
    """Writes the parameters by name, and how they were trained."""
    arrays = {name: np.asarray(leaf) for name, leaf in named_leaves(params).items()}
    with path.open("wb") as file:
        np.savez(file, about=np.array(json.dumps(about)), **arrays)


def load(path: Path) -> tuple[Params, dict[str, Any]]:
    """Parameters, and how they were trained."""
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays.pop("about")))
    return nested({name: jnp.asarray(array) for name, array in arrays.items()}), about
