"""Summaries of what `evaluate.py` measured, and whether a training learned what the README promises of any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

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


def means(summarised: dict[str, Figures]) -> Figures:
    """The mean of each figure of a summary."""
    return {name: value["mean"] for name, value in summarised.items()}


def trainings(
    committed: tuple[int, Figures], others: Iterable[int], trained_again: Callable[[int], Figures]
) -> Iterator[dict[str, object]]:
    """Trains with one seed after another; yields after each what all have reached so far, for figures.json.

    The first is the committed training, which is given by its seed and its figures.
    """
    seeds, per_seed = [committed[0]], [committed[1]]
    for seed in others:
        per_seed.append(trained_again(seed))
        seeds.append(seed)
        yield {"seeds": seeds, "per_seed": per_seed, "summary": summary(per_seed)}


def promised(figure: str, value: float, at_least: float) -> dict[str, object]:
    """Says whether the learned figure is as good as the README promises of a training on any machine; for figures.json."""
    within = value >= at_least
    print(f"{figure}: {value:.2f}, promised at least {at_least:g}: {'as good' if within else 'NOT AS GOOD'}", flush=True)
    return {"figure": figure, "value": round(value, 4), "at_least": at_least, "within": within}
