"""What the task `nerve` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.pointed import Pointed
from edge.task.gate import Gate
from edge.task.pointing import At, InBox, NotAt, pointed_at
from edge.task.spec import Pathway, TaskSpec
from edge.terms import CutOffs, MarkTerm, MeasurementTerm, Role, Terms

HANDS = ("hand", "still", "slide", "tilt", "compress")
"""What the hand does: a little of all, nothing, or one of them fully. The heart beats in each."""
MOST_RIM_EVERY = 5
IN_PICTURE_MM = (0.0, 160.0)
IN_PICTURE = "within the deepest picture of a nerve"
MEDIAN_NERVE = CutOffs(
    "if this is the median nerve at the wrist",
    (4.0, 30.0),
    ((10.0, "sensitivity 63 to 70 %, specificity 85 to 89 %"), (12.0, "sensitivity 81 %, specificity 82 %")),
    "carpal tunnel's inlet, inside the bright rim; published cut-offs lie between 9 and 14 mm²",
)


@dataclass(frozen=True, slots=True)
class NerveOptions:
    """Which nerves are meant, and how often what is slow is done. Raises SettingError as `pointed_at`."""

    at: At = ()
    not_at: NotAt = ()
    box: InBox = ()

    rim_every: Annotated[
        int,
        Option("Trace the rim in one of so many frames while the nerve is steady.", low=1, high=MOST_RIM_EVERY),
    ] = 1

    def __post_init__(self) -> None:
        self.pointed()

    def pointed(self) -> tuple[Pointed, ...]:
        return pointed_at(self.at, self.not_at, self.box)


@dataclass(frozen=True, slots=True)
class NervePhantomOptions:
    """Settings of `phantom:nerve`."""

    motion: Annotated[str, Option("What the hand does.", choices=HANDS)] = HANDS[0]
    nerves: Annotated[int, Option("How many nerves there are.", low=0, high=2)] = 1


SPEC = TaskSpec(
    name="nerve",
    sentence="Peripheral nerves in a transverse view: cross-sectional area, axes, depth, distance to a vessel.",
    labels=("nerve", "vessel"),
    pathways=(
        Pathway("deep", "by the network", "edge.task.nerve.task:NerveTask", model="nerve", asks="outline"),
        Pathway(
            "classical",
            "by image analysis alone: proposes up to three places, and gives no size",
            "edge.task.nerve.classical:ClassicalNerveTask",
            model="nerve_classical",
            network=False,
            labels=("nerve candidate",),
            stages=True,
        ),
    ),
    terms=Terms(
        measurements=(
            MeasurementTerm(
                "cross_sectional_area",
                "mm2",
                "Area",
                decimals=1,
                plausible=(0.5, 250.0),
                source="a digital nerve to more than a thick sciatic one",
                cut_offs=MEDIAN_NERVE,
            ),
            MeasurementTerm("long_axis", "mm", plausible=(0.7, 40.0), source="digital to sciatic nerve"),
            MeasurementTerm("short_axis", "mm", plausible=(0.4, 20.0), source="digital to sciatic nerve"),
            MeasurementTerm("flattening_ratio", ":1", "Flattening"),
            MeasurementTerm("depth_under_skin", "mm", "Depth", plausible=IN_PICTURE_MM, source=IN_PICTURE),
            MeasurementTerm("vessel_distance", "mm", "To vessel", plausible=IN_PICTURE_MM, source=IN_PICTURE),
            MeasurementTerm(
                "outer_area",
                "mm2",
                "Area with rim",
                decimals=1,
                detail=True,
                plausible=(0.5, 400.0),
                source="a thick sciatic nerve with its rim",
            ),
            MeasurementTerm("chance_if_nerve_in_view", "%", "Nerve, if one is in view", signed=True),
            MeasurementTerm("candidate_depth", "mm", "Depth of its middle", plausible=IN_PICTURE_MM, source=IN_PICTURE),
            MeasurementTerm(
                "candidate_from_left", "mm", "From the left edge", plausible=IN_PICTURE_MM, source=IN_PICTURE
            ),
            MeasurementTerm("vote_share", "%", "Share of votes", signed=True),
        ),
        marks=(
            MarkTerm("nerve"),
            MarkTerm("vessel"),
            MarkTerm("nerve border", Role.OUTLINE),
            MarkTerm("nerve # border", Role.OUTLINE),
            MarkTerm("vessel border", Role.NEIGHBOUR),
            MarkTerm("inner edge of the rim", Role.INNER_EDGE),
            MarkTerm("long axis"),
            MarkTerm("short axis"),
            MarkTerm("vessel distance"),
            MarkTerm("proposal #", Role.PROPOSAL),
            MarkTerm("nerve candidate", Role.PROPOSAL),
            MarkTerm("nerve candidate border", Role.PROPOSAL),
            MarkTerm("other candidate #", Role.ALTERNATIVE),
            MarkTerm("window", Role.WINDOW),
            MarkTerm("candidate #", Role.CANDIDATE),
            MarkTerm("before", Role.BEFORE),
            MarkTerm("after", Role.AFTER),
        ),
    ),
    options=NerveOptions,
    gate=Gate(plausible_depth_mm=(8.0, 160.0), depth_source="nerves are scanned 15 to 80 mm deep", usual_depth_mm=32.0),
    anatomies=(Anatomy("nerve", "edge.task.nerve.phantom:open_cine", NervePhantomOptions),),
    demo_frames=150,
    pointed=NerveOptions.pointed,
)
