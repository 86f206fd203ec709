"""Records episodes of the trained policy in the real environment: `python record.py` writes recorded.npz.

For the model with the vision encoder: `python record.py --checkpoint vit.pt --out vit.npz`.

Every one of the map's four layouts is played twice from the same start, once asked for a high return (0.75) and once
for none (0.0), so that a success and a failure can be compared step by step. A few further episodes take random
actions now and then, which makes them longer and takes the policy off the demonstrated paths.

Layout of the file, for an episode of t steps:
    returns_to_go [1, t] float32, states [1, t, 7, 7, 3] int64, actions [1, t] int64, timesteps [1, t] int64
        the inputs of model.onnx for the default episode (the first); the last action has no token
    rewards [1, t] float32              of the default episode
    frames [t, 112, 112, 3] uint8       what the agent saw, drawn, 16 px a cell: it stands in the middle of the last row
    episode_000/returns_to_go ...       the same six arrays for every episode
    episode_000/success, /wrong_object  bool
    episode_000/target_return           float32, the return asked for
    episode_000/perturbation            float32, probability of a random action at each step
    episode_000/environment_seed        int64
    episode_000/length                  int64, number of steps
    episode_000/label                   text
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from environment import FixedStartMemoryEnv, Trajectory
from rollout import EVALUATION_SEED, ModelPolicy, model_inputs, roll_out
from train import load

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.publishing import save_recording  # noqa: E402

HIGH_RETURN, NO_RETURN = 0.75, 0.0
PERTURBATION = 0.3
PERTURBED_EPISODES = 4
CELL_PIXELS = 16


def one_seed_per_layout() -> list[int]:
    """The first environment seed of each of the four layouts: kind of the cue, and where its match lies."""
    env = FixedStartMemoryEnv()
    found: dict[tuple[str, tuple[int, int]], int] = {}
    seed = EVALUATION_SEED
    while len(found) < 4:
        env.reset(seed=seed)
        cue = env.grid.get(1, env.height // 2 - 1)
        found.setdefault((cue.type, env.success_pos), seed)
        seed += 1
    return list(found.values())


def frames_of(episode: Trajectory, seed: int) -> np.ndarray:
    """[t, 112, 112, 3] uint8: the agent's view before each action, drawn by playing the episode again."""
    env = FixedStartMemoryEnv()
    observation, _ = env.reset(seed=seed)
    frames = []
    for state, action in zip(episode.states, episode.actions, strict=True):
        assert np.array_equal(observation["image"], state), "the episode took another course"
        frames.append(env.get_pov_render(tile_size=CELL_PIXELS))
        observation, *_ = env.step(action)
    return np.stack(frames)


def arrays_of(episode: Trajectory, target_return: float, seed: int) -> dict[str, np.ndarray]:
    rewards = np.array([episode.rewards], np.float32)
    return model_inputs([episode], target_return) | {"rewards": rewards, "frames": frames_of(episode, seed)}


def label_of(episode: Trajectory, target_return: float, perturbation: float) -> str:
    ending = "success" if episode.success else "wrong object" if episode.reached_wrong_object else "out of steps"
    asked = f"return {target_return:g} asked"
    return f"{ending}, {asked}" + (f", {perturbation:.0%} random actions" if perturbation else "")


def record(checkpoint: Path) -> dict[str, np.ndarray]:
    """All arrays of the file, by name."""
    model = load(checkpoint)
    seeds = one_seed_per_layout()
    plans = [(seed, target, 0.0) for seed in seeds for target in (HIGH_RETURN, NO_RETURN)]
    plans += [(EVALUATION_SEED + 100 + i, HIGH_RETURN, PERTURBATION) for i in range(PERTURBED_EPISODES)]
    recorded: dict[str, np.ndarray] = {}
    for index, (seed, target, perturbation) in enumerate(plans):
        policy = ModelPolicy(model, target, perturbation, seed=seed)
        (episode,) = roll_out(policy, [seed])
        arrays = arrays_of(episode, target, seed)
        if index == 0:
            recorded |= arrays
        label = label_of(episode, target, perturbation)
        arrays |= {
            "success": np.array(episode.success),
            "wrong_object": np.array(episode.reached_wrong_object),
            "target_return": np.array(target, np.float32),
            "perturbation": np.array(perturbation, np.float32),
            "length": np.array(len(episode), np.int64),
            "environment_seed": np.array(seed, np.int64),
            "label": np.array(label),
        }
        recorded |= {f"episode_{index:03d}/{name}": array for name, array in arrays.items()}
        print(f"episode_{index:03d}: {len(episode):2d} steps, {label}")
    return recorded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.add_argument("--out", type=Path, default=HERE / "recorded.npz")
    options = parser.parse_args()
    torch.set_num_threads(1)
    save_recording(record(options.checkpoint), options.out)


if __name__ == "__main__":
    main()
