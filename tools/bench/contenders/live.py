"""A run on a picture that comes in real time: the clip's JPEG pictures at a fixed rate, decoded as a camera's are, the
page on and a browser looking. Tells the age of each finding and what memory it holds, second by second."""

import json
import statistics
import time
from contextlib import ExitStack

import cv2

from edge.app.composition import compose
from edge.app.session import Session
from edge.app.settings import settings_of
from edge.closing import Closing
from edge.frame import Frame
from edge.source.jpeg import decode_grey
from tools.bench.contenders.laps import asked, peak_rss_mib, rss_mib
from tools.bench.contenders.ours import watched
from tools.bench.contenders.script import frames_of

WARM_S = 3.0
"""Opening and first frames, which count in no figure."""


class Camera(Closing):
    """The pictures over and over, one each `1 / fps` seconds by the clock; what nobody reads in time is lost."""

    live = True

    def __init__(self, jpegs: list[bytes], fps: float, seconds: float) -> None:
        self._jpegs, self._fps, self._frames = jpegs, fps, round(seconds * fps)
        self._started_ns = 0
        self._next = 0

    def read(self, timeout_s: float) -> Frame | None:
        now_ns = time.monotonic_ns()
        self._started_ns = self._started_ns or now_ns
        self._next = max(self._next, int((now_ns - self._started_ns) / 1e9 * self._fps))
        if self._next >= self._frames:
            return None
        exposed_ns = self._started_ns + round(self._next / self._fps * 1e9)
        time.sleep(max(0.0, (exposed_ns - now_ns) / 1e9))
        pixels = decode_grey(self._jpegs[self._next % len(self._jpegs)])
        self._next += 1
        return Frame(pixels, exposed_ns, self._next - 1, "camera")


def main() -> None:
    given = asked()
    jpegs = [cv2.imencode(".jpg", frame)[1].tobytes() for frame in frames_of(given["clip"], given["frames"])]
    camera = Camera(jpegs, given["fps"], given["seconds"] + WARM_S)
    viewers = given.get("viewers", 1)
    page = {"view_port": 0} if viewers else {}
    settings = settings_of(given["task"], {"source": "arrays", **page, **given["settings"]})
    ages_ms: list[tuple[float, float]] = []
    memory: list[tuple[float, float]] = []
    with ExitStack() as kept:
        session = kept.enter_context(Session(settings, compose(settings, source=camera)))
        seen = watched(session.page_url, viewers, given["viewer_cores"]) if viewers else list
        started_s, used_s = time.monotonic(), 0.0
        for result in session.results():
            now_s = time.monotonic() - started_s - WARM_S
            if now_s < 0:
                used_s = time.process_time()
                continue
            ages_ms.append((now_s, result.age_ms))
            if now_s >= len(memory):
                memory.append((now_s, rss_mib()))
        statistics_ = session.statistics()
        used_s = time.process_time() - used_s
        seen_ms = seen()
    print(
        json.dumps(
            {
                "seconds": ages_ms[-1][0],
                "frames": len(ages_ms),
                "lost": {one.place: one.frames for one in statistics_.dropped if one.place in ("source", "mailbox")},
                "cpu_ms": used_s * 1e3 / len(ages_ms),
                "rss_mib": peak_rss_mib(),
                "ages_ms": spread([age for _, age in ages_ms]),
                "by_second": by_second(ages_ms),
                "memory_mib": memory,
                "seen": len(seen_ms),
                "seen_ms": spread(seen_ms) if len(seen_ms) > 1 else {},
            }
        ),
        flush=True,
    )


def spread(values: list[float]) -> dict[str, float]:
    shares = statistics.quantiles(values, n=1000, method="inclusive")
    return {"median": statistics.median(values), "p95": shares[949], "p99": shares[989], "most": max(values)}


def by_second(ages_ms: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """(second, median age) of each second."""
    held: dict[int, list[float]] = {}
    for second, age in ages_ms:
        held.setdefault(int(second), []).append(age)
    return [(float(second), statistics.median(ages)) for second, ages in held.items()]


if __name__ == "__main__":
    main()
