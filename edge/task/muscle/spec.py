"""What the task `muscle` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.gate import Gate
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Role, Terms

MOVEMENTS = ("contraction", "stretch", "still")
BOOK = "limb muscles in adults, from rest to full contraction"


@dataclass(frozen=True, slots=True)
class MusclePhantomOptions:
    """Settings of `phantom:muscle`."""

    motion: Annotated[str, Option("What the muscle does.", choices=MOVEMENTS)] = MOVEMENTS[0]


@dataclass(frozen=True, slots=True)
class MuscleOptions:
    """Settings of the task."""

    second_opinion_every: Annotated[
        int,
        Option(
            "Frames from one thorough look to the next while a muscle is followed and nothing has changed; 1: each "
            "frame. A thorough look forms the second opinion of the fascicles' angle and their bend anew, and looks "
            "for other muscles.",
            low=1,
            high=25,
        ),
    ] = 5


SPEC = TaskSpec(
    name="muscle",
    sentence="Muscle architecture in a longitudinal view: fascicle angle, pennation, fascicle length, thickness.",
    labels=("muscle",),
    pathways=(
        Pathway(
            "deep", "by the network, sharpened by a line filter", "edge.task.muscle.task:MuscleTask", model="muscle"
        ),
        Pathway(
            "classical",
            "by image analysis alone: a line filter between the aponeuroses",
            "edge.task.muscle.task:ClassicalMuscleTask",
            model="",
            network=False,
        ),
    ),
    terms=Terms(
        measurements=(
            MeasurementTerm("fascicle_angle", "deg", lane=1, curve=1, plausible=(-60, 60), source=BOOK, signed=True),
            MeasurementTerm("pennation_angle", "deg", "Pennation", curve=2, plausible=(0, 60), source=BOOK),
            MeasurementTerm("fascicle_length", "mm", decimals=0, lane=2, curve=3, plausible=(8, 600), source=BOOK),
            MeasurementTerm("straight_fascicle_length", "mm", decimals=0, detail=True, plausible=(8, 600), source=BOOK),
            MeasurementTerm("extrapolated_share", "%", "Share outside the picture", signed=True),
            MeasurementTerm("muscle_thickness", "mm", "Thickness", lane=3, curve=4, plausible=(2, 90), source=BOOK),
            MeasurementTerm("fascicle_curvature", "1/m", "Curvature", signed=True),
            MeasurementTerm(
                "superficial_aponeurosis_angle", "deg", "Superficial aponeurosis", decimals=1, detail=True, signed=True
            ),
            MeasurementTerm("deep_aponeurosis_angle", "deg", "Deep aponeurosis", decimals=1, detail=True, signed=True),
            MeasurementTerm("fascicle_angle_spread", "deg", decimals=1, detail=True, signed=True),
        ),
        marks=(
            MarkTerm("muscle"),
            MarkTerm("fascicle direction", measurement="fascicle_angle"),
            MarkTerm("superficial aponeurosis", Role.UPPER_BORDER),
            MarkTerm("deep aponeurosis", Role.LOWER_BORDER),
            MarkTerm("fascicle", Role.FIBRE),
            MarkTerm("extrapolated fascicle", Role.EXTRAPOLATED),
            MarkTerm("muscle thickness"),
        ),
    ),
    options=MuscleOptions,
    gate=Gate(
        plausible_depth_mm=(10.0, 160.0),
        depth_source="limb muscles are scanned 30 to 100 mm deep",
        usual_depth_mm=45.0,
    ),
    anatomies=(Anatomy("muscle", "edge.task.muscle.phantom:open_cine", MusclePhantomOptions),),
    demo_frames=200,
)
