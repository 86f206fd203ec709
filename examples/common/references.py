"""Reference maps for the tests: reference.npz, and reference.json that says how and from which files it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from common.publishing import REPOSITORY
from common.running import Arrays

TOLERANCE = 1e-5
"""Largest allowed difference of a probability between the framework and ONNX Runtime."""


def sites_named(maps: Sequence[np.ndarray]) -> Arrays:
    """`site_000` and so on, in graph order."""
    return {f"site_{index:03d}": np.asarray(array) for index, array in enumerate(maps)}


def differences(expected: Arrays, actual: Arrays) -> dict[str, float]:
    """By how much ONNX Runtime differs in each array; raises where a map differs by more than `TOLERANCE`."""
    assert expected.keys() == actual.keys(), f"only on one side: {sorted(expected.keys() ^ actual.keys())}"
    result: dict[str, float] = {}
    for name, array in expected.items():
        assert array.shape == actual[name].shape, f"{name}: {array.shape}, {actual[name].shape}"
        result[name] = float(np.abs(array - actual[name]).max())
        assert not name.startswith("site_") or result[name] <= TOLERANCE, f"{name} differs by {result[name]}"
    return result


def write_reference(
    folder: Path,
    reference: Arrays,
    *,
    script: str,
    method: str,
    packages: Sequence[str],
    example: Path,
    files: Sequence[str],
    about: dict[str, object],
) -> None:
    """Writes both files into `folder`; `files` are those of the example that the arrays were made from."""
    folder.mkdir(exist_ok=True)
    np.savez_compressed(folder / "reference.npz", **reference)
    provenance = {
        "made_by": Path(script).resolve().relative_to(REPOSITORY).as_posix(),
        "method": method,
        "versions": {name: version(name) for name in packages},
        "sha256": {name: hashlib.sha256((example / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "reference.json").write_text(json.dumps(provenance | about, indent=2) + "\n")
    print(f"{folder / 'reference.npz'}: {len(reference)} arrays, {(folder / 'reference.npz').stat().st_size:,} bytes")
