"""Summaries of what `evaluate.py` measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Figures = dict[str, float]
"""Named figures of one seed."""


def spread(values: Sequence[float]) -> Figures:
    """Mean, population standard deviation and extremes; which extreme is the worse depends on the figure."""
    column = np.asarray(values, np.float64)
    return {
        "mean": round(float(column.mean()), 4),
        "deviation": round(float(column.std()), 4),
        "lowest": round(float(column.min()), 4),
        "highest": round(float(column.max()), 4),
    }


def summary(per_seed: Sequence[Figures]) -> dict[str, Figures]:
    """The spread over the seeds of each figure that the first of them names."""
    return {name: spread([figures[name] for figures in per_seed]) for name in per_seed[0]}
