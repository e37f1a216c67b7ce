"""Pictures of good, middling and worst cases: `python -m tools.muscle.gallery [--observed FOLDER]`.

Phantoms by the error of the fascicle angle, side by side, to `docs/images/`; the card shows them. With
`--observed` the real pictures too, to a folder outside the project: they are looked at and not shipped.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding
from edge.frame import Frame
from edge.overlay.draw import draw_found
from edge.screen.locator import Locator
from edge.task.muscle.architecture import apart_deg
from edge.task.muscle.phantom import nearest, true_sizes
from edge.task.muscle.spec import SPEC
from tools.muscle.observers import frame_of, load_observed
from tools.muscle.phantoms import SEED, picture_of
from tools.single_pictures import open_measure

PICTURE: Final = Path(__file__).parents[2] / "docs/images/muscle-cases.jpg"
PHANTOMS: Final = 60
AHEAD: Final = 500
"""Seeds of these pictures begin so far after those of the tables."""
EACH: Final = 2
WIDTH: Final = 480
HEIGHT: Final = 400
"""Most of a tile."""
CAPTION: Final = 22
Case = tuple[float, str, Frame, Finding]
"""Error in degrees, what is written under it, frame, finding."""


def phantom_cases() -> list[Case]:
    measure = open_measure(SPEC.name)
    cases = []
    for seed in range(SEED + AHEAD, SEED + AHEAD + PHANTOMS):
        frame, bellies = picture_of(seed)
        finding = measure(frame)
        fascicle = finding.measurement("fascicle_angle")
        if fascicle is not None:
            truth = true_sizes(nearest(finding, bellies))["fascicle_angle"]
            cases.append(_case(f"phantom {seed}", fascicle.value, truth, frame, finding))
    return cases


def observed_cases() -> list[Case]:
    measure, locator = open_measure(SPEC.name), Locator(None, None)
    cases = []
    for observed in load_observed():
        frame = frame_of(observed, locator)
        finding = measure(frame)
        fascicle = finding.measurement("fascicle_angle")
        read = fascicle.value if fascicle else float("nan")
        cases.append(_case(Path(observed.name).stem, read, observed.fascicle_deg, frame, finding))
    return cases


def _case(name: str, read: float, truth: float, frame: Frame, finding: Finding) -> Case:
    off = apart_deg(read, truth) if np.isfinite(read) else np.inf
    return off, f"{name}: read {read:.1f}, true {truth:.1f} deg", frame, finding


def chosen(cases: Sequence[Case]) -> list[Case]:
    """The best, those in the middle, the worst."""
    ranked = sorted(cases, key=lambda case: case[0])
    middle = len(ranked) // 2
    return [*ranked[:EACH], *ranked[middle : middle + EACH], *ranked[-EACH:]]


def sheet(cases: Sequence[Case]) -> NDArray[np.uint8]:
    """Three columns: good, middling, worst."""
    tiles = [_tile(case) for case in cases]
    height = max(tile.shape[0] for tile in tiles)
    even = [cv2.copyMakeBorder(tile, 0, height - tile.shape[0], 0, 6, cv2.BORDER_CONSTANT) for tile in tiles]
    columns = [np.vstack(even[first : first + EACH]) for first in range(0, len(even), EACH)]
    return np.asarray(np.hstack(columns), np.uint8)


def _tile(case: Case) -> NDArray[np.uint8]:
    _, words, frame, finding = case
    shown = draw_found(frame, finding)
    scale = min(WIDTH / shown.shape[1], HEIGHT / shown.shape[0])
    small = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    named = cv2.copyMakeBorder(small, CAPTION, 0, 0, WIDTH - small.shape[1], cv2.BORDER_CONSTANT)
    cv2.putText(named, words, (4, CAPTION - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(named, np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--observed", type=Path, help="folder for the real pictures' sheet")
    arguments = parser.parse_args()
    target = PICTURE
    cases = phantom_cases()
    if arguments.observed:
        target, cases = arguments.observed / "observed.jpg", observed_cases()
    cv2.imwrite(str(target), sheet(chosen(cases)), [cv2.IMWRITE_JPEG_QUALITY, 80])
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
