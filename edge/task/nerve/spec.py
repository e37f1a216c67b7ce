"""What the task `nerve` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.spec import Pathway, TaskSpec
from edge.terms import CutOffs, MarkTerm, MeasurementTerm, Role, Terms

HANDS = ("hand", "still", "slide", "tilt", "compress")
"""What the hand does: a little of all, nothing, or one of them fully. The heart beats in each."""
PLAUSIBLE_AREA_MM2 = (0.5, 250.0)
"""A digital nerve; more than a thick sciatic one."""
MEDIAN_NERVE = CutOffs(
    "if this is the median nerve at the wrist",
    (4.0, 30.0),
    ((10.0, "sensitivity 63 to 70 %, specificity 85 to 89 %"), (12.0, "sensitivity 81 %, specificity 82 %")),
    "carpal tunnel's inlet, inside the bright rim; published cut-offs lie between 9 and 14 mm²",
)


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
        Pathway("deep", "by the network", "edge.task.nerve.task:NerveTask", model="nerve"),
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
                plausible=PLAUSIBLE_AREA_MM2,
                source="digital to sciatic nerve",
                cut_offs=MEDIAN_NERVE,
            ),
            MeasurementTerm("long_axis", "mm"),
            MeasurementTerm("short_axis", "mm"),
            MeasurementTerm("flattening_ratio", ":1", "Flattening"),
            MeasurementTerm("depth_under_skin", "mm", "Depth"),
            MeasurementTerm("vessel_distance", "mm", "To vessel", signed=True),
            MeasurementTerm("outer_area", "mm2", "Area with rim", decimals=1, detail=True),
            MeasurementTerm("chance_if_nerve_in_view", "%", "Chance, if in view", signed=True),
            MeasurementTerm("candidate_depth", "mm", "Depth of its middle"),
            MeasurementTerm("candidate_from_left", "mm", "From the left edge", signed=True),
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
            MarkTerm("nerve candidate"),
            MarkTerm("nerve candidate border", Role.OUTLINE),
            MarkTerm("other candidate #", Role.PROPOSAL),
            MarkTerm("window", Role.WINDOW),
            MarkTerm("candidate #", Role.CANDIDATE),
            MarkTerm("before", Role.BEFORE),
            MarkTerm("after", Role.AFTER),
        ),
    ),
    anatomies=(Anatomy("nerve", "edge.task.nerve.phantom:open_cine", NervePhantomOptions),),
    demo_frames=150,
)
