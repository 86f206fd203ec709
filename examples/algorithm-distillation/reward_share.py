"""Which heads look at rewards? `python reward_share.py` prints a line for each head, over recorded.npz.

For the query token at every fourth step of the ten recorded episodes: the share of its attention on transitions that
were rewarded, beside the share of transitions that were (what a head would give that looks everywhere alike), the share
on the latest 20 transitions (8 % of them), and the entropy divided by that of a uniform row.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from compare import forward
from environment import HORIZON
from train import load

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="the first sample only")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load(options.checkpoint)
    rows: list[np.ndarray] = []  # each [steps, layers, heads, 240]
    rewards: list[np.ndarray] = []
    with np.load(HERE / "recorded.npz") as recorded:
        samples = sorted({name.split("/")[0] for name in recorded if "/" in name})
        for sample in samples[:1] if options.quick else samples:
            history, state = (torch.from_numpy(recorded[f"{sample}/{name}"][::4, 0]) for name in ("history", "state"))
            with torch.no_grad():
                _, maps = forward(model, history, state)
            rows.append(np.stack([layer[:, :, -1].numpy() for layer in maps], axis=1))
            rewards.append(recorded[f"{sample}/history_reward"][::4])
    attention, rewarded = np.concatenate(rows), np.concatenate(rewards)
    context = attention[..., :-1]
    share = (context * rewarded[:, None, None]).sum(axis=-1).mean(axis=0)
    recent = context[..., -HORIZON:].sum(axis=-1).mean(axis=0)
    entropy = -(attention * np.log(attention + 1e-12)).sum(axis=-1).mean(axis=0) / np.log(attention.shape[-1])
    print(f"rewarded transitions: {rewarded.mean():.2f} of all")
    for layer, head in np.ndindex(share.shape):
        print(
            f"L{layer}H{head}  on rewarded {share[layer, head]:.2f}  on the latest {HORIZON} {recent[layer, head]:.2f}  "
            f"entropy {entropy[layer, head]:.2f}"
        )


if __name__ == "__main__":
    main()
