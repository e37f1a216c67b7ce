"""What a task declares for training and measuring its model: `tools/TASK/lesson.py` holds one `Lesson`, `LESSON`.

Beside it stand `recipe.json`, the settings of the training run; `facts.json` and `card.md`, what people know of the
model; `evaluation.py`. A further model of a task has its facts and card in a folder of its own: those of
`models/NAME_classical` are in `tools/NAME/classical`. Nothing here imports torch, and no lesson does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.registry import resolve
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number

if TYPE_CHECKING:
    from torch import Tensor

TOOLS = Path(__file__).parent
MODELS = TOOLS.parent / "models"


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One picture and what the network should say of it."""

    picture: NDArray[np.uint8]
    """(side, side) grey, or (planes, side, side)."""
    target: NDArray[np.generic]
    """(channels, height, width), at the network's output's size or at the picture's."""


@dataclass(frozen=True, slots=True)
class UNetTraining:
    """Learning from pictures that are drawn without end: `python -m tools.train TASK`."""

    draw: Callable[[int], Example]
    """The picture of a seed; its target is float32."""
    loss: "Callable[[Tensor, Tensor], Tensor]"
    """Of the network's raw output and a batch of targets."""
    unlabelled: Callable[[int], Example] | None = None
    """The same of pictures that nobody drew on, target NaN, for a recipe with a teacher: its word is the target."""
    whole: Callable[[int], Example] | None = None
    """As `draw`, of every labelled picture, those that are kept back for figures too: for a recipe that says so."""
    side: int = 256
    """Height and width of the picture."""
    pixels: bool = False
    """True: the exported model gives a logit per pixel, (classes, side, side). False: (4 * classes, side / 2, side / 2)
    as the network does."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a model's evaluation found at one precision."""

    metrics: Sequence[Number]
    """For the manifest and the card."""
    tables: Sequence[str] = ()
    """For people, each in Markdown."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One task's. A target is `package.module:function`, imported when it is used."""

    phantom: Callable[[int], Example]
    """The phantom picture of a seed as the network sees it; target: (classes, height, width) 1 where what the network
    marks is."""
    scales: Callable[[int], NDArray[np.uint8]]
    """(side, side), or (planes, side, side): the picture of a seed that int8 scales are chosen on, like those that the
    network learned from."""
    training: UNetTraining | str
    """Or the target of a function without arguments that trains and writes the float ONNX file in its own way."""
    calibrate: str
    """Target of `function(runtime) -> Sequence[Number]`: thresholds and half-widths, found on the int8 files."""
    evaluate: str
    """Target of `function(runtime, figures, precision) -> Evaluated`; figures: of the manifest, the new calibration
    among them."""


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
    """Decay per step of the averaged weights that are shipped."""
    planes: int = 1
    """Of the network's input."""
    threads: int = 1
    """Beside that of the pictures."""
    half: bool = False
    """Convolutions in bfloat16: nearly twice as fast where the processor knows it."""
    encoder: str = ""
    """Pre-trained, of tools/pretrained.py; `widths` are its decoder's then. Empty: all from nothing."""
    whole: bool = False
    """Of every labelled picture there is: the weights that ship, once figures were taken on the split. They must not be
    measured on those pictures."""
    after: str = ""
    """The file beside this one with the recipe whose weights this one begins with; it is trained first."""
    teacher: str = ""
    """The file beside this one with the recipe of a teacher, which is trained first; its word is a part of each
    target."""
    taught: float = 0.0
    """How large a part."""


def lessons() -> tuple[str, ...]:
    """Names of the tasks that have one."""
    return tuple(sorted(path.parent.name for path in TOOLS.glob("*/lesson.py")))


def lesson_of(task: str) -> Lesson:
    """Raises SystemExit for a task that has none."""
    if task not in lessons():
        raise SystemExit(f"there is no lesson for '{task}'; there are: {', '.join(lessons())}")
    found: Lesson = import_module(f"tools.{task}.lesson").LESSON
    return found


def calibration_of(lesson: Lesson, runtime: Runtime) -> Sequence[Number]:
    numbers: Sequence[Number] = resolve(lesson.calibrate)(runtime)
    return numbers


def evaluation_of(lesson: Lesson, runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    evaluated: Evaluated = resolve(lesson.evaluate)(runtime, figures, precision)
    return evaluated


def load_recipe(task: str, file: str = "recipe.json") -> Recipe:
    """Raises SystemExit for a task that is not trained by one."""
    path = TOOLS / task / file
    if not path.is_file():
        known = ", ".join(sorted(file.parent.name for file in TOOLS.glob("*/recipe.json")))
        raise SystemExit(f"there is no recipe for '{task}'; there are: {known}")
    return msgspec.json.decode(path.read_bytes(), type=Recipe)


def facts_folders() -> dict[str, Path]:
    """Where the facts and the card of each model stand, by the name of its folder in models/."""
    folders = sorted(path.parent for path in TOOLS.rglob("facts.json"))
    return {"_".join(folder.relative_to(TOOLS).parts): folder for folder in folders}


def facts_folder(model: str) -> Path:
    """Raises SystemExit for a model that nobody has written facts of."""
    known = facts_folders()
    if model not in known:
        raise SystemExit(f"there are no facts about '{model}' in {TOOLS}; there are: {', '.join(known)}")
    return known[model]
