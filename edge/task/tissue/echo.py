"""How bright a region is: as grey level, and as a z-score against a reference of the same device and preset."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.finding import Measurement
from edge.frame import ProbeState
from edge.task.measured import Z_90
from edge.task.spec import Reference
from edge.task.tissue.spec import TissueOptions

MOST_WHITE: Final = 0.01
WHITE: Final = 250
MISSING: Final = "reference missing"
NO_REFERENCE: Final = f"{MISSING}: no z-score; sonoedge reference add records one"


@dataclass(frozen=True, slots=True)
class ReferenceInUse:
    """What a run reads z-scores against."""

    reference: Reference | None = None
    why_not: str = NO_REFERENCE
    """Where there is none."""
    preset_stated: bool = True
    """The user said that the preset is the reference's; else the probe must say so."""

    def missing(self, kind: str, probe: ProbeState | None) -> str:
        """Why there is no z-score; empty where there is one. kind: empty where it is unclear."""
        reference = self.reference
        if reference is None:
            return self.why_not
        if kind != reference.kind:
            return f"{MISSING}: '{reference.name}' is of {reference.kind}, this region is {kind or 'unclear'}"
        preset = probe.preset if probe else None
        if preset is None and not self.preset_stated:
            return f"{MISSING}: state the preset with --preset ('{reference.name}' is of {reference.preset})"
        if preset is not None and preset.lower() != reference.preset.lower():
            return f"{MISSING}: '{reference.name}' is of preset {reference.preset}, the probe is set to {preset}"
        return ""


def reference_in_use(options: TissueOptions) -> ReferenceInUse:
    """The reference that the user named, if it was recorded with the device and preset that are in use.

    Without a preset the probe's own word is held against it, frame by frame.
    """
    known = options.reference
    if known is None:
        return ReferenceInUse()
    if options.device is None:
        return ReferenceInUse(
            None, f"{MISSING}: state the scanner in use with --device ('{known.name}' is of {known.device})"
        )
    for what, here, there in (("device", options.device, known.device), ("preset", options.preset, known.preset)):
        if here is not None and here.strip().lower() != there.lower():
            return ReferenceInUse(
                None, f"{MISSING}: '{known.name}' was recorded with {what} {there}, not {here.strip()}"
            )
    return ReferenceInUse(known, preset_stated=options.preset is not None)


def z_score(echo: Measurement, reference: Reference) -> Measurement:
    """Standard deviations between people; the interval holds the speckle and how many people there were."""
    z, low, high = ((value - reference.mean) / reference.sd for value in (echo.value, echo.low, echo.high))
    sampled = Z_90 * (1 / reference.people + z * z / (2 * reference.people)) ** 0.5
    return Measurement("echo_intensity_z", z, "SD", z - np.hypot(z - low, sampled), z + np.hypot(high - z, sampled))


def white_faults(grey: NDArray[np.uint8]) -> tuple[str, ...]:
    """A doubt, where the region's brightness is cut off."""
    share = np.count_nonzero(grey >= WHITE) / grey.size
    if share <= MOST_WHITE:
        return ()
    return (f"{100 * share:.0f} % of the region is white: its echo intensity is cut off; lower the gain",)
