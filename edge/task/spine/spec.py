"""What the task `spine` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.gate import Gate
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Role, Terms

LABELS = ("bone", "sacrum", "posterior complex")
TRANSVERSE, PARAMEDIAN = VIEWS = ("transverse", "paramedian")
HEADS = ("left", "right")
TRANSITIONS = ("none", "sacralised", "lumbarised")
MOTIONS = ("sweep", "still", "stall", "reverse", "lift", "drift", "poor", "down", "from L2")
BEAM_MM = 1.6
IN_PICTURE = "a midline that lies in the picture"
OF_ADULTS = "an adult's back, thick fat included"


@dataclass(frozen=True, slots=True)
class SpinePhantomOptions:
    """Settings of `phantom:spine`."""

    view: Annotated[str, Option("Across the midline, or along the spine over the laminae.", choices=VIEWS)] = VIEWS[0]
    head: Annotated[str, Option("Where the head is in a paramedian picture.", choices=HEADS)] = HEADS[0]
    motion: Annotated[str, Option("What the hand does.", choices=MOTIONS)] = MOTIONS[0]
    speed: Annotated[float, Option("Of the sweep, mm a second.", low=4, high=40)] = 14.0
    fat: Annotated[float, Option("Under the skin, mm.", low=2, high=36)] = 10.0
    scoliosis: Annotated[bool, Option("The midline strays to one side.")] = False
    transitional: Annotated[
        str, Option("The vertebra between the lumbar spine and the sacrum.", choices=TRANSITIONS)
    ] = TRANSITIONS[0]


@dataclass(frozen=True, slots=True)
class SpineOptions:
    """How the probe is held."""

    plane: Annotated[
        str, Option("How the probe is held: across the midline, or along the spine over the laminae.", choices=VIEWS)
    ] = VIEWS[0]
    head: Annotated[str, Option("Where the patient's head is in the picture of a paramedian view.", choices=HEADS)] = (
        HEADS[0]
    )
    beam_height: Annotated[
        float,
        Option(
            "Of the probe across its plane, mm: as far as speckle goes along in a transverse sweep. The way between "
            "frames is as wrong as this is.",
            low=0.5,
            high=6.0,
        ),
    ] = BEAM_MM


SPEC = TaskSpec(
    name="spine",
    sentence="Lumbar spine: which vertebra or space lies under the probe, counted from the sacrum; midline, depth.",
    labels=LABELS,
    pathways=(
        Pathway("deep", "by the network", "edge.task.spine.task:SpineTask", "spine", stages=True),
        Pathway(
            "classical",
            "templates, midline, black pixels along it; support vector machines; transverse views alone",
            "edge.task.spine.classical:ClassicalSpineTask",
            "spine_classical",
            network=False,
            stages=True,
        ),
    ),
    terms=Terms(
        measurements=(
            MeasurementTerm("level", "level", "Level", decimals=0, lane=0, curve=0, signed=True, named=True),
            MeasurementTerm(
                "midline_offset",
                "mm",
                "Midline",
                decimals=0,
                lane=1,
                curve=1,
                plausible=(-40.0, 40.0),
                source=IN_PICTURE,
                signed=True,
            ),
            MeasurementTerm(
                "target_depth",
                "mm",
                "Depth to dura",
                decimals=0,
                lane=2,
                curve=2,
                plausible=(18.0, 110.0),
                source=OF_ADULTS,
            ),
        ),
        marks=(
            *(MarkTerm(label) for label in LABELS),
            MarkTerm("midline", Role.EXTRAPOLATED),
            MarkTerm("before", Role.BEFORE),
            MarkTerm("after", Role.AFTER),
            MarkTerm("candidate #", Role.CANDIDATE),
        ),
    ),
    options=SpineOptions,
    gate=Gate(
        plausible_depth_mm=(40.0, 180.0),
        depth_source="an adult's lumbar spine is scanned 50 to 150 mm deep",
        usual_depth_mm=75.0,
    ),
    anatomies=(Anatomy("spine", "edge.task.spine.phantom:open_cine", SpinePhantomOptions),),
    demo_frames=450,
    panorama=True,
)
