"""A table seen by two cameras: three coloured blocks, a plate, a bowl, a gripper, and an instruction.

Everything is vectorised over n scenes. Places are in table units, [0, 1] along x (to the right) and y (down), as in the
base camera's picture. A scripted expert picks the named block up and puts it where the instruction says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

COLOURS = ("red", "green", "blue", "yellow")
RGB = np.array([[0.90, 0.15, 0.15], [0.15, 0.70, 0.20], [0.20, 0.30, 0.95], [0.95, 0.85, 0.15]], np.float32)
TABLE, BEYOND, PLATE, BOWL, GRIPPER = 0.55, 0.20, (0.97, 0.97, 0.97), (0.50, 0.28, 0.12), (0.05, 0.05, 0.05)
DESTINATIONS = ("on the plate", "in the bowl")
OBJECTS = ("block 0", "block 1", "block 2", "plate", "bowl")
BLOCKS = 3
CAMERAS = ("base", "wrist")

BLOCK_HALF, PLATE_RADIUS, BOWL_RADIUS = 0.06, 0.11, 0.11
WRIST_VIEW = 0.5
"""Width of the table that the wrist camera sees, centred on the gripper; the base camera sees all of it, 1.0."""

STEP = 0.08
"""Farthest that the gripper moves in one control step; actions are in units of it."""
GRASP_RADIUS, PLACE_RADIUS = 0.07, 0.09
SPACING = 0.23
"""How far apart objects are pushed at the start."""

WORDS = (
    ("<pad>", "<bos>", "pick", "up", "put", "the", *COLOURS, "block", "and", "place", "it", "on", "in", "plate", "bowl")
)
PROMPT_TOKENS = 12
TEMPLATES = ("pick up the {colour} block and place it {destination}", "put the {colour} block {destination}")


@dataclass(frozen=True)
class Scenes:
    """n scenes. `held` is the index of the block in the gripper, or -1."""

    places: np.ndarray  # [n, 5, 2] float32, centres in the order of OBJECTS
    colours: np.ndarray  # [n, 3] int, indices of COLOURS, all different within a scene
    gripper: np.ndarray  # [n, 2] float32
    held: np.ndarray  # [n] int
    target: np.ndarray  # [n] int, the named block
    destination: np.ndarray  # [n] int, 0 plate, 1 bowl
    template: np.ndarray  # [n] int

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: np.ndarray) -> Scenes:
        return Scenes(**{name: array[rows] for name, array in vars(self).items()})

    @property
    def state(self) -> np.ndarray:
        """[n, 3] float32: the gripper's x and y, and whether it is closed around a block."""
        return np.column_stack([self.gripper, self.held >= 0]).astype(np.float32)


def begin(rng: np.random.Generator, count: int) -> Scenes:
    """Starts of episodes: objects pushed apart to about SPACING, an empty gripper somewhere in the middle."""
    places = rng.uniform(0.12, 0.88, (count, len(OBJECTS), 2))
    for _ in range(12):
        apart = places[:, :, None] - places[:, None]
        distance = np.linalg.norm(apart, axis=-1) + 9 * np.eye(len(OBJECTS))
        push = apart / distance[..., None] * np.maximum(SPACING - distance, 0)[..., None] / 2
        places = np.clip(places + push.sum(axis=2), 0.10, 0.90)
    return Scenes(
        places=places.astype(np.float32),
        colours=np.argsort(rng.random((count, len(COLOURS))), axis=1)[:, :BLOCKS],
        gripper=rng.uniform(0.3, 0.7, (count, 2)).astype(np.float32),
        held=np.full(count, -1),
        target=rng.integers(0, BLOCKS, count),
        destination=rng.integers(0, len(DESTINATIONS), count),
        template=rng.integers(0, len(TEMPLATES), count),
    )


def anywhere(rng: np.random.Generator, count: int) -> Scenes:
    """Moments of episodes for training: half of them with the named block in the gripper, a third close to the goal."""
    scenes = begin(rng, count)
    row = np.arange(count)
    held = np.where(rng.random(count) < 0.5, scenes.target, -1)
    goal = np.where((held >= 0)[:, None], scenes.places[row, BLOCKS + scenes.destination], scenes.places[row, scenes.target])
    far = rng.uniform(0.05, 0.95, (count, 2))
    near = goal + rng.normal(0, 0.07, (count, 2))
    gripper = np.clip(np.where(rng.random((count, 1)) < 0.35, near, far), 0.02, 0.98).astype(np.float32)
    return carried(replace(scenes, gripper=gripper, held=held))


def carried(scenes: Scenes) -> Scenes:
    """The same scenes with each held block where its gripper is."""
    places = scenes.places.copy()
    row = np.flatnonzero(scenes.held >= 0)
    places[row, scenes.held[row]] = scenes.gripper[row]
    return replace(scenes, places=places)


def expert(scenes: Scenes, steps: int) -> np.ndarray:
    """[n, steps, 3] float32: dx, dy in units of STEP, and the grip, 1 to close and -1 to open.

    Straight to the named block, close, straight to the destination, open, stay.
    """
    row = np.arange(len(scenes))
    gripper, holds = scenes.gripper.copy(), scenes.held >= 0
    block, goal = scenes.places[row, scenes.target], scenes.places[row, BLOCKS + scenes.destination]
    done = np.zeros(len(scenes), bool)
    actions = np.zeros((len(scenes), steps, 3), np.float32)
    for step in range(steps):
        way = np.where(holds[:, None], goal, block) - gripper
        distance = np.linalg.norm(way, axis=1, keepdims=True)
        move = np.where(done[:, None], 0, way * np.minimum(1, STEP / np.maximum(distance, 1e-6)))
        arrived = distance[:, 0] < 0.02
        closed = ~done & (holds ^ arrived)  # close where the block is, open where the goal is
        done |= holds & arrived
        actions[:, step, :2] = move / STEP
        actions[:, step, 2] = np.where(closed, 1, -1)
        gripper, holds = gripper + move, closed
    return actions


