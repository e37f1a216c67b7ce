"""What the task `tissue` declares."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from edge.errors import SettingError
from edge.option import Option
from edge.phantom.anatomy import Anatomy
from edge.task.spec import Pathway, Reference, Referenced, TaskSpec
from edge.task.tissue.kinds import KINDS
from edge.task.tissue.roi import Roi, parse_roi
from edge.terms import MarkTerm, MeasurementTerm, Role, Terms

SWEEPS = ("slide", "still")
"""What the hand does."""
METHODS = MappingProxyType({"network": "network", "svm": "SVM", "neighbours": "neighbours"})


@dataclass(frozen=True, slots=True)
class TissueOptions:
    """The user's own settings of this task."""

    roi: Annotated[
        Roi | None,
        Option("Region in pixels: x,y,width,height or x1,y1;x2,y2;... Without it one is proposed.", read=parse_roi),
    ] = None
    reference: Annotated[
        Reference | None, Option("Recorded reference for the echo intensity's z-score: sonoedge reference list.")
    ] = None
    device: Annotated[str | None, Option("The scanner in use, as the --reference names it.")] = None
    preset: Annotated[str | None, Option("Its preset. Without it: what the probe says.")] = None

    def __post_init__(self) -> None:
        for flag, value in (("--device", self.device), ("--preset", self.preset)):
            if self.reference is None and value:
                raise SettingError(f"{flag} says which reference fits; name that one with --reference NAME")


@dataclass(frozen=True, slots=True)
class TissuePhantomOptions:
    """Settings of `phantom:tissue`."""

    motion: Annotated[str, Option("What the hand does.", choices=SWEEPS)] = SWEEPS[0]
    degree: Annotated[float, Option("How far the muscle is infiltrated.", low=0, high=1)] = 0.0


def shows(names: Iterable[str], kind: str) -> bool:
    """Whether a finding with measurements of these names shows this kind of tissue."""
    return any(name.startswith(f"{kind}_by_") for name in names)


def _probabilities() -> tuple[MeasurementTerm, ...]:
    by = [
        MeasurementTerm(f"{kind}_by_{method}", "%", f"{kind.capitalize()} by {words}")
        for kind in KINDS
        for method, words in METHODS.items()
    ]
    infiltrated = [
        MeasurementTerm("infiltrated_phantom_only", "%", "Infiltrated, phantom only"),
        MeasurementTerm("infiltrated_by_svm_phantom_only", "%", detail=True),
        MeasurementTerm("infiltrated_by_neighbours_phantom_only", "%", detail=True),
        MeasurementTerm("patient_infiltrated_phantom_only", "%", "Patient, phantom only"),
    ]
    return (*by, *infiltrated, *(MeasurementTerm(f"chance_{kind}", "%", detail=True) for kind in KINDS))


SPEC = TaskSpec(
    name="tissue",
    sentence="Tissue in a region of interest: nerve, vessel, muscle or fascia, and how bright it is.",
    labels=KINDS,
    pathways=(
        Pathway("deep", "the network speaks first", "edge.task.tissue.task:TissueTask", model="tissue"),
        Pathway(
            "classical",
            "no network: the support vector machine speaks first",
            "edge.task.tissue.task:ClassicalTissueTask",
            model="tissue",
            network=False,
        ),
    ),
    terms=Terms(
        measurements=(
            *_probabilities(),
            MeasurementTerm("echo_intensity", "grey level", "Echo intensity"),
            MeasurementTerm("echo_intensity_z", "SD", "Echo z-score"),
        ),
        marks=(*(MarkTerm(kind) for kind in KINDS), MarkTerm("region of interest", Role.REGION)),
    ),
    options=TissueOptions,
    anatomies=(Anatomy("tissue", "edge.task.tissue.simulated:open_cine", TissuePhantomOptions),),
    referenced=Referenced("echo_intensity", "grey levels", KINDS, shows),
)
