"""Records episodes with frames: `python record.py` writes recorded.npz.

The trained network drives from starts that it never trained on. The first three episodes in which it arrives, the first
two in which it crashes, and the same starts driven by the untrained network are kept, so that a success can be compared
with a failure, and trained with untrained, step by step.

Layout of the file, for an episode of t steps:
    observation [1, 15, 7] float32      the model's input at the first step of the first episode
    episode_000/observation [t, 1, 15, 7]   and for every episode: the model's input at each step
    episode_000/action [t] int64        0 slower, 1 idle, 2 faster
    episode_000/action_values [t, 3]    float32, by the network that drove
    episode_000/reward [t] float32
    episode_000/frames                  [t, 480, 480, 3] uint8, as the observation was made
    episode_000/boxes                   [t, 15, 4] float32: left, top, right, bottom of each vehicle in the frame's
                                        pixels, in the order of the observation; NaN where there is no vehicle; a vehicle
                                        outside the picture keeps its true place there
    episode_000/changed [t] bool        whether the action differs from the step before
    episode_000/length, /score, /crashed, /arrived, /trained, /environment_seed, /label
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from environment import DEFAULT_FREQUENCY, FEATURES, POSITION_RANGE, VEHICLES, Episode, make_environment, play
from model import EgoAttentionNetwork
from train import GreedyPolicy, load

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.publishing import save_recording  # noqa: E402

RECORD_SEED = 300_000
FRAME_PIXELS = 480
PIXELS_PER_METRE = 3.0
CENTRE = (0.5, 0.6)
"""Where the ego vehicle is in the frame, as shares of its width and height; most of what matters is ahead."""
LENGTH, WIDTH = 6.0, 3.0
"""Metres: a highway-env vehicle (5 x 2) and half a metre of margin on each side."""


def boxes_of(observation: np.ndarray) -> np.ndarray:
    """[15, 4] left, top, right, bottom in the frame's pixels, around each vehicle as it stands; NaN where absent.

    highway-env draws the ego vehicle at CENTRE and everything else relative to it: x to the right, y downwards.
    """
    feature = {name: observation[:, column] for column, name in enumerate(FEATURES)}
    metres = np.stack([feature["x"], feature["y"]], axis=-1) * POSITION_RANGE
    middle = (metres - metres[0]) * PIXELS_PER_METRE + np.array(CENTRE) * FRAME_PIXELS
    along, across = np.abs(feature["cos_h"])[:, None], np.abs(feature["sin_h"])[:, None]
    extent = along * (LENGTH, WIDTH) + across * (WIDTH, LENGTH)  # of the turned rectangle, in metres
    half = extent / 2 * PIXELS_PER_METRE
    boxes = np.concatenate([middle - half, middle + half], axis=-1).astype(np.float32)
    boxes[feature["presence"] < 0.5] = np.nan
    return boxes


def arrays_of(episode: Episode, network: EgoAttentionNetwork, seed: int, trained: bool) -> dict[str, np.ndarray]:
    observation = np.stack(episode.observations)
    with torch.no_grad():
        values = network(torch.from_numpy(observation)).numpy()
    actions = np.array(episode.actions, np.int64)
    driver = "trained" if trained else "untrained"
    return {
        "observation": observation[:, None],
        "action": actions,
        "action_values": values,
        "reward": np.array(episode.rewards, np.float32),
        "frames": np.stack(episode.frames),
        "boxes": np.stack([boxes_of(each) for each in observation]),
        "changed": np.diff(actions, prepend=actions[:1]) != 0,
        "length": np.array(len(episode), np.int64),
        "score": np.array(episode.score, np.float32),
        "crashed": np.array(episode.crashed),
        "arrived": np.array(episode.arrived),
        "trained": np.array(trained),
        "environment_seed": np.array(seed, np.int64),
        "label": np.array(f"{driver}, {episode.ending}, score {episode.score:.1f}"),
    }


def assert_boxes_fit(arrays: dict[str, np.ndarray]) -> None:
    """In every frame the middle of each visible box has the colour of a vehicle: brighter than the grey road."""
    for frame, boxes in zip(arrays["frames"], arrays["boxes"]):
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        inside = np.all((middles >= 2) & (middles < FRAME_PIXELS - 2), axis=-1)  # NaN is outside
        for x, y in middles[inside].astype(int):
            patch = frame[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).astype(int)
            assert (np.ptp(patch, axis=1) > 40).any(), f"no vehicle at {x}, {y}"


def record(trained: EgoAttentionNetwork, untrained: EgoAttentionNetwork, arrivals: int, crashes: int) -> dict:
    """All arrays of the file, by name."""
    env = make_environment(
        DEFAULT_FREQUENCY,
        screen_width=FRAME_PIXELS,
        screen_height=FRAME_PIXELS,
        scaling=PIXELS_PER_METRE,
        centering_position=list(CENTRE),
    )
    wanted = {"arrived": arrivals, "crashed": crashes}
    seeds: dict[str, list[int]] = {ending: [] for ending in wanted}
    for seed in range(RECORD_SEED, RECORD_SEED + 100):
        ending = play(env, GreedyPolicy(trained), seed).ending
        if len(seeds.get(ending, [])) < wanted.get(ending, 0):
            seeds[ending].append(seed)
        if all(len(seeds[each]) == wanted[each] for each in wanted):
            break
    plans = [(seed, trained, True) for each in wanted for seed in seeds[each]]
    plans += [(seed, untrained, False) for each in wanted for seed in seeds[each][:1]]
    recorded: dict[str, np.ndarray] = {}
    for index, (seed, network, is_trained) in enumerate(plans):
        arrays = arrays_of(play(env, GreedyPolicy(network), seed, frames=True), network, seed, is_trained)
        assert arrays["observation"].shape[1:] == (1, VEHICLES, len(FEATURES))
        assert_boxes_fit(arrays)
        if index == 0:
            recorded["observation"] = arrays["observation"][0]
        recorded |= {f"episode_{index:03d}/{name}": array for name, array in arrays.items()}
        print(f"episode_{index:03d}: {len(arrays['action']):2d} steps, {arrays['label']}")
    return recorded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--untrained", type=Path, default=HERE / "untrained.pt")
    parser.add_argument("--quick", action="store_true", help="one arrival only")
    parser.add_argument("--out", type=Path, default=HERE / "recorded.npz")
    options = parser.parse_args()
    torch.set_num_threads(1)
    arrivals, crashes = (1, 0) if options.quick else (3, 2)
    save_recording(record(load(options.checkpoint), load(options.untrained), arrivals, crashes), options.out)


if __name__ == "__main__":
    main()
