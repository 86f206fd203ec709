"""Records two held-out battles turn by turn: `python record.py` writes recorded.npz.

    private [1, 6, 37], public [1, 12, 17] ...   the inputs of model.onnx at one turn of the first battle
    {battle}/private [turns, 6, 37] ...          the same for every turn of a battle
    {battle}/wise_action, chosen_action [turns]  int64, what the wise player does there, and what the model prefers
    {battle}/value [turns]                       float32, the model's
    {battle}/probabilities [turns, 22]           float32, the model's, zero where not allowed
    {battle}/note [turns]                        text
    {battle}/wins                                bool
    {battle}/turns, right                        int64, float32: number of turns, share of them chosen wisely
    {battle}/label                               text
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

from evaluate import outputs_of
from features import INPUTS, Arrays
from model import Config
from skirmish import ACTIONS, CREATURES, HISTORY, MODES, MOVES
from train import held_out

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.jax_parameters import load  # noqa: E402
from common.publishing import save_recording  # noqa: E402

BATTLES = 40
DEFAULT_TURN = 12
ACTION_NAMES = [f"{mode} {move}" for mode in MODES for move in range(MOVES)] + [f"switch {c}" for c in range(CREATURES)]


def battle_arrays(config: Config, params: dict[str, Any], data: Arrays, rows: np.ndarray) -> Arrays:
    turns = {name: array[rows] for name, array in data.items()}
    logits, value, _ = outputs_of(config, params, turns)
    probabilities = np.where(turns["action_mask"], np.asarray(jax.nn.softmax(logits, axis=-1)), 0)
    chosen = probabilities.argmax(axis=1)
    wise = turns["action"].astype(np.int64)
    right = chosen == wise
    outcome = {1.0: "won", 0.0: "drawn", -1.0: "lost"}[float(turns["outcome"][0])]
    note = [
        f"chooses {ACTION_NAMES[c]}" + ("" if same else f", wise is {ACTION_NAMES[w]}")
        for c, w, same in zip(chosen, wise, right)
    ]
    return {name: turns[name] for name in INPUTS} | {
        "wise_action": wise,
        "chosen_action": chosen.astype(np.int64),
        "value": value.astype(np.float32),
        "probabilities": probabilities.astype(np.float32),
        "note": np.array(note),
        "wins": np.array(outcome == "won"),
        "turns": np.array(len(rows)),
        "right": np.array(right.mean(), np.float32),
        "label": np.array(f"{outcome} after {len(rows)} turns, {right.mean():.0%} chosen wisely"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.npz")
    parser.add_argument("--out", type=Path, default=HERE / "recorded.npz")
    options = parser.parse_args()
    params, about = load(options.checkpoint)
    config = Config(generation=about["generation"])
    data, battle = held_out(config.generation, seed=0, battles=BATTLES)
    lengths = np.bincount(battle)
    # Longer than what is remembered, so that the last turns have no padding; and one of each outcome.
    long = [number for number in range(BATTLES) if lengths[number] > HISTORY + 4]
    outcomes = {number: data["outcome"][battle == number][0] for number in long}
    chosen = [next(number for number in long if outcomes[number] == wanted) for wanted in (1, -1)]
    recorded: Arrays = {}
    for index, number in enumerate(chosen):
        arrays = battle_arrays(config, params, data, np.flatnonzero(battle == number))
        if index == 0:
            recorded |= {name: arrays[name][DEFAULT_TURN : DEFAULT_TURN + 1] for name in INPUTS}
        recorded |= {f"battle_{index}/{name}": array for name, array in arrays.items()}
        print(f"battle_{index}: {arrays['label']}")
    assert recorded["action_mask"].shape[1] == ACTIONS
    save_recording(recorded, options.out)


if __name__ == "__main__":
    main()
