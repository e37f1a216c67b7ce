"""What a task declares of itself: one record that everything general reads.

The command line, the demo, the overlay, charts, tables, the page, the tools and the docs know no task by name; what
they need of one stands here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from edge.errors import SettingError
from edge.finding import Finding
from edge.option import NoOptions
from edge.phantom.anatomy import Anatomy
from edge.pointed import Pointed
from edge.task.gate import NO_EXCEPTIONS, Gate
from edge.terms import Projection, Terms


@dataclass(frozen=True, slots=True)
class Pathway:
    """One way of looking."""

    name: str
    """`deep`, `classical`."""
    sentence: str
    target: str
    """`package.module:TaskClass`, an edge.task.contract.Task."""
    model: str
    """Folder of the model in `models/`; of another distribution `package:folder`. Empty: it needs none."""
    network: bool = True
    """False: no network runs; what it needs of the model is figures and arrays."""
    labels: tuple[str, ...] = ()
    """Names of the label mask's values, where they are not the task's."""
    stages: bool = False
    """True: it can mark every step on the way (edge.finding.StageMark)."""
    asks: str = ""
    """Folder in `models/` of the network that the task asks while it concludes (edge.task.contract.Given); empty: none.
    It may be the pathway's own `model`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a measurement is in healthy people, taken with one device at one preset."""

    name: str
    device: str
    preset: str
    kind: str
    """Of structure, in the task's words."""
    mean: float
    """Over people, in the measurement's unit."""
    sd: float
    """Between people; above 0."""
    people: int


@dataclass(frozen=True, slots=True)
class Referenced:
    """The measurement of a task that a Reference is recorded of."""

    measurement: str
    unit: str
    """As people write it: `grey levels`."""
    kinds: tuple[str, ...]
    """Of structure; a reference is of one of them."""
    shows: Callable[[Iterable[str], str], bool]
    """(names of a finding's measurements, kind) -> whether the finding shows this kind."""


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One task."""

    name: str
    """The command: `sonoedge run NAME`."""
    sentence: str
    """What it measures, where, in one sentence."""
    labels: tuple[str, ...]
    """Names of the label mask's values 1, 2, ..."""
    pathways: tuple[Pathway, ...]
    """The first is taken where none is asked for."""
    terms: Terms
    options: type = NoOptions
    """Record of its own settings (edge.option)."""
    gate: Gate = NO_EXCEPTIONS
    anatomies: tuple[Anatomy, ...] = ()
    """That the simulated probe can image; the first is the demo's."""
    demo_frames: int | None = None
    """Length of its demo at 25 frames/s. None: it has none."""
    referenced: Referenced | None = None
    projection: Callable[[Any, Finding], Projection | None] | None = None
    """(the task's options, a finding) -> how its picture is turned for people to see; None: as it was scanned."""
    pointed: Callable[[Any], tuple[Pointed, ...]] | None = None
    """What its options point at. None: nothing in its picture can be pointed at."""
    ends: Callable[[Any], tuple[str, str]] | None = None
    """What lies at the picture's left and right by its options, such as `("medial", "lateral")`. None: any end may."""
    panorama: bool = False
    """Its findings have panoramas (finding.PanoramaMark); a run keeps the last one."""

    def pathway(self, name: str | None = None) -> Pathway:
        """Of this name; None: the first. Raises SettingError for one that the task has not."""
        for one in self.pathways:
            if name in (None, one.name):
                return one
        known = ", ".join(one.name for one in self.pathways)
        raise SettingError(f"{self.name} has no pathway '{name}'; there are: {known}")
