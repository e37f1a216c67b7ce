"""What the task `synovitis` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.gate import Gate
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Role, Terms

LABELS = ("synovial region", "effusion")
OF_FINGERS = "an adult's finger: capsules distended by up to 5 mm, recesses of up to 20 mm length"

SIDES = ("distal on the right", "distal on the left")
JOINTS = ("MCP", "PIP")
HANDS = ("press", "tilt", "slide", "still")
PALETTES = ("amber", "magenta", "blue", "green", "velocity")


@dataclass(frozen=True, slots=True)
class SynovitisPhantomOptions:
    """Settings of `phantom:synovitis`."""

    joint: Annotated[str, Option("Which joint of the finger.", choices=JOINTS)] = JOINTS[0]
    grade: Annotated[int, Option("Of the hypertrophy in grey scale.", low=0, high=3)] = 2
    doppler: Annotated[int | None, Option("Grade of flow; with it the picture is in colour.", low=0, high=3)] = None
    effusion: Annotated[float, Option("Height of fluid over the hypertrophy, mm.", low=0, high=2.5)] = 0.0
    pressure: Annotated[float, Option("Of the probe: 1 empties the recess and stops the flow.", low=0, high=1)] = 0.0
    tilt: Annotated[float, Option("Of the probe along the finger, degrees.", low=-20, high=20)] = 0.0
    off: Annotated[float, Option("Beside the midline, mm.", low=0, high=5)] = 0.0
    erosion: Annotated[bool, Option("A notch in the bone's surface.")] = False
    osteophyte: Annotated[bool, Option("A spur at the joint's edge.")] = False
    bloom: Annotated[float, Option("By which colour reaches beyond what flows, mm.", low=0, high=1)] = 0.15
    flash: Annotated[bool, Option("A motion flashes in colour twice a second.")] = False
    palette: Annotated[str, Option("Colours of the flow, as makers choose them.", choices=PALETTES)] = PALETTES[0]
    motion: Annotated[str, Option("What the hand does.", choices=HANDS)] = HANDS[3]


@dataclass(frozen=True, slots=True)
class SynovitisOptions:
    """What is known of the picture."""

    doppler: Annotated[
        bool, Option("Doppler was on: no colour means no flow. Without it that is told by the colour box's frame.")
    ] = False


def _grade(name: str, words: str, turn: int, summed: str) -> MeasurementTerm:
    return MeasurementTerm(name, "grade", words, decimals=0, lane=turn, curve=turn, signed=True, summed=summed)


SPEC = TaskSpec(
    name="synovitis",
    sentence="Synovitis of a finger joint (MCP, PIP), dorsal long view: region, size, EULAR-OMERACT grades, flow.",
    labels=LABELS,
    pathways=(
        Pathway("deep", "by the network", "edge.task.synovitis.task:SynovitisTask", "synovitis"),
        Pathway(
            "classical",
            "skin, bone, joint and capsule by dynamic programming; grade by logistic steps",
            "edge.task.synovitis.classical:ClassicalSynovitisTask",
            "synovitis_classical",
            network=False,
            stages=True,
        ),
    ),
    terms=Terms(
        measurements=(
            _grade("combined", "Combined grade", 0, "EULAR-OMERACT, combined"),
            _grade("grey_scale", "Grey-scale grade", 1, "EULAR-OMERACT, grey scale"),
            _grade("power_doppler", "Doppler grade", 2, "EULAR-OMERACT, Doppler"),
            MeasurementTerm("doppler_share", "%", "Flow in the region", signed=True),
            MeasurementTerm(
                "synovial_area", "mm2", "Area", decimals=1, plausible=(0.0, 120.0), source=OF_FINGERS, signed=True
            ),
            MeasurementTerm(
                "synovial_thickness", "mm", "Thickest", plausible=(0.0, 7.0), source=OF_FINGERS, signed=True
            ),
            MeasurementTerm(
                "distension", "mm", "Over the bones' line", plausible=(0.0, 6.0), source=OF_FINGERS, signed=True
            ),
        ),
        marks=(
            *(MarkTerm(label) for label in LABELS),
            MarkTerm("capsule", Role.UPPER_BORDER),
            MarkTerm("bone surface", Role.LOWER_BORDER),
            MarkTerm("line joining the bones", Role.EXTRAPOLATED),
            MarkTerm("doubtful place #", Role.PROPOSAL),
            MarkTerm("before", Role.BEFORE),
            MarkTerm("after", Role.AFTER),
            MarkTerm("candidate #", Role.CANDIDATE),
        ),
    ),
    options=SynovitisOptions,
    gate=Gate(
        plausible_depth_mm=(4.0, 34.0),
        depth_source="a finger's joint is scanned 12 to 25 mm deep, and ends where nothing is seen below bone",
        usual_depth_mm=16.0,
        colour=True,
        needs_scale=True,
    ),
    anatomies=(Anatomy("synovitis", "edge.task.synovitis.phantom:open_cine", SynovitisPhantomOptions),),
    demo_frames=150,
)
