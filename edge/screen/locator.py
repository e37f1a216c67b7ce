"""Gives each frame its region and its scale, and searches anew only when the screen or the probe changed."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SettingError
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.screen.region.axial_extent import AxialExtent, find_axial_extent
from edge.screen.region.ultrasound import find_region
from edge.screen.ruler.scale import TickReading, read_scale
from edge.screen.ruler.spacing import choose_spacing, spacing_from_depth
from edge.screen.square_pixels import squared

_BRIGHTER = 1.25
_SAME_LEVEL = 40
"""A pixel around the picture has not changed where its grey level moved by no more than this."""
_CHANGED_PX = 6
_ANEW = 25
"""Frames after which an end of the depth that was not seen is looked for again. Where it still is not seen, and the
picture's deep half is no brighter than it was then, twice as many go by before the next look."""
SEVERAL_SIZES = "one scale is stated for pictures of several sizes; measure each size on its own"
_MARGIN_PX = 8
_SILENT = ProbeState()


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


@dataclass(frozen=True, slots=True)
class _Scale:
    """What was chosen, and what is to be told of it."""

    spacing: PixelSpacing | None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    unscaled: str = ""


class Locator:
    """Fills region and scale of frames, and what is to be told of them. Keeps its last reading; one for each source.

    Raises SettingError for a depth that is not positive.
    """

    def __init__(self, user_spacing: PixelSpacing | None = None, user_depth_mm: float | None = None) -> None:
        if user_depth_mm is not None and not user_depth_mm > 0:
            raise SettingError(f"the depth must be more than 0 mm, not {user_depth_mm}; give what the screen says")
        self._user_spacing = user_spacing
        self._user_depth_mm = user_depth_mm if user_spacing is None else None
        self._first_shape: tuple[int, ...] | None = None
        self._scene: _Scene | None = None
        self._region = Region(0, 0, 1, 1)
        self._ticks = TickReading(None, "")
        self._extent: AxialExtent | None = None
        self._unseen = 0
        self._look_at, self._look_after = 0, _ANEW
        self._deep_brightness = 0.0
        self._around: _Surroundings | None = None
        self._brightness = 0.0
        self._chosen: tuple[PixelSpacing | None, _Scale] | None = None

    def locate(self, frame: Frame) -> Frame:
        """`frame` with square pixels, its ultrasound region and its scale.

        A region that the source gave is only tightened; its scale competes with the others by trust. Where the probe's
        state is in doubt, neither its depth nor the ticks are believed.
        """
        several_sizes = self._several_sizes(frame)
        frame = squared(frame)
        probe = frame.probe or _SILENT
        said = probe.depth_mm, bool(probe.doubt), probe.transmitting
        scene = _Scene(frame.pixels.shape, frame.origin, frame.region, *said)
        if scene != self._scene or self._around is None:
            self._scene = scene
            self._read(frame)
        elif self._around.changed(frame.pixels):
            self._read_again(frame)
        elif self._nothing_found(frame) and _brightness(frame.pixels) > _BRIGHTER * self._brightness + 1:
            self._read(frame)
        scale = self._in_doubt(frame, probe.doubt) if probe.doubt else self._scale(frame)
        return frame.with_screen(
            self._region,
            scale.spacing,
            notes=scale.notes,
            doubts=scale.doubts + several_sizes,
            unscaled=scale.unscaled,
        )

    def _several_sizes(self, frame: Frame) -> tuple[str, ...]:
        """A doubt where one stated scale meets pictures of another size than the first one's."""
        stated = self._user_spacing is not None or self._user_depth_mm is not None
        self._first_shape = self._first_shape or frame.pixels.shape
        return (SEVERAL_SIZES,) if stated and (frame.sizes_differ or frame.pixels.shape != self._first_shape) else ()

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
        self._chosen = self._extent = None
        self._look_at, self._look_after, self._deep_brightness = 0, _ANEW, 0.0

    def _scale(self, frame: Frame) -> _Scale:
        of_source = frame.spacing
        if self._chosen is None or self._chosen[0] != of_source or self._seen_at_last(frame):
            self._chosen = of_source, self._choose(frame)
        return self._chosen[1]

    def _seen_at_last(self, frame: Frame) -> bool:
        """Whether the end of the depth, which no frame showed so far, is seen in this one."""
        if self._extent is None or not self._extent.note:
            return False
        self._unseen += 1
        if self._unseen % _ANEW:
            return False
        deep = self._region.crop(frame.pixels)[self._region.height // 2 :]
        is_brighter = _brightness(deep) > _BRIGHTER * self._deep_brightness + 1
        if self._unseen < self._look_at and not is_brighter:
            return False
        self._deep_brightness = _brightness(deep)
        self._look_at, self._look_after = self._unseen + self._look_after, 2 * self._look_after
        found = find_axial_extent(frame.pixels, self._region)
        if found.px is None or (found.note and self._extent.px is not None):
            return False
        self._extent = found
        return True

    def _choose(self, frame: Frame) -> _Scale:
        candidates = self._stated(frame)
        if self._scene is not None and self._scene.depth_mm:
            # A region that came with the frame shows the whole depth, also where its edge is too dark to be found.
            outer = self._scene.outer
            extent = AxialExtent(float(outer.height)) if outer else self._axial_extent(frame)
            if extent.px is not None:
                candidates.append(spacing_from_depth(self._scene.depth_mm, extent.px))
        scale = self._ticks.scale
        if scale is not None:
            candidates.append(
                PixelSpacing(scale.mm_per_px, scale.mm_per_px, SpacingOrigin.TICKS, scale.relative_uncertainty)
            )
        spacing, doubts = choose_spacing(candidates)
        if spacing is None:
            return _Scale(None, unscaled=self._why_unscaled())
        notes: tuple[str, ...] = ()
        if spacing.origin is SpacingOrigin.TICKS and scale is not None:
            notes = (f"scale from {scale.evidence}",)
        if self._extent is not None and self._extent.note:
            if self._extent.px is None:
                notes += (f"the depth of {self._depth_told()} is not used: {self._extent.note}",)
            elif spacing.origin in (SpacingOrigin.USER, SpacingOrigin.DEPTH):
                doubts += (f"taken for granted: {self._extent.note}",)
        return _Scale(spacing, notes, doubts)

    def _why_unscaled(self) -> str:
        """Why there is none, and what to do."""
        if self._extent is not None and self._extent.px is None:
            return (
                f"the picture does not show what {self._depth_told()} of depth belong to ({self._extent.note}), and "
                f"{self._ticks.reason}; state the mm per px"
            )
        return f"{self._ticks.reason}; state the depth or the mm per px"

    def _depth_told(self) -> str:
        depth_mm = self._user_depth_mm or (self._scene.depth_mm if self._scene else None) or 0.0
        return f"{depth_mm:g} mm"

    def _in_doubt(self, frame: Frame, doubt: str) -> _Scale:
        spacing, doubts = choose_spacing(self._stated(frame))
        return _Scale(spacing, doubts=(*doubts, f"the probe's own depth is unknown: {doubt}") if spacing else ())

    def _stated(self, frame: Frame) -> list[PixelSpacing]:
        """What the user and the source say."""
        stated = [spacing for spacing in (self._user_spacing, frame.spacing) if spacing is not None]
        if self._user_depth_mm is not None:
            extent = self._axial_extent(frame)
            if extent.px is not None:
                stated.append(spacing_from_depth(self._user_depth_mm, extent.px, SpacingOrigin.USER))
        return stated

    def _axial_extent(self, frame: Frame) -> AxialExtent:
        if self._extent is None:
            self._extent = find_axial_extent(frame.pixels, self._region)
        return self._extent


@dataclass(frozen=True, slots=True, eq=False)
class _Strip:
    """A part of the screen beside the picture, in which each pixel may have the grey levels from `low` to `high`."""

    where: tuple[slice, slice]
    low: NDArray[np.uint8]
    high: NDArray[np.uint8]
    same: NDArray[np.uint8]
    """Kept for the result of a comparison."""

    def unlike(self, pixels: NDArray[np.uint8]) -> int:
        """How many of its pixels have changed; `same` tells which."""
        return self.same.size - cv2.countNonZero(cv2.inRange(pixels[self.where], self.low, self.high, dst=self.same))


class _Surroundings:
    """The pixels around the picture, kept to notice in a few hundredths of a millisecond that the screen changed."""

    def __init__(self, pixels: NDArray[np.uint8], region: Region) -> None:
        top, bottom = max(region.y - _MARGIN_PX, 0), region.y + region.height + _MARGIN_PX
        left, right = max(region.x - _MARGIN_PX, 0), region.x + region.width + _MARGIN_PX
        beside = slice(top, bottom)
        around = (
            (slice(0, top), slice(None)),
            (slice(bottom, None), slice(None)),
            (beside, slice(0, left)),
            (beside, slice(right, None)),
        )
        self._strips = [_strip(pixels, where) for where in around if pixels[where].size]

    def changed(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether `pixels` differ from what was remembered in more than the odd pixel."""
        return sum(strip.unlike(pixels) for strip in self._strips) >= _CHANGED_PX

    def forget_changes(self, pixels: NDArray[np.uint8]) -> None:
        """Ignores from now on what differs now, such as a clock."""
        different = np.zeros_like(pixels)
        for strip in self._strips:
            strip.unlike(pixels)
            different[strip.where] = cv2.bitwise_not(strip.same)
        forgotten = cv2.dilate(different, np.ones((7, 7), np.uint8)) > 0
        for strip in self._strips:
            strip.low[forgotten[strip.where]] = 0
            strip.high[forgotten[strip.where]] = 255


def _strip(pixels: NDArray[np.uint8], where: tuple[slice, slice]) -> _Strip:
    part = pixels[where]
    level = np.full_like(part, _SAME_LEVEL)
    low, high = (np.asarray(one(part, level), np.uint8) for one in (cv2.subtract, cv2.add))
    return _Strip(where, low, high, np.empty_like(low))


def _search(frame: Frame) -> Region:
    if frame.region is None:
        return find_region(frame.pixels)
    inner = find_region(np.ascontiguousarray(frame.region.crop(frame.pixels)))
    return replace(inner, x=inner.x + frame.region.x, y=inner.y + frame.region.y)


def _brightness(pixels: NDArray[np.uint8]) -> float:
    return cv2.mean(pixels[::8])[0]


def _same_scale(a: TickReading, b: TickReading) -> bool:
    if a.scale is None or b.scale is None:
        return a.scale is b.scale
    return abs(a.scale.mm_per_px / b.scale.mm_per_px - 1) < 0.003


def _union(a: Region, b: Region) -> Region:
    left, top = min(a.x, b.x), min(a.y, b.y)
    right, bottom = max(a.x + a.width, b.x + b.width), max(a.y + a.height, b.y + b.height)
    return Region(left, top, right - left, bottom - top)
