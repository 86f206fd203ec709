"""What of the history does the model need? `python compare.py` plays with compressed histories: compression.json.

Three seeds, the nine held-out goals, twelve episodes from an empty history on. Four ways to keep 30 % of the transitions
before each action (the rest never enters the model, what is left moves together), and two that keep the history but
make every attention row sparse. The full history is the first row; random transitions are the control.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from environment import split_goals
from model import AlgorithmDistillation
from rollout import Policy, roll_out
from train import load

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.figures import spread  # noqa: E402

EPISODES = 12
SEEDS = 3
KEPT = 0.3
THRESHOLD = 0.1
TOP_K = 10

Sparsify = Callable[[Tensor], Tensor]
"""Sets some of the probabilities [B, H, T, T] to zero."""


def forward(
    model: AlgorithmDistillation, history: Tensor, state: Tensor, sparsify: Sparsify | None = None
) -> tuple[Tensor, list[Tensor]]:
    """Logits [B, 5] and every layer's probabilities [B, H, T, T], from the weights of the model, written out.

    `sparsify` may set weights to zero; the rest of each row is made to sum to one again.
    """
    x = torch.cat([model.embed_transition(history), model.embed_query(state)[:, None]], dim=1)
    x = x + model.embed_position(torch.arange(x.shape[1]))
    hidden = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    maps: list[Tensor] = []
    for layer in model.transformer.layers:
        attention: nn.MultiheadAttention = layer.self_attn
        projected = F.linear(x, attention.in_proj_weight, attention.in_proj_bias)
        query, key, value = (
            part.unflatten(-1, (attention.num_heads, -1)).transpose(1, 2) for part in projected.chunk(3, dim=-1)
        )
        scores = query @ key.transpose(-2, -1) / key.shape[-1] ** 0.5
        weights = scores.masked_fill(hidden, float("-inf")).softmax(dim=-1)
        if sparsify is not None:
            weights = sparsify(weights)
            weights = weights / weights.sum(dim=-1, keepdim=True)
        maps.append(weights)
        x = layer.norm1(x + attention.out_proj((weights @ value).transpose(1, 2).flatten(start_dim=2)))
        x = layer.norm2(x + layer.linear2(F.gelu(layer.linear1(x))))
    return model.predict_action(x[:, -1]), maps


def above_threshold(weights: Tensor) -> Tensor:
    """Keeps weights of at least 0.1, and always the largest of a row."""
    kept = (weights >= THRESHOLD) | (weights == weights.amax(dim=-1, keepdim=True))
    return weights * kept


def top_per_query(weights: Tensor) -> Tensor:
    """Keeps the ten largest weights of every row."""
    least = weights.topk(min(TOP_K, weights.shape[-1]), dim=-1).values[..., -1:]
    return weights * (weights >= least)


class SelectingPolicy:
    """Keeps 30 % of the transitions before each action, by one of four rules, in their order."""

    def __init__(self, model: AlgorithmDistillation, rule: str, seed: int) -> None:
        self.model = model
        self.rule = rule
        self.generator = torch.Generator().manual_seed(seed)
        self.random = torch.Generator().manual_seed(seed + 1)

    def chosen(self, history: Tensor, states: Tensor) -> Tensor:
        """[N, k] which of the n transitions are kept, ascending."""
        count, n = history.shape[:2]
        k = int(np.ceil(KEPT * n))
        if self.rule == "recent":
            return torch.arange(n - k, n).expand(count, k)
        if self.rule == "evenly":
            return torch.linspace(0, n - 1, k).round().long().expand(count, k)
        if self.rule == "random":
            scores = torch.rand(count, n, generator=self.random)
        else:  # top-attended by the last query: mean over heads and layers
            _, maps = forward(self.model, history, states)
            scores = torch.stack([layer[:, :, -1, :-1].mean(dim=1) for layer in maps]).mean(dim=0)
        return scores.topk(k, dim=1).indices.sort(dim=1).values

    @torch.no_grad()
    def __call__(self, history: Tensor, states: np.ndarray) -> np.ndarray:
        here = torch.from_numpy(states)
        if history.shape[1] > 0:
            rows = self.chosen(history, here)
            history = history.gather(1, rows[..., None].expand(-1, -1, history.shape[2]))
        probabilities = self.model(history, here).softmax(dim=-1)
        return torch.multinomial(probabilities, 1, generator=self.generator).squeeze(1).numpy()


class SparsePolicy:
    """The whole history, with sparse attention; without a rule the model as it is."""

    def __init__(self, model: AlgorithmDistillation, sparsify: Sparsify | None, seed: int) -> None:
        self.model = model
        self.sparsify = sparsify
        self.generator = torch.Generator().manual_seed(seed)

    @torch.no_grad()
    def __call__(self, history: Tensor, states: np.ndarray) -> np.ndarray:
        here = torch.from_numpy(states)
        logits = (
            self.model(history, here)
            if self.sparsify is None
            else forward(self.model, history, here, self.sparsify)[0]
        )
        return torch.multinomial(logits.softmax(dim=-1), 1, generator=self.generator).squeeze(1).numpy()


def policies(model: AlgorithmDistillation) -> dict[str, Callable[[int], Policy]]:
    return {
        "full": lambda seed: SparsePolicy(model, None, seed),
        "recent 30 %": lambda seed: SelectingPolicy(model, "recent", seed),
        "evenly 30 %": lambda seed: SelectingPolicy(model, "evenly", seed),
        "top-attended 30 %": lambda seed: SelectingPolicy(model, "attended", seed),
        "random 30 %": lambda seed: SelectingPolicy(model, "random", seed),
        f"weights from {THRESHOLD}": lambda seed: SparsePolicy(model, above_threshold, seed),
        f"top {TOP_K} per query": lambda seed: SparsePolicy(model, top_per_query, seed),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.pt")
    parser.add_argument("--quick", action="store_true", help="one seed, two episodes")
    parser.add_argument("--out", type=Path, default=HERE / "compression.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    seeds, episodes = (1, 2) if options.quick else (SEEDS, EPISODES)
    goals = split_goals()[1]
    model = load(options.checkpoint)
    report: dict[str, object] = {
        "made_by": "examples/algorithm-distillation/compare.py",
        "held_out_goals": goals.tolist(),
        "evaluation_seeds": seeds,
        "episodes": episodes,
    }
    for name, policy_of in policies(model).items():
        returns = np.stack([roll_out(policy_of(seed), goals, episodes).returns() for seed in range(seeds)])
        per_seed = returns[:, :, -4:].mean(axis=(1, 2))  # of the last four episodes
        report[name] = {
            "return_of_last_four_episodes": spread(per_seed),
            "return_by_episode": [round(float(value), 3) for value in returns.mean(axis=(0, 1))],
            "per_seed": [round(float(value), 4) for value in per_seed],
        }
        print(f"{name}: {per_seed.mean():.2f} ± {per_seed.std():.2f} ({per_seed.min():.2f})", flush=True)
        options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
