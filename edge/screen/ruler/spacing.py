"""Chooses which of several millimetres per pixel to believe, and says where they disagree."""

from collections.abc import Sequence
from dataclasses import replace

from edge.frame import PixelSpacing, SpacingOrigin

TRUST = (SpacingOrigin.USER, SpacingOrigin.DICOM, SpacingOrigin.DEPTH, SpacingOrigin.TICKS)
"""The most trusted first."""
DISAGREEMENT = 0.03
"""Two scales further apart than this share of the chosen one are reported."""
_SAYS = {
    SpacingOrigin.USER: "you say",
    SpacingOrigin.DICOM: "DICOM says",
    SpacingOrigin.DEPTH: "the probe's depth says",
    SpacingOrigin.TICKS: "the ticks say",
}
_USED = {
    SpacingOrigin.USER: "your value is used",
    SpacingOrigin.DICOM: "DICOM is used",
    SpacingOrigin.DEPTH: "the probe's depth is used",
    SpacingOrigin.TICKS: "the ticks are used",
}
_DEPTH_UNCERTAINTY = 0.015
"""Of a stated depth: scanners round it, and the skin line has a thickness."""


def choose_spacing(candidates: Sequence[PixelSpacing]) -> tuple[PixelSpacing | None, tuple[str, ...]]:
    """The most trusted of `candidates`, and a doubt for each other that is more than 3 % off.

    The chosen one's uncertainty is widened so far that it covers those that contradict it.
    """
    ordered = sorted(candidates, key=lambda spacing: TRUST.index(spacing.origin))
    if not ordered:
        return None, ()
    chosen, doubts = ordered[0], []
    uncertainty = chosen.relative_uncertainty
    for other in ordered[1:]:
        apart = _apart(chosen, other)
        if apart > DISAGREEMENT:
            doubts.append(_doubt(chosen, other, apart))
            uncertainty = max(uncertainty, apart)
    return replace(chosen, relative_uncertainty=uncertainty), tuple(doubts)


def spacing_from_depth(depth_mm: float, extent_px: float, origin: SpacingOrigin = SpacingOrigin.DEPTH) -> PixelSpacing:
    """The scale of a picture that shows `depth_mm` in `extent_px` along its beams, with square pixels."""
    mm_per_px = depth_mm / extent_px
    return PixelSpacing(mm_per_px, mm_per_px, origin, _DEPTH_UNCERTAINTY + 2 / extent_px)


def _apart(chosen: PixelSpacing, other: PixelSpacing) -> float:
    return max(
        abs(other.x_mm_per_px / chosen.x_mm_per_px - 1),
        abs(other.y_mm_per_px / chosen.y_mm_per_px - 1),
    )


def _doubt(chosen: PixelSpacing, other: PixelSpacing, apart: float) -> str:
    return (
        f"{_SAYS[other.origin]} {_told(other)}, {_SAYS[chosen.origin]} {_told(chosen)}: "
        f"{100 * apart:.0f} % apart; {_USED[chosen.origin]}"
    )


def _told(spacing: PixelSpacing) -> str:
    x, y = f"{spacing.x_mm_per_px:.4f}", f"{spacing.y_mm_per_px:.4f}"
    return f"{y} mm per px" if x == y else f"{x} mm per px across and {y} down"
