"""A made-up battle game with hidden information, and a player whose choice follows from what can be seen.

Two sides of six creatures; one of each is active. In every turn each side either uses one of its active creature's four
moves, or switches to one of its reserve. A move's damage is its power times how its type does against the other
creature's: type t is strong (2) against t + 1 and weak (1/2) against t - 1. The other side's types are not shown: they
have to be remembered from the turns in which its creatures were active. n battles run side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

CREATURES, MOVES, TYPES = 6, 4, 6
MODES = ("plain", "surge", "ward", "haste")
"""Ways to use a move. `surge` is allowed once a battle, from generation 9 on; the others never (their tokens are there)."""
ACTIONS = MOVES * len(MODES) + CREATURES
HISTORY = 16
"""Turns that a player remembers."""
LONGEST = 40
MINE, THEIRS = 0, 1
HANDICAP = 1.6
"""How much harder the other side hits: it chooses at random, and would hardly ever win."""


@dataclass(frozen=True)
class Rules:
    types: int
    surge: bool


GENERATIONS = {1: Rules(types=5, surge=False), 9: Rules(types=TYPES, surge=True)}


def effect(rules: Rules, move: np.ndarray, target: np.ndarray) -> np.ndarray:
    """2, 1 or 1/2 for move types against creature types; 1 where the type is not known (-1)."""
    ahead = (target - move) % rules.types
    known = np.where(ahead == 1, 2.0, np.where(ahead == rules.types - 1, 0.5, 1.0))
    return np.where(target < 0, 1.0, known)


@dataclass
class Turn:
    """What n players could see of one turn; index 0 is their own side, 1 the other. -1 where there was no move."""

    active: np.ndarray  # [n, 2] int, who fought
    type: np.ndarray  # [n, 2] int, their types
    hp: np.ndarray  # [n, 2], before the blows
    standing: np.ndarray  # [n, 2], share of each side's creatures still up
    move_type: np.ndarray  # [n, 2] int
    power: np.ndarray  # [n, 2], with its mode
    effect: np.ndarray  # [n, 2]
    damage: np.ndarray  # [n, 2], given


@dataclass
class Battles:
    """n battles, and what has happened in them."""

    rules: Rules
    type: np.ndarray  # [n, 2, 6] int
    hp: np.ndarray  # [n, 2, 6], 1 to 0
    move_type: np.ndarray  # [n, 2, 6, 4] int
    power: np.ndarray  # [n, 2, 6, 4]
    active: np.ndarray  # [n, 2] int
    surge_left: np.ndarray  # [n, 2] bool
    turns: list[Turn] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.type)

    @property
    def over(self) -> np.ndarray:
        return (self.hp <= 0).all(axis=2).any(axis=1)

    @property
    def outcome(self) -> np.ndarray:
        """[n] 1 where the player's side has more left than the other, -1 where less."""
        left = self.hp.sum(axis=2)
        return np.sign(left[:, MINE] - left[:, THEIRS])


def begin(rng: np.random.Generator, count: int, rules: Rules) -> Battles:
    handicap = np.array([1.0, HANDICAP])[:, None, None]
    return Battles(
        rules=rules,
        type=rng.integers(0, rules.types, (count, 2, CREATURES)),
        hp=np.ones((count, 2, CREATURES)),
        move_type=rng.integers(0, rules.types, (count, 2, CREATURES, MOVES)),
        power=rng.uniform(0.3, 1.0, (count, 2, CREATURES, MOVES)) * handicap,
        active=np.zeros((count, 2), int),
        surge_left=np.full((count, 2), rules.surge),
    )


def allowed(battles: Battles, side: int) -> np.ndarray:
    """[n, 22] bool: 4 moves plain, surging, warding, hastened, then a switch to each creature."""
    row = np.arange(len(battles))
    mask = np.zeros((len(battles), ACTIONS), bool)
    mask[:, :MOVES] = True
    mask[:, MOVES : 2 * MOVES] = battles.surge_left[:, side, None]
    mask[:, -CREATURES:] = battles.hp[:, side] > 0
    mask[row, ACTIONS - CREATURES + battles.active[:, side]] = False
    return mask


