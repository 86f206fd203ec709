"""Trains with seeds 0 to 4 and measures what was learned: `python evaluate.py` writes figures.json.

Four models: three encoders of the view, and the first of them without attention.
Each trained policy plays 100 episodes per setting, greedily. A random policy plays the same episodes beside it. The
fixed start has four layouts only, so a greedy policy's share there moves in steps of about a quarter; the random start
is minigrid's own, was not trained on, and mostly hides the cue.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import minigrid
import torch
from minigrid.envs.memory import MemoryEnv

from environment import FixedStartMemoryEnv, RandomStartMemoryEnv
from model import Config, DecisionTransformer
from rollout import EVALUATION_SEED, Outcome, RandomPolicy, evaluate_model, model_inputs, outcome, roll_out
from train import QUICK_STEPS, STEPS, load, save, train

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.figures import Figures, promised, summary  # noqa: E402

EPISODES = 100
PROMISED = 0.95
"""Success of checkpoint.pt, asked for 0.75, that a training with seed 0 should reach."""
CONFIGS = {
    "bow": Config(encoder="bow"),
    "onehot": Config(encoder="onehot"),
    "vit": Config(encoder="vit"),
    "bow_without_attention": Config(encoder="bow", layers=0),
}
STARTS: dict[str, Callable[[], MemoryEnv]] = {
    "fixed_start": FixedStartMemoryEnv,
    "random_start": RandomStartMemoryEnv,
}
TARGETS = {"return_0.75": 0.75, "return_0": 0.0}


def shares(prefix: str, measured: Outcome) -> Figures:
    return {f"{prefix}/success": measured.success, f"{prefix}/wrong_object": measured.wrong_object}


def random_policy_figures(seed: int) -> Figures:
    seeds = range(EVALUATION_SEED, EVALUATION_SEED + EPISODES)
    figures: Figures = {}
    for start, environment in STARTS.items():
        figures |= shares(start, outcome(roll_out(RandomPolicy(seed), seeds, environment)))
    return figures


@torch.no_grad()
def decision_milliseconds(model: DecisionTransformer, repeats: int = 200) -> float:
    """Least CPU time of one decision with six steps of history, one episode, one thread."""
    (episode,) = roll_out(RandomPolicy(0), [EVALUATION_SEED])
    inputs = [torch.from_numpy(array[:, :6].copy()) for array in model_inputs([episode], 0.75).values()]
    times = []
    for _ in range(repeats):
        started = time.process_time()
        model(*inputs)
        times.append(time.process_time() - started)
    return round(1e3 * min(times), 2)


def size(config: Config) -> Figures:
    model = DecisionTransformer(config).eval()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {"parameters": parameters, "decision_milliseconds": decision_milliseconds(model)}


def trained_figures(name: str, seed: int, steps: int, keep: Path | None) -> Figures:
    """Trains one model and measures it; its weights are kept if a folder is given, also those on the way."""
    on_the_way = None if keep is None else keep / f"{name}_{seed}"
    if on_the_way is not None:
        on_the_way.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    model = train(CONFIGS[name], seed, steps, report_every=0, checkpoints=on_the_way)
    if on_the_way is not None:
        save(model, on_the_way.with_suffix(".pt"))
    figures = {"cpu_seconds": round(time.process_time() - started, 1)} | measured(model)
    print(name, seed, figures, flush=True)
    return figures


def measured(model: DecisionTransformer) -> Figures:
    """What a trained model reaches from both starts, asked for 0.75 and for 0."""
    figures: Figures = {}
    for start, environment in STARTS.items():
        for asked, target in TARGETS.items():
            figures |= shares(f"{start}/{asked}", evaluate_model(model, target, EPISODES, environment))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=tuple(CONFIGS), help="only these; other figures stay as they are")
    parser.add_argument("--committed", action="store_true", help="train nothing, measure checkpoint.pt and vit.pt")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--keep", type=Path, help="folder for the weights of every training, also those on the way")
    parser.add_argument("--quick", action="store_true", help="one seed, twenty steps, to see that everything runs")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--out", type=Path, default=HERE / "figures.json")
    options = parser.parse_args()
    seeds, steps = ([0], QUICK_STEPS) if options.quick else (options.seeds, options.steps)
    random = [random_policy_figures(seed) for seed in (seeds if options.quick else range(5))]
    partial = options.models or options.committed
    report: dict[str, Any] = json.loads(options.out.read_text()) if partial and options.out.exists() else {}
    report |= {
        "made_by": "examples/decision-transformer/evaluate.py",
        "versions": {"torch": torch.__version__, "minigrid": minigrid.__version__},
        "episodes_per_figure": EPISODES,
        "random_policy": {"per_seed": random, "summary": summary(random)},
        "size": {name: size(config) for name, config in CONFIGS.items()},
    }
    if options.committed:
        report["committed"] = {name: measured(load(HERE / name)) for name in ("checkpoint.pt", "vit.pt")}
        reached = report["committed"]["checkpoint.pt"]["fixed_start/return_0.75/success"]
        report["promised"] = promised("checkpoint.pt, asked for 0.75: success", reached, PROMISED)
        options.out.write_text(json.dumps(report, indent=2) + "\n")
        return
    for name in options.models or CONFIGS:
        per_seed: list[Figures] = []
        for seed in seeds:
            per_seed.append(trained_figures(name, seed, steps, options.keep))
            report[name] = {
                "training_steps": steps,
                "seeds": seeds[: len(per_seed)],
                "per_seed": per_seed,
                "summary": summary(per_seed),
            }
            options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
