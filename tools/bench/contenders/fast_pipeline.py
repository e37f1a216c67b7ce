"""FAST (pyfast): its stream, its network and, with `overlay`, its renderers into a picture that NumPy can read. OpenCV
decodes the clip, which is quicker than FAST's own reading of PNG files. It needs an X display, OpenCL and OpenGL."""

from collections.abc import Iterator
from typing import Any

import cv2
import fast
import numpy as np

from tools.bench.contenders.laps import asked, laps_of
from tools.bench.contenders.script import SHARE, frames_of


class Clip(fast.PythonStreamer):
    """The clip's grey pictures, from a thread of FAST's."""

    clip, frames = "", 0

    def __init__(self) -> None:
        super().__init__()
        self.createOutputPort(0)

    def generateStream(self) -> None:  # noqa: N802  (FAST's name)
        waiting: Any = None
        for frame in frames_of(self.clip, self.frames):
            if waiting is not None and not self._give(waiting):
                return
            waiting = fast.Image.createFromArray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
        if waiting is not None:
            waiting.setLastFrame("Clip")
            self._give(waiting)

    def _give(self, picture: Any) -> bool:
        try:
            self.addOutputData(0, picture)
            self.frameAdded()
        except Exception:  # so FAST says that nobody reads any more
            return False
        return not self.isStopped()


def main() -> None:
    given = asked()
    cv2.setNumThreads(given["threads"])
    laps = laps_of(given)
    fast.Reporter.setGlobalReportMethod(fast.Reporter.NONE)
    network = fast.SegmentationNetwork.create(given["model"], scaleFactor=1 / 255, inferenceEngine=given["engine"])
    shown: Any = None
    for shown in (drawn if given["overlay"] else masks)(network, given):  # noqa: B007
        laps.lap()
    laps.report(painted=painted(shown))


def masks(network: Any, given: dict[str, Any]) -> Iterator[Any]:
    """Label masks in the network's size, as they come out of FAST's stream."""
    Clip.clip, Clip.frames = given["clip"], given["frames"]
    for found in fast.DataStream(network.connect(Clip.create())):
        yield np.asarray(found)


def drawn(network: Any, given: dict[str, Any]) -> Iterator[Any]:
    """Pictures with the mask. Frame by frame: its renderers take nothing from a stream that Python gives (4.18)."""
    width, height = given["size"]
    picture = fast.ImageRenderer.create()
    mask = fast.SegmentationRenderer.create(opacity=SHARE, colors={1: fast.Color.Red()}).connect(network)
    to_image: Any = None
    for frame in frames_of(given["clip"], given["frames"]):
        grey = fast.Image.createFromArray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
        network.connect(grey)
        picture.connect(grey)
        if to_image is None:
            to_image = fast.RenderToImage.create(width=width, height=height).connect([picture, mask])
        yield np.asarray(to_image.runAndGetOutputData())


def painted(shown: Any) -> float:
    """Of a label mask the share that is set; of a drawn picture the share that is not grey."""
    if shown.ndim == 3 and shown.shape[2] >= 3:
        return float(np.mean(np.ptp(shown[..., :3].astype(int), axis=2) > 8))
    return float(np.mean(shown > 0))


if __name__ == "__main__":
    main()
