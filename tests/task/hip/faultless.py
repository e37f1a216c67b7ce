"""What a faultless network would say of a phantom hip."""

from dataclasses import replace

import cv2
import numpy as np

from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.phantom.records import Imaging
from edge.task.hip.phantom import LIVE_HIP, HipCine
from edge.task.hip.seen import CHANNELS
from edge.task.hip.spec import HipPhantomOptions
from edge.task.scores import BLOCK
from tools.hip.pictures import SIDE, Scene, stretched
from tools.hip.structures import truth_of


def still(seed=3, imaging: Imaging = LIVE_HIP, **settings):
    """A presentable hip's picture."""
    return HipCine(seed, HipPhantomOptions(motion="still", **settings)).picture(0.0, imaging)


def faultless_maps(picture) -> np.ndarray:
    """(len(CHANNELS), SIDE, SIDE) shares of the phantom's truth."""
    return stretched(Scene(picture.pixels, truth_of(picture))).target


def output_of(maps) -> np.ndarray:
    """(1, len(CHANNELS) * BLOCK ** 2, SIDE / BLOCK, SIDE / BLOCK) log odds, as the network gives them."""
    logits = np.log(np.clip(maps, 1e-4, 1 - 1e-4) / (1 - np.clip(maps, 1e-4, 1 - 1e-4)))
    parts = [logits[:, row::BLOCK, column::BLOCK] for row in range(BLOCK) for column in range(BLOCK)]
    return np.stack(parts, axis=1).reshape(1, -1, SIDE // BLOCK, SIDE // BLOCK).astype(np.float32)


def faultless_output(picture) -> np.ndarray:
    return output_of(faultless_maps(picture))


def without(picture, *names) -> np.ndarray:
    """The output of a network that does not see some structures."""
    maps = faultless_maps(picture)
    for name in names:
        maps[CHANNELS.index(name)] = 0
    return output_of(maps)


def frame_of(picture, *, sequence=0, spaced=True, squeezed=1.0) -> Frame:
    """squeezed: width of a pixel over its height."""
    pixels = picture.pixels
    if squeezed != 1:
        size = round(pixels.shape[1] / squeezed), pixels.shape[0]
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    spacing = PixelSpacing(picture.mm_per_px * squeezed, picture.mm_per_px, SpacingOrigin.USER) if spaced else None
    frame = Frame(pixels, sequence * 40_000_000, sequence, "test", spacing)
    return replace(frame, region=Region.whole(pixels))
