"""Pictures to PNG bytes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import SinkError

FAST_COMPRESSION = 1
"""zlib level: noise hardly gets smaller above it, and the time grows many times."""


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """PNG of a (height, width) grey or (height, width, 3) BGR uint8 picture. Raises SinkError."""
    done, content = cv2.imencode(".png", picture, (cv2.IMWRITE_PNG_COMPRESSION, FAST_COMPRESSION))
    if not done:
        raise SinkError(f"a picture of shape {picture.shape} cannot be written as PNG; expected grey or BGR")
    return content.tobytes()
