"""What the task `tissue` declares, and the region of interest as the user writes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingError
from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.spec import Pathway, Reference, Referenced, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Role, Terms

KINDS: Final = ("nerve", "vessel", "muscle", "fascia")
"""Learned from real pictures."""
INFILTRATED: Final = "infiltrated"
"""Of muscle; learned from phantoms only."""
JUDGED: Final = (*KINDS, INFILTRATED)
"""In the order of the network's outputs."""
NOT_OF_PEOPLE: Final = (
    "infiltration withheld: learned from phantoms only, and said of 3 in 10 real muscles that nobody called ill"
)
SWEEPS = ("slide", "still")
"""What the hand does."""
METHODS = MappingProxyType({"network": "network", "svm": "SVM", "neighbours": "neighbours"})
Points = NDArray[np.float64]
"""(n, 2) x, y."""
FORM: Final = "expected a box x,y,width,height or three or more corners x1,y1;x2,y2;..., in pixels of the picture"


@dataclass(frozen=True, slots=True)
class Roi:
    """A region of interest: a polygon in pixels of the frame."""

    corners: tuple[tuple[float, float], ...]

    @property
    def points(self) -> Points:
        """(n, 2) x, y."""
        return np.array(self.corners, np.float64)

    @property
    def area_px2(self) -> float:
        """That it encloses, whichever way round; parts that it goes round in the other way count less."""
        x, y = self.points.T
        return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y))) / 2

    @classmethod
    def box(cls, x: float, y: float, width: float, height: float) -> "Roi":
        return cls(((x, y), (x + width, y), (x + width, y + height), (x, y + height)))

    def __str__(self) -> str:
        (x, y), (width, height) = self.corners[0], np.ptp(self.points, axis=0)
        if self == Roi.box(x, y, width, height):
            return f"{x:g},{y:g},{width:g},{height:g}"
        return ";".join(f"{x:g},{y:g}" for x, y in self.corners)


def parse_roi(text: str) -> Roi:
    """`100,80,60,40` or `100,80;160,80;130,120`. Raises SettingError."""
    try:
        groups = [[float(number) for number in part.split(",")] for part in text.split(";")]
    except ValueError:
        raise SettingError(f"--roi is '{text}', which is not all numbers; {FORM}") from None
    if len(groups) == 1 and len(groups[0]) == 4:
        x, y, width, height = groups[0]
        if width <= 0 or height <= 0:
            raise SettingError(f"--roi is '{text}': width and height must be above 0; {FORM}")
        roi = Roi.box(x, y, width, height)
    elif len(groups) >= 3 and all(len(group) == 2 for group in groups):
        roi = Roi(tuple((x, y) for x, y in groups))
    else:
        raise SettingError(f"--roi is '{text}'; {FORM}")
    if not np.isfinite(roi.points).all():
        raise SettingError(f"--roi is '{text}', which is not all finite numbers; {FORM}")
    if roi.area_px2 <= 0:
        raise SettingError(f"--roi is '{text}', whose corners enclose nothing; {FORM}")
    return roi


@dataclass(frozen=True, slots=True)
class TissueOptions:
    """The user's own settings of this task."""

    roi: Annotated[
        Roi | None,
        Option(
            "Region in pixels: x,y,width,height or x1,y1;x2,y2;... Without it one is proposed.",
            read=parse_roi,
            drawn="area",
        ),
    ] = None
    reference: Annotated[
        Reference | None, Option("Recorded reference for the echo intensity's z-score: sonoedge reference list.")
    ] = None
    device: Annotated[str | None, Option("The scanner in use, as the --reference names it.")] = None
    preset: Annotated[str | None, Option("Its preset. Without it: what the probe says.")] = None

    def __post_init__(self) -> None:
        for flag, value in (("--device", self.device), ("--preset", self.preset)):
            if self.reference is None and value:
                raise SettingError(f"{flag} says which reference fits; name that one with --reference NAME")


@dataclass(frozen=True, slots=True)
class TissuePhantomOptions:
    """Settings of `phantom:tissue`."""

    motion: Annotated[str, Option("What the hand does.", choices=SWEEPS)] = SWEEPS[0]
    degree: Annotated[float, Option("How far the muscle is infiltrated.", low=0, high=1)] = 0.0


def shows(names: Iterable[str], kind: str) -> bool:
    """Whether a finding with measurements of these names shows this kind of tissue."""
    return any(name.startswith(f"{kind}_by_") for name in names)


def _probabilities() -> tuple[MeasurementTerm, ...]:
    by = [
        MeasurementTerm(f"{kind}_by_{method}", "%", f"{kind.capitalize()} by {words}", signed=True)
        for kind in KINDS
        for method, words in METHODS.items()
    ]
    infiltrated = [
        MeasurementTerm(name, "%", words, detail=not words, signed=True, simulated_only=NOT_OF_PEOPLE)
        for name, words in (
            ("infiltrated_phantom_only", "Infiltrated, phantom only"),
            ("infiltrated_by_svm_phantom_only", ""),
            ("infiltrated_by_neighbours_phantom_only", ""),
            ("patient_infiltrated_phantom_only", "Patient, phantom only"),
        )
    ]
    return (*by, *infiltrated, *(MeasurementTerm(f"chance_{kind}", "%", detail=True, signed=True) for kind in KINDS))


SPEC = TaskSpec(
    name="tissue",
    sentence="Tissue in a region of interest: nerve, vessel, muscle or fascia, and how bright it is.",
    labels=KINDS,
    pathways=(
        Pathway("deep", "the network speaks first", "edge.task.tissue.task:TissueTask", model="tissue"),
        Pathway(
            "classical",
            "no network: the support vector machine speaks first",
            "edge.task.tissue.task:ClassicalTissueTask",
            model="tissue",
            network=False,
        ),
    ),
    terms=Terms(
        measurements=(
            *_probabilities(),
            MeasurementTerm("echo_intensity", "grey level", "Echo intensity"),
            MeasurementTerm("echo_intensity_z", "SD", "Echo z-score", signed=True),
        ),
        marks=(*(MarkTerm(kind) for kind in KINDS), MarkTerm("region of interest", Role.REGION)),
    ),
    options=TissueOptions,
    anatomies=(Anatomy("tissue", "edge.task.tissue.phantom:open_cine", TissuePhantomOptions),),
    referenced=Referenced("echo_intensity", "grey levels", KINDS, shows),
)
