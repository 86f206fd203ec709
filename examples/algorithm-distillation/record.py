"""Records the trained model in goals that it was not trained on: `python record.py` writes recorded.npz.

Ten samples: the nine held-out goals, and the first of them once more with other dice. In each the model plays twelve
episodes from an empty history on, and the thirteenth, in which its context of 239 transitions is full, is recorded step
by step: a whole trajectory of 20 runs, early, middle and late.

Layout of the file:
    history [1, 239, 10] float32, state [1] int64
        the inputs of model.onnx at the last step of sample_000
    sample_000/history [20, 1, 239, 10], sample_000/state [20, 1]
        the inputs at each step: the last 239 transitions (s, one-hot a, r, s') and the state (cell 0..80) to act in
    sample_000/probabilities [20, 5] float32    of the actions
    sample_000/action, /reward, /distance [20]  what was done, what it was worth, steps from the goal before it
    sample_000/third [20] text                  early, middle, late
    sample_000/frames [20, 90, 90, 3] uint8     the room from above, 10 px a cell: goal, agent, cells entered before
    sample_000/history_reward [20, 239]         the rewards in each context, one a token
    sample_000/history_return [12] float32      of the episodes before
    sample_000/return, /length, /found_before, /goal, /seed, /label
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from environment import ACTIONS, CELLS, CENTRE, HORIZON, SIZE, Histories, distance, split_goals
from model import CONTEXT, AlgorithmDistillation, transitions
from rollout import ModelPolicy, roll_out
from train import load

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.publishing import save_recording  # noqa: E402

EPISODES = 13
CELL_PIXELS = 10
FLOOR, ENTERED, GOAL, AGENT = (28, 28, 32), (70, 74, 84), (240, 190, 60), (90, 190, 250)

Arrays = dict[str, np.ndarray]


def frame(agent: int, goal: int, entered: np.ndarray) -> np.ndarray:
    """[90, 90, 3] uint8: the room from above; the model sees none of it."""
    colours = np.array([ENTERED if seen else FLOOR for seen in entered], np.uint8)
    colours[goal] = GOAL
    picture = colours.reshape(SIZE, SIZE, 3).repeat(CELL_PIXELS, axis=0).repeat(CELL_PIXELS, axis=1)
    picture[::CELL_PIXELS] = picture[:, ::CELL_PIXELS] = 0
    top, left = agent // SIZE * CELL_PIXELS, agent % SIZE * CELL_PIXELS
    picture[top + 3 : top + 8, left + 3 : left + 8] = AGENT
    return picture


def probabilities(model: AlgorithmDistillation, history: np.ndarray, state: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.from_numpy(history), torch.from_numpy(state)).softmax(dim=-1).numpy()


def arrays_of(model: AlgorithmDistillation, played: Histories, row: int, seed: int) -> Arrays:
    """The last episode of one room, step by step, with the context of each step."""
    goal = int(played.goals[row])
    states, actions, rewards, next_states = (
        column[row] for column in (played.states, played.actions, played.rewards, played.next_states)
    )
    steps = np.arange(len(states) - HORIZON, len(states))
    features = transitions(states[None], actions[None], rewards[None], next_states[None])[0].numpy()
    history = np.stack([features[step - CONTEXT : step] for step in steps])
    entered = [np.isin(np.arange(CELLS), next_states[:step]) for step in steps]
    before = played.returns()[row, :-1].astype(np.float32)
    value = float(rewards[steps].sum())
    found = bool(rewards[: steps[0]].any())
    told = f"goal found before, return {value:g}" if found else f"goal not found before, return {value:g}"
    return {
        "history": history[:, None],
        "state": states[steps, None],
        "probabilities": probabilities(model, history, states[steps]),
        "action": actions[steps],
        "reward": rewards[steps],
        "distance": distance(states[steps], np.full(HORIZON, goal)),
        "third": np.array(["early"] * 7 + ["middle"] * 6 + ["late"] * 7),
        "frames": np.stack([frame(states[step], goal, seen) for step, seen in zip(steps, entered)]),
        "history_reward": np.stack([rewards[step - CONTEXT : step] for step in steps]),
        "history_return": before,
        "return": np.array(value, np.float32),
        "length": np.array(HORIZON, np.int64),
        "found_before": np.array(found),
        "goal": np.array(goal, np.int64),
        "seed": np.array(seed, np.int64),
        "label": np.array(f"goal {distance(np.array(goal), np.array(CENTRE))} steps away, {told}"),
    }


def record(checkpoint: Path, goals: np.ndarray) -> Arrays:
    """All arrays of the file, by name."""
    model = load(checkpoint)
    plans = [(row, 0) for row in range(len(goals))] + [(0, 1)]
    games = {seed: roll_out(ModelPolicy(model, seed), goals, EPISODES) for seed in {seed for _, seed in plans}}
    recorded: Arrays = {}
    for index, (row, seed) in enumerate(plans):
        arrays = arrays_of(model, games[seed], row, seed)
        assert arrays["probabilities"].shape == (HORIZON, len(ACTIONS))
        if index == 0:
            recorded |= {"history": arrays["history"][-1], "state": arrays["state"][-1]}
        recorded |= {f"sample_{index:03d}/{name}": array for name, array in arrays.items()}
        print(f"sample_{index:03d}: {arrays['label']}; before: {arrays['history_return'].astype(int).tolist()}")
    return recorded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="one goal only")
    parser.add_argument("--out", type=Path, default=HERE / "recorded.npz")
    options = parser.parse_args()
    torch.set_num_threads(1)
    goals = split_goals()[1]
    save_recording(record(options.checkpoint, goals[:1] if options.quick else goals), options.out)


if __name__ == "__main__":
    main()
