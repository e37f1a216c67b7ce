"""What the task `cartilage` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.gate import Gate
from edge.task.spec import Pathway, TaskSpec
from edge.terms import MarkTerm, MeasurementTerm, Role, Terms

THIRDS = ("medial", "central", "lateral")
PLAUSIBLE_THICKNESS_MM = (0.2, 8.0)
THICKNESS_SOURCE = "femoral trochlear cartilage on ultrasound 1.5 to 3.5 mm in adults, up to 6 mm in childhood"


@dataclass(frozen=True, slots=True)
class CartilageOptions:
    """The user's own settings of this task."""

    mirrored: Annotated[bool, Option("The picture's right side is medial; without it the left side is.")] = False

    def ends(self) -> tuple[str, str]:
        return (THIRDS[2], THIRDS[0]) if self.mirrored else (THIRDS[0], THIRDS[2])


def _thickness(name: str, words: str) -> MeasurementTerm:
    return MeasurementTerm(name, "mm", words, plausible=PLAUSIBLE_THICKNESS_MM, source=THICKNESS_SOURCE)


SPEC = TaskSpec(
    name="cartilage",
    sentence="Femoral cartilage in the suprapatellar transverse view: thickness of each third, area, echo intensity.",
    labels=("femoral cartilage",),
    pathways=(Pathway("deep", "by the network", "edge.task.cartilage.task:CartilageTask", "cartilage"),),
    terms=Terms(
        measurements=(
            *(_thickness(f"mean_thickness_{third}", third.capitalize()) for third in THIRDS),
            _thickness("mean_thickness", "Mean"),
            MeasurementTerm("minimum_thickness", "mm", "Thinnest", plausible=(0.0, 8.0), source=THICKNESS_SOURCE),
            MeasurementTerm(
                "area", "mm2", "Area", plausible=(2.0, 450.0), source="8 mm thick over the 56 mm of a trochlea"
            ),
            MeasurementTerm("echo_intensity", "grey level", "Echo intensity"),
        ),
        marks=(
            MarkTerm("femoral cartilage"),
            MarkTerm("upper surface", Role.UPPER_BORDER),
            MarkTerm("lower surface", Role.LOWER_BORDER),
            *(MarkTerm(third) for third in THIRDS),
        ),
    ),
    options=CartilageOptions,
    # The model learned from 22 mm on; under 18 mm thick cartilage was read 1 mm too thin on the phantom.
    gate=Gate(
        plausible_depth_mm=(10.0, 120.0),
        depth_source="the front of a knee is scanned 20 to 60 mm deep",
        usual_depth_mm=30.0,
        least_depth_mm=20.0,
    ),
    anatomies=(Anatomy("cartilage", "edge.task.cartilage.phantom:open_cine"),),
    demo_frames=150,
    ends=CartilageOptions.ends,
)
