"""What the task `outline` declares."""

from dataclasses import dataclass

from edge.pointed import MOST_POINTED, Pointed
from edge.task.gate import Gate
from edge.task.pointing import At, InBox, NotAt, pointed_at
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Role, Terms

IN_PICTURE_MM = (0.0, 350.0)
IN_PICTURE = "within the deepest picture"
ANYTHING_MM2 = (0.2, 30_000.0)
ANYTHING = "a digital nerve to a whole belly"


@dataclass(frozen=True, slots=True)
class OutlineOptions:
    """What is pointed at. Raises SettingError as `pointed_at`."""

    at: At = ()
    not_at: NotAt = ()
    box: InBox = ()

    def __post_init__(self) -> None:
        self.pointed()

    def pointed(self) -> tuple[Pointed, ...]:
        return pointed_at(self.at, self.not_at, self.box)


def numbered(name: str, number: int) -> str:
    """`area` of the first structure, `area_of_2` of the second."""
    return name if number == 1 else f"{name}_of_{number}"


def _measured(number: int) -> tuple[MeasurementTerm, ...]:
    """All but the first one's area are kept in the records alone where there are several."""
    which, detail = ("", False) if number == 1 else (f" of {number}", True)

    def length(name: str, words: str) -> MeasurementTerm:
        return MeasurementTerm(
            numbered(name, number), "mm", words + which, detail=detail, plausible=IN_PICTURE_MM, source=IN_PICTURE
        )

    return (
        MeasurementTerm(numbered("area", number), "mm2", f"Area{which}", 1, plausible=ANYTHING_MM2, source=ANYTHING),
        length("long_axis", "Long axis"),
        length("short_axis", "Short axis"),
        length("depth_under_skin", "Depth"),
        MeasurementTerm(numbered("echo_intensity", number), "grey level", f"Echo{which}", detail=detail, signed=True),
    )


SPEC = TaskSpec(
    name="outline",
    sentence="Anything that is pointed at, without a name: its outline, area, axes, depth and echo intensity.",
    labels=tuple(f"structure {number}" for number in range(1, MOST_POINTED + 1)),
    pathways=(Pathway("deep", "by the network", "edge.task.outline.task:OutlineTask", "outline", asks="outline"),),
    terms=Terms(
        measurements=tuple(term for number in range(1, MOST_POINTED + 1) for term in _measured(number)),
        marks=(
            MarkTerm("structure #"),
            MarkTerm("structure # border", Role.NUMBERED),
            MarkTerm("structure # was here", Role.ALTERNATIVE),
            MarkTerm("long axis"),
            MarkTerm("short axis"),
        ),
    ),
    options=OutlineOptions,
    gate=Gate(plausible_depth_mm=(8.0, 350.0)),
    pointed=OutlineOptions.pointed,
)
