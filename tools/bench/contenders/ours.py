"""sonoedge as a program uses it: every frame measured, judged and drawn, by `open_session`."""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tools.bench.contenders.laps import asked, laps_of

STAGES = ("grab_ms", "prepare_ms", "infer_ms", "conclude_ms", "overlay_ms")


def main() -> None:
    given = asked()
    laps = laps_of(given)
    if "switch_ms" in given:
        sys.setswitchinterval(given["switch_ms"] / 1e3)
    import cv2

    from edge.app.session import open_session

    # As the command sets it for itself.
    cv2.setNumThreads(1)
    settings: dict[str, Any] = {"max_frames": given["frames"], **given["settings"]}
    timings, verdicts = [], []
    with ExitStack() as kept:
        if given.get("record"):
            settings["out"] = Path(kept.enter_context(tempfile.TemporaryDirectory())) / "run"
        viewers = given.get("viewers", 0)
        if viewers or given.get("page"):
            settings["view_port"] = 0
        session = kept.enter_context(open_session(given["clip"], task=given["task"], **settings))
        if viewers:
            kept.callback(watched(session.page_url, viewers, given["viewer_cores"]))
        for result in session.results():
            laps.lap()
            timings.append(result.finding.timings)
            verdicts.append(str(result.finding.verdict))
    stages = {name: [v for one in timings if (v := getattr(one, name)) is not None] for name in STAGES}
    medians = {name: statistics.median(values) for name, values in stages.items() if values}
    counts = {one: verdicts.count(one) for one in sorted(set(verdicts))}
    laps.report(stages=medians, verdicts=counts, runtime=session.runtime)


def watched(url: str | None, viewers: int, cores: list[int]) -> Callable[[], list[float]]:
    """So many viewers look on, from other cores where there are any; returns what ends them, and gives the ages in ms
    of the pictures that they saw."""
    watching = subprocess.Popen(
        [sys.executable, "-m", "tools.bench.contenders.viewers", f"{url}", str(viewers), *map(str, cores)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    watching.stdout.readline()

    def end() -> list[float]:
        watching.terminate()
        told, _ = watching.communicate()
        return list(json.loads(told or "[]"))

    return end


if __name__ == "__main__":
    main()
