"""Whether what was found is a nerve that may be measured."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.task.scores import Outline

NEARLY_AS_LARGE: Final = 0.5
"""Share of the chosen nerve's area from which another one could as well be meant."""
LEAST_STRUCTURE: Final = 0.4
"""Deviation of brightness between areas a twentieth of the picture wide, as a share of that between pixels, which no
grey map changes much: 0.06 to 0.38 for speckle of usual grain, 0.62 or more in each of the 204 nerve pictures."""
ROWS: Final = 160
"""Of the picture that are enough to tell the brightness of such an area."""


def speckle_only(picture: NDArray[np.uint8]) -> tuple[str, ...]:
    """Whether a picture (height, width) has no borders or layers in it."""
    # Grain is higher than a few rows: a third of 480 tells as much.
    coarse = cv2.resize(picture[:: max(1, len(picture) // ROWS)], (20, 20), interpolation=cv2.INTER_AREA)
    of_areas, of_pixels = (float(cv2.meanStdDev(each)[1][0, 0]) for each in (coarse, picture))
    if of_areas >= LEAST_STRUCTURE * max(of_pixels, 1e-6):
        return ()
    return ("there is speckle only: no tissue borders are seen",)


def nerve_faults(nerves: Sequence[Outline], least_confidence: float) -> tuple[str, ...]:
    """Why there is no nerve to measure. nerves: the chosen one first."""
    if not nerves:
        return ("no nerve is seen",)
    if nerves[0].confidence < least_confidence:
        return (f"what may be a nerve is not seen clearly ({100 * nerves[0].confidence:.0f} %): tilt the probe",)
    return ()


def others_said(chosen: Outline, others: Sequence[Outline]) -> tuple[str, ...]:
    """A doubt, where another nerve could as well be meant."""
    alike = [other for other in others if other.area_px2 > NEARLY_AS_LARGE * chosen.area_px2]
    if not alike:
        return ()
    count = {1: "two nerves are", 2: "three nerves are"}.get(len(alike), "several nerves are")
    return (f"{count} in view: measured is the one whose rim is drawn; is it the one meant?",)
