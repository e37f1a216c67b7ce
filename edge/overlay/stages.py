"""A sheet of all steps on the way to a finding, beside the picture that the user sees otherwise."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, LineMark, StageMark
from edge.frame import Frame, Region
from edge.overlay.draw import font_size, stroke
from edge.overlay.lines import draw_dashes, draw_lines
from edge.overlay.palette import BLACK, DASHED, GREY, SKY, WHITE, YELLOW, Colour, line_colour
from edge.overlay.sprite import paste
from edge.overlay.text import BOLD, line_height, sprite
from edge.terms import Role, Terms

PANELS: Final = 6
COLUMNS: Final = 3
WIDEST_PX: Final = 1920
GUTTER_PX: Final = 2
GUTTER: Final[Colour] = (90, 90, 90)
_HEAT: Final = 0.55
"""Share of the colour where most speaks for a place."""

Picture = NDArray[np.uint8]


def draw_stages(frame: Frame, finding: Finding, terms: Terms, drawn: Picture) -> Picture:
    """A new picture, (height, width, 3) uint8 BGR: the steps in their order, then `drawn`, which shows the finding.

    It has the same size for all frames of a size, be there steps or not.
    """
    stages = [mark for mark in finding.marks if isinstance(mark, StageMark)][: PANELS - 1]
    whole = Region(0, 0, frame.pixels.shape[1], frame.pixels.shape[0])
    width = min(whole.width, WIDEST_PX // COLUMNS)
    size = font_size(whole.width, whole.height)
    height = round(width * whole.height / whole.width)
    panels = [
        _panel(_drawn(frame, stage, terms, size), stage.name, number, (width, height), size)
        for number, stage in enumerate(stages, start=1)
    ]
    blank = np.zeros((height, width, 3), np.uint8)
    panels += [_panel(blank, "not reached", number, (width, height), size) for number in range(len(stages) + 1, PANELS)]
    panels.append(_panel(drawn, "finding", PANELS, (width, height), size))
    rows = [np.hstack(panels[start : start + COLUMNS]) for start in range(0, PANELS, COLUMNS)]
    return np.ascontiguousarray(np.vstack(rows))


def _panel(picture: Picture, name: str, number: int, size: tuple[int, int], font: int) -> Picture:
    """The picture under a line with its name."""
    smaller = size[0] < picture.shape[1]
    part = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    head = np.full((line_height(font) + font // 2, size[0], 3), BLACK, np.uint8)
    paste(head, sprite(f"{number}  {name}", font, WHITE, BOLD), font // 2, font // 4)
    panel = np.vstack((head, np.asarray(part, np.uint8)))
    panel[:, -GUTTER_PX:] = GUTTER
    return panel


def _drawn(frame: Frame, stage: StageMark, terms: Terms, size: int) -> Picture:
    """The frame's size."""
    plane = _on_frame(frame, stage)
    grey = frame.pixels if stage.heat else plane
    picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if stage.heat:
        colour = cv2.applyColorMap(plane, cv2.COLORMAP_INFERNO)
        share = (_HEAT / 255) * plane[..., None].astype(np.float32)
        picture = np.round(picture * (1 - share) + colour * share).astype(np.uint8)
    for index, line in enumerate(stage.lines, start=1):
        _draw(picture, line, terms.mark(line.name).role, index / len(stage.lines), size)
    return picture


def _on_frame(frame: Frame, stage: StageMark) -> Picture:
    """The plane (height, width) at its place in the frame, 0 around it."""
    (x, y), cell = stage.corner, stage.cell_px
    # warpAffine takes pixel centres at whole numbers.
    place = np.array([[cell, 0.0, x + cell / 2 - 0.5], [0.0, cell, y + cell / 2 - 0.5]])
    return np.asarray(cv2.warpAffine(stage.plane, place, frame.pixels.shape[::-1]), np.uint8)


def _draw(picture: Picture, line: LineMark, role: Role, strength: float, size: int) -> None:
    """strength: 1 for the last line, less for those before it."""
    if role is Role.WINDOW:
        draw_lines(picture, [line.points], _mixed(GREY, SKY, strength), 1)
    elif role is Role.CANDIDATE:
        number = line.name.rpartition(" ")[2]
        colour = YELLOW if number == "1" else SKY
        draw_lines(picture, [line.points], colour, stroke(size))
        left, top = line.points.min(axis=0)
        paste(picture, sprite(number, size, colour, BOLD, edge=True), round(float(left)) + 3, round(float(top)) + 1)
    elif role in DASHED:
        draw_dashes(picture, [line.points], line_colour(role, 0), stroke(size), size / 2)
    else:
        draw_lines(picture, [line.points], line_colour(role, 0), stroke(size))


def _mixed(weak: Colour, strong: Colour, strength: float) -> Colour:
    blue, green, red = (round(a / 2 * (1 - strength) + b * strength) for a, b in zip(weak, strong, strict=True))
    return blue, green, red
