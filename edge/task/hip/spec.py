"""What the task `hip` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.finding import Finding, LineMark
from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.gate import Gate
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Projection, Role, Terms

PROJECTIONS = ("scan", "graf")
SIDES = ("left", "right", "unknown")
STRUCTURES = (
    "chondro-osseous border",
    "femoral head",
    "synovial fold",
    "joint capsule",
    "labrum",
    "cartilage roof",
    "bony roof",
    "bony rim",
)
"""Graf's first checklist: all of them must be identified before anything is measured."""
PLANE_ITEMS = ("lower limb", "straight ilium", "labrum")
"""His second one: the plane is the standard one where all three are seen."""
NOTHING = "nothing"
REMOVABLE = (NOTHING, "lower limb", *STRUCTURES)
HANDS = ("sweep", "still")
LABELS = ("femoral head", "ilium", "bony roof", "labrum")
OLDEST_WEEKS = 52.0
BETA_OF_PHANTOMS = "beta withheld: without the network the labrum is found too near the rim in real pictures"
TILT_OF_PHANTOMS = "tilt withheld: what a bend of the ilium means in degrees is known of simulated hips alone"
MEASURED_AT = "what is seen in infants: alpha 34 to 82 degrees, beta 35 to 86 (2,406 pictures, Chen 2023), and a margin"


@dataclass(frozen=True, slots=True)
class HipOptions:
    """What is known of the infant."""

    age_weeks: Annotated[
        float | None, Option("Age of the infant in weeks; type II needs it.", low=0, high=OLDEST_WEEKS)
    ] = None
    side: Annotated[str, Option("Which hip it is. A picture does not tell; it is written down.", choices=SIDES)] = (
        SIDES[2]
    )
    projection: Annotated[
        str,
        Option(
            "How the picture is shown: as scanned, or as Graf projects every hip: cranial above, lateral on the left, "
            "the ilium upright.",
            choices=PROJECTIONS,
        ),
    ] = PROJECTIONS[0]
    second_opinion_every: Annotated[
        int,
        Option(
            "With the network: every so many frames image analysis reads alpha too, and where both differ the user is "
            "told; 0: never.",
            low=0,
            high=1000,
        ),
    ] = 25


@dataclass(frozen=True, slots=True)
class HipPhantomOptions:
    """Settings of `phantom:hip`. What is not given goes by the seed."""

    side: Annotated[str, Option("Left: the picture is mirrored.", choices=SIDES[:2])] = SIDES[1]
    alpha: Annotated[float | None, Option("Bony roof angle, degrees.", low=34, high=82)] = None
    beta: Annotated[float | None, Option("Cartilage roof angle, degrees.", low=35, high=86)] = None
    coverage: Annotated[float | None, Option("Of the femoral head, percent.", low=15, high=80)] = None
    age: Annotated[float | None, Option("Weeks.", low=0, high=26)] = None
    tilt: Annotated[float, Option("Of the plane, from front to back, degrees.", low=-30, high=30)] = 0.0
    rotation: Annotated[float, Option("Of the plane, from head to foot, degrees.", low=-30, high=30)] = 0.0
    pressure: Annotated[float, Option("Of the probe: soft tissue is pressed by a third at 1.", low=0, high=1)] = 0.0
    without: Annotated[str, Option("A structure that is not there to be seen.", choices=REMOVABLE)] = NOTHING
    motion: Annotated[str, Option("What the hand does.", choices=HANDS)] = HANDS[0]


def projection_of(options: HipOptions, finding: Finding) -> Projection | None:
    """As Graf projects every hip, or None. Where no hip is seen, cranial is taken to be on the left."""
    if options.projection == PROJECTIONS[0]:
        return None
    lines = {mark.name: mark.points for mark in finding.marks if isinstance(mark, LineMark)}
    ilium, roof = lines.get("iliac line"), lines.get("roof of bone")
    return Projection(ilium is not None and roof is not None and bool(ilium[:, 0].mean() > roof[:, 0].mean()))


SPEC = TaskSpec(
    name="hip",
    sentence="Infant hip in the coronal standard plane after Graf: alpha, beta, type, coverage of the femoral head.",
    labels=LABELS,
    pathways=(
        Pathway("deep", "by the network", "edge.task.hip.task:HipTask", "hip", stages=True),
        Pathway(
            "classical",
            "bone edges by dynamic programming, lines, rules of plausibility",
            "edge.task.hip.classical:ClassicalHipTask",
            model="",
            network=False,
            stages=True,
        ),
    ),
    terms=Terms(
        measurements=(
            MeasurementTerm(
                "alpha", "deg", "Alpha", lane=0, curve=0, plausible=(25.0, 88.0), source=MEASURED_AT, signed=True
            ),
            MeasurementTerm(
                "beta", "deg", "Beta", lane=1, curve=1, plausible=(-45.0, 100.0), source=MEASURED_AT, signed=True
            ),
            MeasurementTerm("head_coverage", "%", "Head covered", lane=2, curve=2, signed=True),
            MeasurementTerm(
                "plane_tilt", "deg", "Plane tilted by", detail=True, signed=True, simulated_only=TILT_OF_PHANTOMS
            ),
        ),
        marks=(
            *(MarkTerm(label) for label in LABELS),
            MarkTerm("iliac line", Role.UPPER_BORDER),
            MarkTerm("roof of bone", Role.LOWER_BORDER),
            MarkTerm("base line", Role.EXTRAPOLATED),
            MarkTerm("bony roof line", Role.EXTRAPOLATED),
            MarkTerm("cartilage roof line", Role.EXTRAPOLATED),
            MarkTerm("head outline", Role.OUTLINE),
            MarkTerm("chondro-osseous border", Role.NEIGHBOUR),
            MarkTerm("joint capsule", Role.INNER_EDGE),
            MarkTerm("synovial fold", Role.INNER_EDGE),
            MarkTerm("before", Role.BEFORE),
            MarkTerm("after", Role.AFTER),
            MarkTerm("candidate #", Role.CANDIDATE),
        ),
    ),
    options=HipOptions,
    projection=projection_of,
    gate=Gate(
        plausible_depth_mm=(25.0, 120.0),
        depth_source="an infant's hip is scanned 30 to 70 mm deep",
        usual_depth_mm=45.0,
    ),
    anatomies=(Anatomy("hip", "edge.task.hip.phantom:open_cine", HipPhantomOptions),),
    demo_frames=200,
)
