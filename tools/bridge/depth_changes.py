"""Does a changed depth ever reach a frame too late? `python -m tools.bridge.depth_changes --changes 1000`.

The simulated probe drives the phantom with its true depth, in real time; the chain knows the depth from the line only,
which is late and whose clock drifts. Every frame's scale is compared with the depth it was truly exposed with, and its
thickness with the phantom's truth. Beside it: what a program would have done that takes the newest depth it heard of.
"""

import argparse
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np

from edge.app.composition import compose
from edge.app.probe_link import Exposures, ProbeLink, open_link
from edge.app.settings import Settings
from edge.finding import Finding
from edge.loop.runner import Loop
from edge.source.phantom import open_phantom
from edge.source.probe_feed import Exposure
from edge.source.probed import ProbedSource
from edge.task.cartilage.phantom import CartilageCine, true_sizes
from edge.task.table import anatomies, task_spec
from firmware_bridge.host.events import Event, ParametersChanged

SEED = 1
DEPTHS_MM = (22.0, 80.0)
LONGEST_PAUSE_S = 0.3
"""Between two changes, beside the line's own round trip."""
FREEZE_EVERY = 10
"""Every so many changes are made while the picture is frozen."""
MEASURE = "mean_thickness"


@dataclass(frozen=True, slots=True)
class ScannedFrame:
    """One frame that came through the chain."""

    finding: Finding
    truth: Exposure
    t_s: float
    """Since the first exposure; of a frozen picture when that was exposed."""
    heard_depth_mm: float
    """The newest depth that the line had told when the exposure was taken."""


class Notes:
    """The feed as it is, with what was true of each exposure written down."""

    def __init__(self, feed: Exposures, depth_mm: float) -> None:
        self._feed, self._heard_mm = feed, depth_mm
        self._first_ns: int | None = None
        self._t_s = 0.0
        self._noted: dict[int, tuple[Exposure, float, float]] = {}

    def hear(self, event: Event) -> None:
        if isinstance(event, ParametersChanged):
            self._heard_mm = event.parameters.depth_mm

    def next_exposure(self, timeout_s: float) -> Exposure | None:
        exposure = self._feed.next_exposure(timeout_s)
        if exposure is not None:
            self._first_ns = exposure.exposed_ns if self._first_ns is None else self._first_ns
            self._t_s = self._t_s if exposure.frozen else (exposure.exposed_ns - self._first_ns) / 1e9
            self._noted[exposure.exposed_ns] = exposure, self._t_s, self._heard_mm
        return exposure

    def of(self, finding: Finding) -> ScannedFrame:
        return ScannedFrame(finding, *self._noted[finding.exposed_ns])


def scan(address: str, changes: int, seed: int) -> Iterator[ScannedFrame]:
    """Frames of a run that ends with the last change."""
    phantom, task = f"cartilage,seed={SEED}", task_spec("cartilage")
    settings = Settings(task, task.options(), f"phantom:{phantom}", precision="int8", threads=1)
    with ExitStack() as opened:
        link, exposures = open_link(address, print)
        opened.enter_context(link)
        notes = Notes(exposures, link.probe.parameters().depth_mm)
        link.probe.listen(notes.hear, (ParametersChanged,))
        source = ProbedSource(open_phantom(phantom, anatomies=anatomies(), feed=notes), link)
        chain = compose(settings, tell=print, source=source)
        opened.enter_context(chain.opened)
        loop = chain.loop
        link.start(arm=True)
        changer = threading.Thread(target=change_depth, args=(link, loop, changes, seed))
        changer.start()
        opened.callback(changer.join)
        for result in loop:
            yield notes.of(result.finding)


def change_depth(link: ProbeLink, loop: Loop, changes: int, seed: int) -> None:
    random = Random(seed)
    low, high = (round(2 * depth_mm) for depth_mm in DEPTHS_MM)
    try:
        for number in range(1, changes + 1):
            time.sleep(random.uniform(0, LONGEST_PAUSE_S))
            while_frozen = number % FREEZE_EVERY == 0
            if while_frozen:
                link.probe.freeze()
                time.sleep(random.uniform(0, LONGEST_PAUSE_S))
            link.probe.set(depth_mm=random.randint(low, high) / 2)
            if while_frozen:
                time.sleep(random.uniform(0, LONGEST_PAUSE_S))
                link.probe.unfreeze()
        time.sleep(1.0)
    finally:
        loop.stop()


def report(frames: list[ScannedFrame], changes: int) -> Iterator[str]:
    scaled = [frame for frame in frames if frame.finding.spacing is not None]
    measured = [frame for frame in scaled if frame.finding.measurement(MEASURE)]
    withheld = [frame for frame in frames if frame.finding.spacing is None]
    refused = [frame for frame in scaled if not frame.finding.measurement(MEASURE)]
    depths = len({frame.truth.imaging.depth_mm for frame in frames})
    frozen = sum(frame.truth.frozen for frame in frames)
    yield f"{changes} changes of depth, {len(frames)} frames at {depths} depths, {frozen} of them frozen"
    yield f"measured with a wrong scale: {sum(map(is_wrong, scaled))} of {len(scaled)}"
    yield f"withheld: {len(withheld)} ({_share(len(withheld), len(frames))})"
    yield from _reasons(withheld)
    yield f"refused for another reason: {len(refused)}"
    yield from _reasons(refused)
    naive = sum(frame.heard_depth_mm != frame.truth.imaging.depth_mm for frame in frames)
    yield f"the newest depth heard would have been wrong for: {naive} ({_share(naive, len(frames))})"
    yield from spread(measured)


def is_wrong(frame: ScannedFrame) -> bool:
    spacing, depth_mm = frame.finding.spacing, frame.truth.imaging.depth_mm
    return spacing is not None and abs(spacing.y_mm_per_px * 480 - depth_mm) > 1e-6 * depth_mm


def spread(frames: list[ScannedFrame]) -> Iterator[str]:
    """Errors of the thickness just after a change and later; both are the same where all is well."""
    cine = CartilageCine(SEED)
    errors: dict[bool, list[float]] = {True: [], False: []}
    for before, frame in pairwise(frames):
        truth = true_sizes(cine.band(frame.t_s, frame.truth.imaging))[MEASURE]
        found = frame.finding.measurement(MEASURE)
        if found is not None:
            errors[before.truth.imaging != frame.truth.imaging].append(found.value - truth)
    for is_new, name in ((True, "first frame at a depth"), (False, "later frames")):
        size = np.abs(errors[is_new])
        p95, worst = np.percentile(size, 95), size.max()
        bias = f"mean {np.mean(errors[is_new]):+.3f} mm, 95 % under {p95:.3f}, worst {worst:.3f}"
        yield f"error of the {MEASURE}, {len(size)} times, {name}: {bias}"


def _reasons(frames: list[ScannedFrame]) -> Iterator[str]:
    """Each reason without its numbers, the most frequent first."""
    reasons = Counter(re.sub(r"[\d.]+", "#", reason) for frame in frames for reason in frame.finding.reasons)
    yield from (f"    {number} {reason}" for reason, number in reasons.most_common())


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--line", default="drift=200,delay=0..60", help="settings of the simulated line")
    arguments = parser.parse_args()
    address = f"sim:{arguments.line},seed={arguments.seed}"
    print(address)
    for line in report(list(scan(address, arguments.changes, arguments.seed)), arguments.changes):
        print(line)


if __name__ == "__main__":
    main()
