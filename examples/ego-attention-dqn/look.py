"""What do the heads look at? `python look.py` prints a line for each head and driver, over recorded.npz.

Over all steps with at least two other vehicles, each driver in its own episodes: the attention on the ego vehicle
itself, on the nearest other vehicle, on the one that the ego vehicle closes in on fastest, and what an even spread over
the vehicles present would give to each of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from environment import FEATURES
from model import EgoAttentionNetwork
from train import load

HERE = Path(__file__).resolve().parent
VELOCITY_PER_POSITION = 20 / 100
"""x and y are in 100 m, vx and vy in 20 m/s."""


def attention_of(network: EgoAttentionNetwork, observation: np.ndarray) -> np.ndarray:
    """[t, 4, 15] of the ego vehicle's query, by PyTorch."""
    kept: list[np.ndarray] = []
    handle = network.attention_layer.probabilities.register_forward_hook(lambda *call: kept.append(call[-1].numpy()))
    with torch.no_grad():
        network(torch.from_numpy(observation))
    handle.remove()
    return kept[0][:, :, 0]


def approaching(observation: np.ndarray) -> np.ndarray:
    """[t] the vehicle (1..14) whose distance from the ego vehicle falls fastest."""
    place = observation[:, :, [FEATURES.index("x"), FEATURES.index("y")]]
    velocity = observation[:, :, [FEATURES.index("vx"), FEATURES.index("vy")]] * VELOCITY_PER_POSITION
    offset, relative = place - place[:, :1], velocity - velocity[:, :1]
    change = (offset * relative).sum(axis=-1) / np.maximum(np.linalg.norm(offset, axis=-1), 1e-6)
    change[observation[:, :, 0] < 0.5] = np.inf
    change[:, 0] = np.inf
    return change.argmin(axis=1)


def nearest(observation: np.ndarray) -> np.ndarray:
    """[t] the other vehicle (1..14) that is nearest to the ego vehicle."""
    place = observation[:, :, [FEATURES.index("x"), FEATURES.index("y")]]
    distance = np.linalg.norm(place - place[:, :1], axis=-1)
    distance[observation[:, :, 0] < 0.5] = np.inf
    distance[:, 0] = np.inf
    return distance.argmin(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="accepted like in the other scripts; it is quick anyway")
    parser.parse_args()
    torch.set_num_threads(1)
    with np.load(HERE / "recorded.npz") as recorded:
        names = sorted({name.split("/")[0] for name in recorded if "/" in name})
        episodes = [(bool(recorded[f"{name}/trained"]), recorded[f"{name}/observation"][:, 0]) for name in names]
    for driver, checkpoint, is_trained in (("trained", "checkpoint.pt", True), ("untrained", "untrained.pt", False)):
        observation = np.concatenate([each for trained, each in episodes if trained == is_trained])
        observation = observation[(observation[:, 1:, 0] > 0.5).sum(axis=1) >= 2]
        attention = attention_of(load(HERE / checkpoint), observation)
        steps = np.arange(len(observation))
        even = (1 / (observation[:, :, 0] > 0.5).sum(axis=1)).mean()
        print(f"{driver}: {len(observation)} steps, an even spread gives {even:.2f}")
        for head in range(attention.shape[1]):
            print(
                f"  head {head}: ego {attention[:, head, 0].mean():.2f}, "
                f"nearest {attention[steps, head, nearest(observation)].mean():.2f}, "
                f"approaching {attention[steps, head, approaching(observation)].mean():.2f}, "
                f"largest {attention[:, head].max(axis=1).mean():.2f}"
            )


if __name__ == "__main__":
    main()
