"""Why nothing may be measured in a frame, whatever is looked for: its picture, its colour, the probe, its scale."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame, ProbeState

DARK_LEVEL = 6.0
"""Mean grey level of the brightest tenth below which nothing is seen: no contact, or transmit is off."""
WHITE_SHARE = 0.35
_WHITE_LEVEL = 250
FLAT_DEVIATION = 2.0
SMALLEST_SIDE_PX = 64
LEAST_STRUCTURE = 0.4
"""Deviation of brightness between areas a twentieth of the picture wide, as a share of that between pixels, which no
grey map changes much: 0.06 to 0.38 for speckle of usual grain, 0.62 or more in each of 204 real pictures of limbs."""
_ROWS = 160
"""Of the picture that are enough to tell the brightness of such an area."""
UNKNOWN_SCALE = "scale unknown: state the depth or the mm per pixel"


def picture_faults(ultrasound: NDArray[np.uint8]) -> tuple[str, ...]:
    """Reasons against any measurement in this region (height, width) uint8; empty where there is none."""
    height, width = ultrasound.shape
    if min(height, width) < SMALLEST_SIDE_PX:
        return (f"the picture is {width} x {height} px; at least {SMALLEST_SIDE_PX} px a side are needed",)
    sparse = np.ascontiguousarray(ultrasound[:: max(1, height // 64), :: max(1, width // 64)])
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(sparse))
    # The brightest tenth is no darker than the whole, which settles it for all but dark pictures.
    if mean < DARK_LEVEL and _mean_of_brightest_tenth(sparse) < DARK_LEVEL:
        return ("the picture is dark: no skin contact, or transmit is off",)
    if deviation < FLAT_DEVIATION:
        return ("the picture is one even grey: no echoes",)
    white = cv2.countNonZero(cv2.inRange(sparse, _WHITE_LEVEL, 255)) / sparse.size
    if white > WHITE_SHARE:
        return (f"{100 * white:.0f} % of the picture is white: lower the gain",)
    return ()


def speckle_only(picture: NDArray[np.uint8]) -> tuple[str, ...]:
    """Whether a picture (height, width) has no borders or layers in it."""
    # Grain is higher than a few rows: a third of 480 tells as much.
    coarse = cv2.resize(picture[:: max(1, len(picture) // _ROWS)], (20, 20), interpolation=cv2.INTER_AREA)
    of_areas, of_pixels = (float(cv2.meanStdDev(each)[1][0, 0]) for each in (coarse, picture))
    if of_areas >= LEAST_STRUCTURE * max(of_pixels, 1e-6):
        return ()
    return ("there is speckle only: no tissue borders are seen",)


def _mean_of_brightest_tenth(pixels: NDArray[np.uint8]) -> float:
    share = np.bincount(pixels.ravel(), minlength=256) / pixels.size
    of_tenth = np.clip(0.1 - (1 - np.cumsum(share)), 0, share)
    return float(of_tenth @ np.arange(256)) * 10


def colour_faults(frame: Frame) -> tuple[str, ...]:
    """Reasons against a measurement where colour lies over the ultrasound; empty where there is none."""
    box, region = frame.coloured, frame.ultrasound
    if box is None:
        return ()
    across = min(box.x + box.width, region.x + region.width) > max(box.x, region.x)
    down = min(box.y + box.height, region.y + region.height) > max(box.y, region.y)
    return ("the picture is coloured (Doppler): switch the colour off",) if across and down else ()


def probe_faults(probe: ProbeState | None) -> tuple[str, ...]:
    """Reasons against any measurement; empty where there is none."""
    if probe is None or probe.transmitting is not False:
        return ()
    return (f"the probe does not transmit: {probe.transmit_off_reason}".removesuffix(": "),)


def missing_scale(frame: Frame) -> str:
    """Why there are no millimetres in a frame without spacing."""
    if frame.probe is not None and frame.probe.doubt:
        return f"scale withheld: {frame.probe.doubt}"
    return f"scale unknown: {frame.unscaled}" if frame.unscaled else UNKNOWN_SCALE
