"""Draw the four observations of one step side by side.

Run: python examples/show_observations.py [observations.png]
"""

import sys

import gymnasium as gym
import numpy as np
from PIL import Image, ImageDraw
from pokered_env import decode_state

SCALE, MARGIN, TITLE = 3, 12, 20


def picture(array: np.ndarray) -> Image.Image:
    """Enlarge a (72, 80, 1) observation."""
    return Image.fromarray(array[..., 0]).resize((80 * SCALE, 72 * SCALE), Image.Resampling.NEAREST)


def page(lines: list[str]) -> Image.Image:
    """Write lines of text on a page as large as a picture."""
    image = Image.new("L", (80 * SCALE, 72 * SCALE), 255)
    ImageDraw.Draw(image).multiline_text((8, 8), "\n".join(lines), 0, font_size=14)
    return image


def describe(state: np.ndarray) -> list[str]:
    """Name the parts of the state vector."""
    parts = decode_state(state)
    events = np.unpackbits(parts.pop("events").astype(np.uint8))
    lines = [f"{name:12} {np.array2string(value, precision=2)}" for name, value in parts.items()]
    return [*lines, f"{'events':12} {events.sum()} of {events.size} flags set"]


env = gym.make("pokered_env:PokeRed-v0")
obs, info = env.reset(seed=3)
rng = np.random.default_rng(3)
while not (info["text"].count("\n") == 1 and info["coverage"] > 40):  # a message, after a walk
    obs, _, _, _, info = env.step(rng.choice([0, 1, 2, 3, 4], p=[0.25, 0.2, 0.2, 0.25, 0.1]))

panels = {
    "screen": picture(obs["screen"]),
    "visited_mask": picture(obs["visited_mask"]),
    "text": page(info["text"].split("\n")),
    "state": page(describe(obs["state"])),
}
width, height = 80 * SCALE, 72 * SCALE
sheet = Image.new("L", (4 * (width + MARGIN) + MARGIN, height + TITLE + MARGIN), 200)
for index, (name, panel) in enumerate(panels.items()):
    x = MARGIN + index * (width + MARGIN)
    ImageDraw.Draw(sheet).text((x, 0), name, 0, font_size=14)
    sheet.paste(panel, (x, TITLE))
out = sys.argv[1] if len(sys.argv) > 1 else "observations.png"
sheet.save(out)
print(f"{info['map_name']}: {info['text']!r} → {out}")
