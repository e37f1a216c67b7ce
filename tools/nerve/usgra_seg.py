"""usgra-seg: real pictures with nerve and vessel masks (T. M. Kandziora; CC BY 4.0), split by likeness.

The set names neither people nor regions, and many a picture is a moment later than another, a little shifted. So two
pictures are linked where the speckle and borders of one are found in the other, mirrored or not, and groups of linked
pictures stay together.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Region
from edge.screen.region.ultrasound import find_region
from tools.muscle.dl_track import clusters

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "nerve"
LINKED: Final = 0.4
"""Highest correlation, over shifts by an eighth, of detail thumbnails; of unlike pictures 99.5 % stay below 0.36."""
THUMBNAIL, CORE = 64, slice(8, 56)
OF_TWENTY: Final = {"train": range(14), "validation": range(14, 17), "test": range(17, 20)}


@dataclass(frozen=True, slots=True, eq=False)
class UsgraPicture:
    """A picture with what was drawn on it."""

    name: str
    cluster: int
    file: NDArray[np.uint8]
    """(height, width) grey, as a frame would bring it."""
    region: Region
    nerve: NDArray[np.uint8]
    """(height, width) of the file, 0 or 255."""
    vessel: NDArray[np.uint8]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The ultrasound alone."""
        return np.ascontiguousarray(self.region.crop(self.file))


@cache
def load_pictures(folder: Path = FOLDER) -> tuple[UsgraPicture, ...]:
    """All pictures by name. Raises SystemExit where the set is missing."""
    if not folder.is_dir():
        raise SystemExit(f"the nerve pictures are not at {folder}; put the set there to train or to measure on it")
    paths = sorted((folder / "images").glob("*.png"))
    files = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    masks = [cv2.imread(str(folder / "masks" / path.name), cv2.IMREAD_UNCHANGED) for path in paths]
    regions = [find_region(file) for file in files]
    group = clusters(likeness([region.crop(file) for region, file in zip(regions, files, strict=True)]) > LINKED)
    return tuple(
        UsgraPicture(path.stem, int(number), file, region, *(np.uint8(255) * (mask == label) for label in (1, 2)))
        for path, number, file, region, mask in zip(paths, group, files, regions, masks, strict=True)
    )


def likeness(pictures: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """(n, n) highest correlation of each picture's detail with the others', mirrored or not; symmetric."""
    details = [_detail(picture) for picture in pictures]
    table = np.zeros((len(details), len(details)), np.float32)
    for row, one in enumerate(details):
        cores = [np.ascontiguousarray(core) for core in (one[CORE, CORE], one[CORE, CORE][:, ::-1])]
        for column, other in enumerate(details):
            if column != row:
                table[row, column] = max(cv2.matchTemplate(other, core, cv2.TM_CCOEFF_NORMED).max() for core in cores)
    return np.maximum(table, table.T)


def _detail(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = cv2.resize(picture, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    level = np.log1p(small.astype(np.float32))
    return np.asarray(level - cv2.GaussianBlur(level, (0, 0), 6), np.float32)


@cache
def split(name: str) -> tuple[UsgraPicture, ...]:
    """`train`, `validation` or `test`: 14, 3 and 3 of 20 groups; `all`."""
    pictures = load_pictures()
    if name == "all":
        return tuple(pictures)
    groups = np.random.default_rng(7).permutation(sorted({one.cluster for one in pictures}))
    place = {int(group): index % 20 for index, group in enumerate(groups)}
    return tuple(one for one in pictures if place[one.cluster] in OF_TWENTY[name])
