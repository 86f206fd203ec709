"""What a player sees, as the model's inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skirmish import (
    CREATURES,
    HISTORY,
    LONGEST,
    MINE,
    MODES,
    MOVES,
    THEIRS,
    TYPES,
    Battles,
    Rules,
    Turn,
    allowed,
    begin,
    play_turn,
    random_action,
    remembered_types,
    wise_action,
)

Arrays = dict[str, np.ndarray]

INPUTS = (
    "private",
    "public",
    "previous",
    "field",
    "sides",
    "history_state",
    "history_entities",
    "history_edges",
    "history_mask",
    "history_requests",
    "request",
    "moves",
    "entity_mask",
    "action_mask",
)


def one_hot(values: np.ndarray, size: int) -> np.ndarray:
    """A last axis of `size`; all zero where the value is negative."""
    return (values[..., None] == np.arange(size)).astype(np.float32)


def stacked(*parts: np.ndarray) -> np.ndarray:
    """Features along the last axis; parts without one of their own get it."""
    axes = max(part.ndim for part in parts)
    return np.concatenate([p if p.ndim == axes else p[..., None] for p in parts], axis=-1).astype(np.float32)


def entities_of(turn: Turn) -> np.ndarray:
    """[n, 2, 15]: side, place in the team, type, what is left."""
    sides = np.broadcast_to(np.eye(2), (*turn.active.shape, 2))
    return stacked(sides, one_hot(turn.active, CREATURES), one_hot(turn.type, TYPES), turn.hp)


def edges_of(turn: Turn) -> np.ndarray:
    """[n, 2, 10]: the move's type, power, effect, damage, and whether it was a switch instead."""
    switched = turn.move_type < 0
    return stacked(one_hot(turn.move_type, TYPES), turn.power, turn.effect / 2, turn.damage, switched)


def state_of(turn: Turn, number: int) -> np.ndarray:
    """[n, 3, 4]: of the field, my side and the other side: turn, share standing, hp of the active, 1 for the field."""
    n = len(turn.hp)
    time = np.full(n, number / LONGEST)
    zero = np.zeros(n)
    field = np.column_stack([time, zero, zero, zero + 1])
    sides = [np.column_stack([time, turn.standing[:, s], turn.hp[:, s], zero]) for s in (MINE, THEIRS)]
    return np.stack([field, *sides], axis=1).astype(np.float32)


def observe(battles: Battles) -> Arrays:
    """The inputs of the model for n battles, in its order; see the table in README.md."""
    n, turns = len(battles), battles.turns
    row = np.arange(n)
    hp, active = battles.hp, one_hot(battles.active, CREATURES)  # [n, 2, 6]
    up = hp > 0
    move_features = stacked(one_hot(battles.move_type[:, MINE], TYPES), battles.power[:, MINE])  # [n, 6, 4, 7]
    public = [
        stacked(
            np.broadcast_to(np.eye(2)[side], (n, CREATURES, 2)),
            np.broadcast_to(np.eye(CREATURES), (n, CREATURES, CREATURES)),
            one_hot(battles.type[:, side], TYPES) * (side == MINE),  # the other side's types are hidden
            hp[:, side],
            active[:, side],
            up[:, side],
        )
        for side in (MINE, THEIRS)
    ]
    number = len(turns)
    now = np.full(n, number / LONGEST)
    sides = [
        np.column_stack([up[:, s].mean(axis=1), hp[row, s, battles.active[:, s]], battles.surge_left[:, s], now * 0 + s])
        for s in (MINE, THEIRS)
    ]
    own_moves = move_features[row, battles.active[:, MINE]]  # [n, 4, 7]
    by_mode = [
        stacked(own_moves, np.broadcast_to(np.eye(len(MODES))[mode], (n, MOVES, len(MODES))))
        for mode in range(len(MODES))
    ]
    remembered = turns[-HISTORY:]
    missing = HISTORY - len(remembered)
    first = number - len(remembered)

    def over_history(features: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        """[n, 16, ...]: oldest first, then zeros for turns that have not been."""
        padding = [np.zeros((n, *shape), np.float32)] * missing
        return np.stack([*features, *padding], axis=1)

    entity_mask = np.concatenate([up[:, MINE], up.reshape(n, -1), np.full((n, 2), number > 0), np.ones((n, 3), bool)], 1)
    return {
        "private": stacked(one_hot(battles.type[:, MINE], TYPES), hp[:, MINE], active[:, MINE], up[:, MINE], move_features.reshape(n, CREATURES, -1)),
        "public": np.concatenate(public, axis=1),
        "previous": entities_of(turns[-1]) if turns else np.zeros((n, 2, 15), np.float32),
        "field": np.column_stack([now, np.full(n, battles.rules.surge), np.full(n, battles.rules.types / TYPES), now * 0 + 1])[:, None].astype(np.float32),
        "sides": np.stack(sides, axis=1).astype(np.float32),
        "history_state": over_history([state_of(turn, first + i) for i, turn in enumerate(remembered)], (3, 4)),
        "history_entities": over_history([entities_of(turn) for turn in remembered], (2, 15)),
        "history_edges": over_history([edges_of(turn) for turn in remembered], (2, 10)),
        "history_mask": np.broadcast_to(np.arange(HISTORY) < len(remembered), (n, HISTORY)).copy(),
        "history_requests": np.broadcast_to(first + np.arange(HISTORY), (n, HISTORY)).astype(np.int32),
        "request": np.full(n, number, np.int32),
        "moves": np.concatenate(by_mode, axis=1),
        "entity_mask": entity_mask,
        "action_mask": allowed(battles, MINE),
    }


def active_types(battles: Battles) -> np.ndarray:
    """[n, 2] int32: types of the active creatures, mine, and theirs as remembered, where 6 stands for not seen."""
    row = np.arange(len(battles))
    mine = battles.type[row, MINE, battles.active[:, MINE]]
    theirs = remembered_types(battles)[row, battles.active[:, THEIRS]]
    return np.stack([mine, np.where(theirs < 0, TYPES, theirs)], axis=1).astype(np.int32)


def demonstrations(rng: np.random.Generator, battles: int, rules: Rules, slips: float = 0.3) -> tuple[Arrays, np.ndarray]:
    """Every turn of `battles` battles, and the number of its battle [N].

    Besides the inputs, `action` [N] is the wise one, `outcome` [N] the battle's, `types` [N, 2] those of the active.

    The player acts wisely except for a share of random `slips`, so that it sees more than the wise player's positions.
    """
    games = begin(rng, battles, rules)
    collected: list[Arrays] = []
    running: list[np.ndarray] = []
    outcome = games.outcome
    while len(games.turns) < LONGEST and not games.over.all():
        wise = wise_action(games)
        collected.append(observe(games) | {"action": wise.astype(np.int32), "types": active_types(games)})
        running.append(~games.over)
        mine = np.where(rng.random(battles) < slips, random_action(games, MINE, rng, 0.4), wise)
        theirs = random_action(games, THEIRS, rng, 0.35)
        play_turn(games, np.stack([mine, theirs], axis=1))
        outcome = np.where(running[-1], games.outcome, outcome)  # what comes after a battle's end is not kept
    keep = np.stack(running, axis=1)  # [battles, turns]; rows stay in battle order, turns within
    arrays = {name: np.stack([step[name] for step in collected], axis=1)[keep] for name in collected[0]}
    arrays["outcome"] = np.broadcast_to(outcome[:, None], keep.shape)[keep].astype(np.float32)
    return arrays, np.nonzero(keep)[0]
