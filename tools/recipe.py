"""What a training run needs to be repeated: `tools/recipes/<task>.json`."""

from pathlib import Path

import msgspec

RECIPES = Path(__file__).parent / "recipes"
MODELS = Path(__file__).parents[1] / "models"


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of one training run."""

    task: str
    seed: int
    widths: tuple[int, ...]
    """Channels of each level, the finest first."""
    classes: int
    steps: int
    batch: int
    learning_rate: float
    """Highest of the one-cycle schedule."""
    weight_decay: float
    average: float
    """Decay a step of the averaged weights that are shipped."""
    half: bool = False
    """Convolutions in bfloat16: nearly twice as fast where the processor knows it."""


def load_recipe(task: str) -> Recipe:
    path = RECIPES / f"{task}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.json")))
        raise SystemExit(f"there is no recipe for '{task}'; there are: {known}")
    return msgspec.json.decode(path.read_bytes(), type=Recipe)
