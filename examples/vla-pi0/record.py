"""Records a successful and a failed episode of the trained policy: `python record.py` writes recorded.npz.

A step of a recording is one call of the policy, of whose eight actions two are carried out. Arrays:

    base_rgb, wrist_rgb [1, 48, 48, 3] uint8, prompt [1, 12] int32, state [1, 3], noisy_actions [1, 8, 3], time [1]
        the inputs of model.onnx at the first step of the successful episode
    {episode}/base_rgb ...               the same six for every step of an episode, [steps, ...]; noisy_actions is the
                                         noise at time 1, from which the loop of ten passes starts
    {episode}/base_frame, wrist_frame    [steps, 192, 192, 3] uint8, what the cameras show, drawn larger
    {episode}/base_block, wrist_block    [steps, 192, 192] uint8, 1 where the named block is seen
    {episode}/..._destination, ..._other the same of the named destination and of the two other blocks
    {episode}/action                     [steps, 3] float32, the first action that was carried out
    {episode}/reward                     [steps] float32, 1 where the task was done
    {episode}/note                       [steps] text, what happened before the next step
    {episode}/success, first_pick_right  bool
    {episode}/scene, light               int64, the scene's number in its draw; float32, 1 as in training
    {episode}/label, instruction         text
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from model import INPUTS, Params, sample_actions
from rollout import CONTROL_STEPS, DIM, REPLAN, Chunks, noise_of, observe, play
from world import BLOCKS, CAMERAS, COLOURS, DESTINATIONS, Scenes, act, begin, instructions, placed, render

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common.jax_parameters import load  # noqa: E402
from common.publishing import save_recording  # noqa: E402

SEED = 100
SCENES = 100
FRAME = 192


def same_noise(params: Params, light: float) -> Chunks:
    """The policy with one noise for all scenes, so that a scene ends as it does when it is played by itself."""

    def choose(scenes: Scenes, call: int) -> np.ndarray:
        noise = np.repeat(noise_of(SEED, call, 1), len(scenes), axis=0)
        return np.asarray(sample_actions(params, *observe(scenes, light).values(), noise))

    return choose


def telling_scenes(params: Params, scenes: Scenes, light: float) -> dict[str, list[int]]:
    """Scenes that end in success, and in failure: first those in which another block was taken, then any block, then none."""
    played = play(scenes, same_noise(params, light))
    print(f"{played.success.mean():.2%} of {len(scenes)} scenes succeed with light {light}")
    failures = np.flatnonzero(~played.success)
    wrong = played.picked & ~played.first_right
    order = np.lexsort((failures, ~played.picked[failures], ~wrong[failures]))
    return {"success": np.flatnonzero(played.success).tolist(), "failure": failures[order].tolist()}


def masks_of(scenes: Scenes, camera: str) -> dict[str, np.ndarray]:
    """{camera}_block and so on, [1, 192, 192] uint8."""
    _, shares = render(scenes, camera, FRAME)
    target, destination = int(scenes.target[0]), BLOCKS + int(scenes.destination[0])
    others = [block for block in range(BLOCKS) if block != target]
    seen = {
        "block": shares[:, target] > 0.5,
        "destination": shares[:, destination] > 0.5,
        "other": (shares[:, others] > 0.5).any(axis=1),
    }
    return {f"{camera}_{name}": mask.astype(np.uint8) for name, mask in seen.items()}


def colour_of(scenes: Scenes, block: int) -> str:
    return COLOURS[scenes.colours[0, block]]


def what_happened(before: Scenes, after: Scenes, done: bool) -> str:
    held, now = int(before.held[0]), int(after.held[0])
    if now >= 0 and held < 0:
        return f"takes the {colour_of(after, now)} block"
    if held >= 0 and now < 0:
        where = DESTINATIONS[int(after.destination[0])] if done else "elsewhere"
        return f"puts the {colour_of(after, held)} block {where}"
    return ""


def record_episode(params: Params, scenes: Scenes, light: float) -> dict[str, np.ndarray]:
    """All arrays of one episode; scenes holds a single one."""
    choose = same_noise(params, light)
    target, done, first = int(scenes.target[0]), False, -1
    start, steps = scenes, []
    for call in range(CONTROL_STEPS // REPLAN):
        frames = {f"{camera}_frame": render(scenes, camera, FRAME, light)[0] for camera in CAMERAS}
        masks = {name: mask for camera in CAMERAS for name, mask in masks_of(scenes, camera).items()}
        inputs = observe(scenes, light) | {"noisy_actions": noise_of(SEED, call, 1), "time": np.ones(1, np.float32)}
        chunk, notes = choose(scenes, call), []
        for index in range(REPLAN):
            after = act(scenes, chunk[:, index])
            done = bool(placed(scenes, after)[0])
            first = first if first >= 0 else int(after.held[0])
            notes.append(what_happened(scenes, after, done))
            scenes = after
            if done:
                break
        reward = np.array([done], np.float32)
        note = np.array([", ".join(filter(None, notes))])
        steps.append(inputs | frames | masks | {"action": chunk[:, 0], "reward": reward, "note": note})
        if done:
            break
    arrays = {name: np.concatenate([step[name] for step in steps]) for name in steps[0]}
    (instruction,) = instructions(start)
    ending = "success" if done else "failure" if first in (target, -1) else f"failure, took the {colour_of(start, first)} block"
    return arrays | {
        "success": np.array(done),
        "first_pick_right": np.array(first == target),
        "instruction": np.array(instruction),
        "label": np.array(f"{ending}: {instruction}" + ("" if light == 1 else f", light {light:g}")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "checkpoint.npz")
    parser.add_argument("--out", type=Path, default=HERE / "recorded.npz")
    options = parser.parse_args()
    params, _ = load(options.checkpoint)
    recorded: dict[str, np.ndarray] = {}
    # In the light of training hardly a scene fails, so the failure is looked for where it is darker.
    scenes = begin(np.random.default_rng(SEED), SCENES)
    for wanted, light in (("success", 1.0), ("failure", DIM)):
        candidates = telling_scenes(params, scenes, light)[wanted]
        for scene in candidates:
            episode = record_episode(params, scenes.take(np.array([scene])), light)
            if bool(episode["success"]) == (wanted == "success"):
                break
        else:
            raise SystemExit(f"none of {SCENES} scenes ends in {wanted}")
        if wanted == "success":
            recorded |= {name: episode[name][:1] for name in INPUTS}
        recorded |= {f"{wanted}/{name}": array for name, array in episode.items()}
        recorded |= {f"{wanted}/scene": np.array(scene), f"{wanted}/light": np.array(light, np.float32)}
        print(f"{wanted}: scene {scene}, {len(episode['reward'])} steps, {episode['label']}")
    save_recording(recorded, options.out)


if __name__ == "__main__":
    main()
