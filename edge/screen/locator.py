"""Gives each frame its region and its scale, and searches anew only when the screen or the probe changed."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingError
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.screen.region.ultrasound import find_region
from edge.screen.ruler.scale import TickReading, read_scale
from edge.screen.ruler.spacing import choose_spacing, spacing_from_depth

_BRIGHTER = 1.25
_SAME_LEVEL = 40
"""A pixel around the picture has not changed where its grey level moved by no more than this."""
_CHANGED_PX = 6
_MARGIN_PX = 8


@dataclass(frozen=True, slots=True)
class _Scene:
    """What a reading of the screen depends on: it is void when any of these changes."""

    shape: tuple[int, ...]
    origin: str
    outer: Region | None
    depth_mm: float | None
    doubted: bool
    transmitting: bool | None
    """Whether the probe transmits. A region seen in the dark must not be kept for when it transmits again."""


class Locator:
    """Fills `region`, `spacing` and `notes` of frames. Keeps its last reading; one for each source.

    Raises SettingError for a depth that is not positive.
    """

    def __init__(self, user_spacing: PixelSpacing | None = None, user_depth_mm: float | None = None) -> None:
        if user_depth_mm is not None and not user_depth_mm > 0:
            raise SettingError(f"the depth must be more than 0 mm, not {user_depth_mm}; give what the screen says")
        self._user_spacing = user_spacing
        self._user_depth_mm = user_depth_mm
        self._scene: _Scene | None = None
        self._region = Region(0, 0, 1, 1)
        self._ticks = TickReading(None, "")
        self._around: _Surroundings | None = None
        self._brightness = 0.0
        self._chosen: tuple[PixelSpacing | None, PixelSpacing | None, tuple[str, ...]] | None = None

    def locate(self, frame: Frame) -> Frame:
        """`frame` with its ultrasound region and scale.

        A region that the source gave is only tightened; its scale competes with the others by trust. Where the probe's
        state is in doubt, neither its depth nor the ticks are believed.
        """
        probe = frame.probe or ProbeState()
        said = probe.depth_mm, bool(probe.doubt), probe.transmitting
        scene = _Scene(frame.pixels.shape, frame.origin, frame.region, *said)
        if scene != self._scene or self._around is None:
            self._scene = scene
            self._read(frame)
        elif self._around.changed(frame.pixels):
            self._read_again(frame)
        elif self._nothing_found(frame) and _brightness(frame.pixels) > _BRIGHTER * self._brightness + 1:
            self._read(frame)
        if probe.doubt:
            spacing, notes = self._choose_in_doubt(frame.spacing, probe.doubt)
            return frame.with_screen(self._region, spacing, frame.notes + notes)
        if self._chosen is None or self._chosen[0] != frame.spacing:
            self._chosen = (frame.spacing, *self._choose(frame.spacing))
        _, spacing, notes = self._chosen
        return frame.with_screen(self._region, spacing, frame.notes + notes)

    def _nothing_found(self, frame: Frame) -> bool:
        return self._region == (frame.region or Region.whole(frame.pixels))

    def _read(self, frame: Frame) -> None:
        self._region = _search(frame)
        self._ticks = read_scale(frame.pixels, self._region)
        self._remember(frame)

    def _read_again(self, frame: Frame) -> None:
        """Searches anew because the screen around the picture changed: the depth, the layout, or only a clock."""
        region = _search(frame)
        ticks = read_scale(frame.pixels, region)
        if _same_scale(ticks, self._ticks):
            # The same picture shows less of itself in a dark frame than in a bright one, so the larger region is right.
            region = _union(region, self._region)
            if region == self._region and self._around is not None:
                self._around.forget_changes(frame.pixels)
                return
        self._region, self._ticks = region, ticks
        self._remember(frame)

    def _remember(self, frame: Frame) -> None:
        self._around = _Surroundings(frame.pixels, self._region)
        self._brightness = _brightness(frame.pixels)
        self._chosen = None

    def _choose(self, of_source: PixelSpacing | None) -> tuple[PixelSpacing | None, tuple[str, ...]]:
        candidates = self._stated(of_source)
        if self._scene is not None and self._scene.depth_mm:
            # A region that came with the frame shows the whole depth, also where its edge is too dark to be found.
            candidates.append(spacing_from_depth(self._scene.depth_mm, self._scene.outer or self._region))
        scale = self._ticks.scale
        if scale is not None:
            candidates.append(
                PixelSpacing(scale.mm_per_px, scale.mm_per_px, SpacingOrigin.TICKS, scale.relative_uncertainty)
            )
        spacing, notes = choose_spacing(candidates)
        if spacing is None:
            return None, (f"no scale: {self._ticks.reason}; state the depth or the mm per px",)
        if spacing.origin is SpacingOrigin.TICKS and scale is not None:
            notes = (f"scale from {scale.evidence}", *notes)
        return spacing, notes

    def _choose_in_doubt(
        self, of_source: PixelSpacing | None, doubt: str
    ) -> tuple[PixelSpacing | None, tuple[str, ...]]:
        spacing, notes = choose_spacing(self._stated(of_source))
        return spacing, (*notes, f"the probe's own depth is unknown: {doubt}") if spacing else ()

    def _stated(self, of_source: PixelSpacing | None) -> list[PixelSpacing]:
        """What the user and the source say."""
        stated = [spacing for spacing in (self._user_spacing, of_source) if spacing is not None]
        if self._user_depth_mm is not None and self._user_spacing is None:
            stated.append(spacing_from_depth(self._user_depth_mm, self._region, SpacingOrigin.USER))
        return stated


class _Surroundings:
    """The pixels around the picture, kept to notice in a fraction of a millisecond that the screen changed."""

    def __init__(self, pixels: NDArray[np.uint8], region: Region) -> None:
        self._low = cv2.subtract(pixels, np.full_like(pixels, _SAME_LEVEL))
        self._high = cv2.add(pixels, np.full_like(pixels, _SAME_LEVEL))
        rows = slice(max(region.y - _MARGIN_PX, 0), region.y + region.height + _MARGIN_PX)
        columns = slice(max(region.x - _MARGIN_PX, 0), region.x + region.width + _MARGIN_PX)
        self._ignore((rows, columns))

    def changed(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether `pixels` differ from what was remembered in more than the odd pixel."""
        same = cv2.inRange(pixels, self._low, self._high)
        return pixels.size - cv2.countNonZero(same) >= _CHANGED_PX

    def forget_changes(self, pixels: NDArray[np.uint8]) -> None:
        """Ignores from now on what differs now, such as a clock."""
        different = cv2.bitwise_not(cv2.inRange(pixels, self._low, self._high))
        self._ignore(cv2.dilate(different, np.ones((7, 7), np.uint8)) > 0)

    def _ignore(self, where: tuple[slice, slice] | NDArray[np.bool_]) -> None:
        self._low[where] = 0
        self._high[where] = 255


def _search(frame: Frame) -> Region:
    if frame.region is None:
        return find_region(frame.pixels)
    inner = find_region(np.ascontiguousarray(frame.region.crop(frame.pixels)))
    return replace(inner, x=inner.x + frame.region.x, y=inner.y + frame.region.y)


def _brightness(pixels: NDArray[np.uint8]) -> float:
    return float(pixels[::8, ::8].mean())


def _same_scale(a: TickReading, b: TickReading) -> bool:
    if a.scale is None or b.scale is None:
        return a.scale is b.scale
    return abs(a.scale.mm_per_px / b.scale.mm_per_px - 1) < 0.003


def _union(a: Region, b: Region) -> Region:
    left, top = min(a.x, b.x), min(a.y, b.y)
    right, bottom = max(a.x + a.width, b.x + b.width), max(a.y + a.height, b.y + b.height)
    return Region(left, top, right - left, bottom - top)
