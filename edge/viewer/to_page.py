"""What a page is told: JSON, one tagged record a message, and pictures with their data before them.

`Hello` says the version first. A picture is four bytes, little endian, with the length of what follows (the highest
bit: it is deflated), a `Shown` as JSON, then a JPEG. docs/page.md tells the ways of talking.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from edge.viewer.from_page import ExamFields

VERSION: Final = 3
"""Raised whenever a field changes its meaning or goes, of what a page says too."""


class OfferedOption(Struct, frozen=True):
    """One of a task's options, as a form asks for it."""

    name: str
    help: str
    kind: str
    """`yes or no`, `number`, `whole number`, `choice`, `text`, or how it is drawn: `box`, `area`, `points`."""
    default: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


class OfferedTask(Struct, frozen=True):
    name: str
    sentence: str
    pathways: tuple[tuple[str, str], ...]
    """Name and sentence of each."""
    options: tuple[OfferedOption, ...]
    depth_mm: float | None = None
    """What a probe is best set to for it."""


class OfferedParameter(Struct, frozen=True):
    """A parameter of the probe."""

    keyword: str
    name: str
    unit: str
    low: float
    high: float
    step: float


class Offer(Struct, frozen=True):
    """What may be asked for here."""

    tasks: tuple[OfferedTask, ...] = ()
    controls: bool = False
    """False: the page watches, and may point at most."""


class Hello(Struct, frozen=True, tag_field="type", tag="hello"):
    version: int
    run: str
    """Another one after each start of the program."""
    you: str
    """The viewer's number."""
    program: str
    offer: Offer


class Trouble(Struct, frozen=True):
    """Why there is no live picture, or less of it than there should be."""

    code: str
    """`opening`, `no probe`, `no frames`, `lost`, `refused`, `disk`, `error`."""
    text: str


class ProbePanel(Struct, frozen=True):
    connected: bool
    simulated: bool
    parameters: tuple[OfferedParameter, ...]
    values: dict[str, float | str | tuple[float, ...]]
    presets: tuple[str, ...]
    transmitting: bool | None = None
    off_reason: str = ""
    fault: str = ""
    mi: float | None = None
    tis: float | None = None
    tib: float | None = None
    battery_percent: int | None = None
    temperature_c: float | None = None


class CineState(Struct, frozen=True):
    count: int = 0
    shown: int = 0
    before_end_s: float = 0.0
    """How much earlier than the newest the shown picture was exposed."""


class Moved(Struct, frozen=True):
    """What a person changed, beside what it was."""

    kind: str
    mark: int | None
    name: str
    points: tuple[tuple[float, float], ...]
    before: tuple[tuple[float, float], ...]
    value: str
    """`2.4 mm`."""
    value_before: str
    who: str
    when: str


class DeskState(Struct, frozen=True):
    """What the program does."""

    task: str = ""
    pathway: str = ""
    options: dict[str, Any] = {}
    ends: tuple[str, str] | None = None
    """What lies at the picture's left and right, by the task."""
    pointing: bool = False
    pointed: int = 0
    troubles: tuple[Trouble, ...] = ()
    frozen: bool = False
    cine: CineState = CineState()
    probe: ProbePanel | None = None
    depth_mm: float | None = None
    """As somebody stated it, of a scanner that does not tell it."""
    edits: tuple[Moved, ...] = ()
    exam: ExamFields = ExamFields()
    saved: int = 0
    folder: str = ""


class State(Struct, frozen=True, tag_field="type", tag="state"):
    desk: DeskState
    driver: str
    """Number of the viewer that is in control; empty: nobody is."""
    driver_name: str
    viewers: int


class Answer(Struct, frozen=True, tag_field="type", tag="answer"):
    n: int
    done: bool
    text: str
    """What came of it; where it was refused, why."""


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    at_ms: float
    now_ms: float
    """By the program's clock."""


class ShownLabel(Struct, frozen=True):
    """What some columns of a panorama show."""

    text: str
    start: int
    end: int
    """The column after the last."""
    emphasised: bool


class Panorama(Struct, frozen=True, tag_field="type", tag="panorama"):
    """A long picture that grew with the scan. It comes by itself, a few times a second at most."""

    picture: str = ""
    """As a data address. Empty: there is none any more."""
    size: tuple[int, int] = (0, 0)
    """Width and height."""
    mm_per_px: float | None = None
    sequences: tuple[int, ...] = ()
    """Numbers of the frames that its columns came from, -1: of none. Empty: not known."""
    labels: tuple[ShownLabel, ...] = ()
    here: int | None = None
    """Column of the newest picture."""


class ShownValue(Struct, frozen=True):
    name: str
    words: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    decimals: int
    detail: bool
    lane: int | None
    named: str = ""
    """What stands in the number's place. Empty: the number does."""


class ShownLine(Struct, frozen=True):
    name: str
    points: tuple[tuple[float, float], ...]
    colour: str
    dashed: bool
    number: int | None
    landmarks: bool
    """It has few points, and a person may move them."""


class ShownMask(Struct, frozen=True):
    name: str
    outlines: tuple[tuple[tuple[float, float], ...], ...]
    """Filled where an odd number of them lie about."""
    colour: str


class ShownCaliper(Struct, frozen=True):
    name: str
    start: tuple[float, float]
    end: tuple[float, float]
    text: str


class ShownField(Struct, frozen=True):
    """Directions on a grid, as bytes in base64: the angle from -90 to 90 degrees in steps of 180/255, and how sure."""

    name: str
    columns: int
    angle: str
    confidence: str
    origin: tuple[float, float]
    cell_px: float


class ShownCheck(Struct, frozen=True):
    """One item of a list that must be seen whole."""

    checklist: str
    item: str
    seen: bool


class Shown(Struct, frozen=True):
    """The data of one picture."""

    version: int
    id: int
    live: bool
    """False: frozen, or one of the last seconds."""
    exposed_ms: float
    """By the program's clock."""
    sequence: int
    task: str
    verdict: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    values: tuple[ShownValue, ...]
    masks: tuple[ShownMask, ...]
    lines: tuple[ShownLine, ...]
    calipers: tuple[ShownCaliper, ...]
    fields: tuple[ShownField, ...]
    checks: tuple[ShownCheck, ...]
    place: int | None
    """Number of the frame that the panorama's column under this picture came from. None: none, or it is not known."""
    size: tuple[int, int]
    """Width and height of the frame, in whose pixels all places are."""
    region: tuple[int, int, int, int]
    """x, y, width, height of the ultrasound."""
    spacing: tuple[float, float] | None
    """Millimetres per pixel, across and down. None: unknown."""
    scale_doubts: tuple[str, ...]
    """Why its scale may be wrong, or is unknown."""
    simulated: bool
    depth_mm: float | None
    transmitting: bool | None
    age_ms: float
    """Of the finding when it was ready."""


encode: Final = msgspec.json.Encoder().encode
