"""Files that are committed: small, and without a path of the machine that made them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx

REPOSITORY = Path(__file__).resolve().parents[2]
LARGEST_MODEL = 2_000_000  # bytes
LARGEST_RECORDING = 1_000_000  # bytes

FOREIGN = re.compile(
    rb'File "/[^"]*"|(?<![\w.-])/[\w./-]+\.py\b|[^\n]*site-packages[^\n]*|' + re.escape(str(REPOSITORY).encode()) + b"/"
)
"""Paths that only the machine that made a file has."""
SOURCE_LINE = re.compile(rb'examples/[a-z0-9-]+/model\.py(?:", line |:)\d+')


def publish(model: onnx.ModelProto, path: Path, source_lines: bool = True) -> None:
    """Writes a model that passes ONNX's checker, is small, and holds no path of this machine.

    With `source_lines` its nodes must lead to lines of the example's `model.py`.
    """
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString()
    foreign = FOREIGN.findall(content)
    assert not foreign, f"{path.name} would hold paths of this machine: {foreign[:3]}"
    assert not source_lines or SOURCE_LINE.search(content), f"{path.name} would hold no source line"
    assert len(content) <= LARGEST_MODEL, f"{path.name} would have {len(content):,} bytes"
    path.write_bytes(content)


def save_recording(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Writes an npz file and says its size; refuses one that is too large to commit."""
    np.savez_compressed(path, **arrays)
    size = path.stat().st_size
    assert size <= LARGEST_RECORDING, f"{path.name} has {size:,} bytes"
    print(f"{path}: {size:,} bytes")