def remembered_types(battles: Battles) -> np.ndarray:
    """[n, 6] int: types of the other side's creatures as far as the remembered turns show them, else -1."""
    types = np.full((len(battles), CREATURES), -1)
    for turn in battles.turns[-HISTORY:]:
        types[np.arange(len(battles)), turn.active[:, THEIRS]] = turn.type[:, THEIRS]
    return types


def wise_action(battles: Battles) -> np.ndarray:
    """[n] the action with the largest score of those allowed.

    Scores: power x effect for a move, times 1.3 or 0.9 where it surges into a strong effect or not; for a switch
    0.7 x effect of the creature's own type x what it has left. Types that are not remembered count as neutral.
    """
    row = np.arange(len(battles))
    target = remembered_types(battles)[row, battles.active[:, THEIRS]]
    own = battles.active[:, MINE]
    moves = battles.power[row, MINE, own] * effect(battles.rules, battles.move_type[row, MINE, own], target[:, None])
    strong = effect(battles.rules, battles.move_type[row, MINE, own], target[:, None]) > 1
    switches = 0.7 * effect(battles.rules, battles.type[:, MINE], target[:, None]) * battles.hp[:, MINE]
    none = np.zeros((len(battles), 2 * MOVES))
    scores = np.concatenate([moves, moves * np.where(strong, 1.3, 0.9), none, switches], axis=1)
    return np.where(allowed(battles, MINE), scores, -1).argmax(axis=1)


def random_action(battles: Battles, side: int, rng: np.random.Generator, switching: float) -> np.ndarray:
    """[n] an allowed action, a switch with the given probability where there is one to switch to."""
    mask = allowed(battles, side)
    switch = (rng.random(len(battles)) < switching) & mask[:, -CREATURES:].any(axis=1)
    mask[:, :-CREATURES] &= ~switch[:, None]
    mask[:, -CREATURES:] &= switch[:, None]
    return np.where(mask, rng.random(mask.shape), -1).argmax(axis=1)


def play_turn(battles: Battles, actions: np.ndarray) -> None:
    """One turn in place; actions [n, 2]. Switches come first, then both blows at once; the fallen are replaced."""
    row = np.arange(len(battles))
    switches = actions >= ACTIONS - CREATURES
    battles.active = np.where(switches, actions - (ACTIONS - CREATURES), battles.active)
    move, mode = actions % MOVES, actions // MOVES
    move_type, power, effects, damage = (np.zeros((len(battles), 2)) for _ in range(4))
    fighters = battles.active
    types = np.stack([battles.type[row, side, fighters[:, side]] for side in (MINE, THEIRS)], axis=1)
    hp = np.stack([battles.hp[row, side, fighters[:, side]] for side in (MINE, THEIRS)], axis=1)
    standing = (battles.hp > 0).mean(axis=2)
    for side in (MINE, THEIRS):
        kind = battles.move_type[row, side, fighters[:, side], move[:, side]]
        surges = ~switches[:, side] & (mode[:, side] == 1)
        effects[:, side] = effect(battles.rules, kind, types[:, 1 - side])
        boost = np.where(surges, np.where(effects[:, side] > 1, 1.3, 0.9), 1.0)
        power[:, side] = battles.power[row, side, fighters[:, side], move[:, side]] * boost
        damage[:, side] = np.where(switches[:, side], 0, 0.45 * power[:, side] * effects[:, side])
        move_type[:, side] = np.where(switches[:, side], -1, kind)
        battles.surge_left[:, side] &= ~surges
    battles.turns.append(
        Turn(fighters.copy(), types, hp, standing, move_type.astype(int), power, effects, damage)
    )
    for side in (MINE, THEIRS):
        battles.hp[row, side, fighters[:, side]] = np.maximum(hp[:, side] - damage[:, 1 - side], 0)
        up = battles.hp[:, side] > 0
        fallen = ~up[row, fighters[:, side]]
        battles.active[:, side] = np.where(fallen & up.any(axis=1), up.argmax(axis=1), fighters[:, side])
