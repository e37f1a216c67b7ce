"""Chooses which of several millimetres per pixel to believe, and says where they disagree."""

from collections.abc import Sequence
from dataclasses import replace

from edge.frame import PixelSpacing, Region, SpacingOrigin

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
_DEPTH_UNCERTAINTY = 0.01


def choose_spacing(candidates: Sequence[PixelSpacing]) -> tuple[PixelSpacing | None, tuple[str, ...]]:
    """The most trusted of `candidates`, and a note on each other that is more than 3 % off.

    The chosen one's uncertainty is widened so far that it covers those that contradict it.
    """
    ordered = sorted(candidates, key=lambda spacing: TRUST.index(spacing.origin))
    if not ordered:
        return None, ()
    chosen, notes = ordered[0], []
    uncertainty = chosen.relative_uncertainty
    for other in ordered[1:]:
        apart = _apart(chosen, other)
        if apart > DISAGREEMENT:
            notes.append(_note(chosen, other, apart))
            uncertainty = max(uncertainty, apart)
    return replace(chosen, relative_uncertainty=uncertainty), tuple(notes)


def spacing_from_depth(depth_mm: float, region: Region, origin: SpacingOrigin = SpacingOrigin.DEPTH) -> PixelSpacing:
    """The scale of a picture whose `region` shows `depth_mm` from its top to its bottom, with square pixels."""
    mm_per_px = depth_mm / region.height
    return PixelSpacing(mm_per_px, mm_per_px, origin, _DEPTH_UNCERTAINTY + 2 / region.height)


def _apart(chosen: PixelSpacing, other: PixelSpacing) -> float:
    return max(
        abs(other.x_mm_per_px / chosen.x_mm_per_px - 1),
        abs(other.y_mm_per_px / chosen.y_mm_per_px - 1),
    )


def _note(chosen: PixelSpacing, other: PixelSpacing, apart: float) -> str:
    return (
        f"{_SAYS[other.origin]} {other.y_mm_per_px:.4f} mm per px, {_SAYS[chosen.origin]} {chosen.y_mm_per_px:.4f}: "
        f"{100 * apart:.0f} % apart; {_USED[chosen.origin]}"
    )
