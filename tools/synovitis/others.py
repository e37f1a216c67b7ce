"""`python -m tools.synovitis.others FOLDER [PATHWAY]`: pictures of other body parts, how many are taken for a joint.

FOLDER holds a folder of pictures for each body part. Each picture is taken as if it were DEPTH_MM deep: its own depth
would mostly be refused at once, and say nothing of what is seen.
"""

import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge.finding import Verdict
from edge.frame import Frame, PixelSpacing, SpacingOrigin
from edge.screen.locator import Locator
from tools.single_pictures import open_measure

MOST: Final = 40
"""Of each body part."""
DEPTH_MM: Final = 20.0
LEAST_PX: Final = 100
NAME: Final = "synovitis"


def main(folder: str, pathway: str | None = None) -> None:
    measure, refused, total = open_measure(NAME, pathway), 0, 0
    for part in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
        paths = sorted(path for path in part.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".tif"))
        told = []
        for path in paths[:: max(1, len(paths) // MOST)][:MOST]:
            pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if pixels is None or min(pixels.shape) < LEAST_PX:
                continue
            located = Locator().locate(Frame(np.asarray(pixels, np.uint8), 0, 0, path.name))
            mm = DEPTH_MM / located.ultrasound.height
            spacing = PixelSpacing(mm, mm, SpacingOrigin.USER)
            told.append(measure(located.with_screen(located.region, spacing)).verdict is Verdict.REFUSED)
        if told:
            print(f"{part.name}: {sum(told)} of {len(told)} refused")
            refused, total = refused + sum(told), total + len(told)
    print(f"all: {refused} of {total} refused ({100 * refused / max(total, 1):.0f} %)")


if __name__ == "__main__":
    main(*sys.argv[1:])