def act(scenes: Scenes, action: np.ndarray) -> Scenes:
    """One control step. action [n, 3] as `expert` gives it; a closing gripper takes the nearest block within reach."""
    gripper = scenes.gripper + np.clip(action[:, :2], -1, 1) * STEP
    gripper = np.clip(gripper, 0, 1).astype(np.float32)
    distance = np.linalg.norm(scenes.places[:, :BLOCKS] - gripper[:, None], axis=-1)
    close = action[:, 2] > 0
    takes = close & (scenes.held < 0) & (distance.min(axis=1) < GRASP_RADIUS)
    held = np.where(close, np.where(takes, distance.argmin(axis=1), scenes.held), -1)
    return carried(replace(scenes, gripper=gripper, held=held))


def placed(before: Scenes, after: Scenes) -> np.ndarray:
    """[n] bool: the named block was let go over its destination in this step."""
    row = np.arange(len(after))
    distance = np.linalg.norm(after.places[row, after.target] - after.places[row, BLOCKS + after.destination], axis=1)
    return (before.held == before.target) & (after.held < 0) & (distance < PLACE_RADIUS)


def instructions(scenes: Scenes) -> list[str]:
    colours = scenes.colours[np.arange(len(scenes)), scenes.target]
    return [
        TEMPLATES[template].format(colour=COLOURS[colour], destination=DESTINATIONS[destination])
        for template, colour, destination in zip(scenes.template, colours, scenes.destination)
    ]


def tokenize(texts: list[str]) -> np.ndarray:
    """[n, 12] int32: `<bos>`, the words, padding."""
    ids = np.zeros((len(texts), PROMPT_TOKENS), np.int32)
    for row, text in enumerate(texts):
        words = ["<bos>", *text.split()]
        ids[row, : len(words)] = [WORDS.index(word) for word in words]
    return ids


def camera_window(scenes: Scenes, camera: str) -> tuple[np.ndarray, float]:
    """The centre [n, 2] and the width of what a camera sees, in table units."""
    if camera == "wrist":
        return scenes.gripper, WRIST_VIEW
    return np.full((len(scenes), 2), 0.5, np.float32), 1.0


def render(scenes: Scenes, camera: str, pixels: int, light: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures [n, pixels, pixels, 3] uint8, and the visible share of each pixel [n, 6, pixels, pixels] float32.

    `light` is 1 in training; less of it makes the whole picture darker. The shares are those of OBJECTS and, last, the gripper. Edges are anti-aliased, so places show below a pixel.
    """
    centre, width = camera_window(scenes, camera)
    pixel = width / pixels
    line = ((np.arange(pixels) + 0.5) / pixels - 0.5).astype(np.float32) * width
    x, y = line[None] + centre[:, :1], line[None] + centre[:, 1:]  # [n, pixels] each

    def inside(depth: np.ndarray) -> np.ndarray:
        return np.clip(depth / pixel + 0.5, 0, 1)

    def box(place: np.ndarray, half_x: np.ndarray | float, half_y: float) -> np.ndarray:
        across = inside(half_x - np.abs(x - place[:, :1]))
        return across[:, None, :] * inside(half_y - np.abs(y - place[:, 1:]))[:, :, None]

    def disc(place: np.ndarray, radius: float) -> np.ndarray:
        squared = (x - place[:, :1])[:, None, :] ** 2 + (y - place[:, 1:])[:, :, None] ** 2
        return inside(radius - np.sqrt(squared))

    half = np.full((len(scenes), 2), 0.5)
    picture = (BEYOND + (TABLE - BEYOND) * box(half, 0.5, 0.5))[..., None].repeat(3, axis=-1)
    shares = np.zeros((len(scenes), len(OBJECTS) + 1, pixels, pixels), np.float32)

    def paint(index: int, share: np.ndarray, colour: np.ndarray) -> None:
        picture[:] += share[..., None] * (np.broadcast_to(colour, (len(scenes), 3))[:, None, None] - picture)
        shares[:] *= 1 - share[:, None]
        shares[:, index] += share

    paint(BLOCKS, disc(scenes.places[:, BLOCKS], PLATE_RADIUS), np.array(PLATE))
    paint(BLOCKS + 1, disc(scenes.places[:, BLOCKS + 1], BOWL_RADIUS), np.array(BOWL))
    paint(BLOCKS + 1, disc(scenes.places[:, BLOCKS + 1], 0.7 * BOWL_RADIUS), np.array(BOWL) * 0.6)
    for block in range(BLOCKS):
        paint(block, box(scenes.places[:, block], BLOCK_HALF, BLOCK_HALF), RGB[scenes.colours[:, block]])
    reach = np.where(scenes.held >= 0, 0.07, 0.10)  # the two jaws close around a block
    for side in (-1, 1):
        jaw = scenes.gripper + side * np.column_stack([reach, np.zeros(len(scenes))])
        paint(len(OBJECTS), box(jaw, 0.014, 0.06), np.array(GRIPPER))
    return np.round(picture * light * 255).astype(np.uint8), shares
