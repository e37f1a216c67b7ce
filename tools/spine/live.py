"""Is a live sweep over a late line counted as a recorded one is? `python -m tools.spine.live [--delays 0 20 40 60]`.

`sonoedge run` scans the simulated probe in real time: each byte of its line comes up to so many milliseconds late, and
the pictures and what the sensor felt are joined by the probe's clock. What was told is compared with the phantom's
truth at each exposure. Other work on the machine costs frames: leave it alone meanwhile.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.progress import track

from edge.exam.folder import finding_of
from edge.sink.records import FILE_NAME, read_records
from edge.task.spine.phantom import SpineCine
from edge.task.spine.spec import VIEWS, SpinePhantomOptions
from tools.spine.paired_set import told_level
from tools.spine.sweeps import CLEAN, Case, Told, rows_of

DELAYS_MS: Final = (0, 20, 40, 60)
MOTIONS: Final = {"sweep": CLEAN, "stall": "stall", "reverse": "reverse", "lift": "lift", "drift": "drift"}
"""Of the phantom's hand, with the name that the tables give each."""
DEPTH: Final = "0 depth=75\n"
LONGEST_S: Final = 60.0
EXPOSURES_HZ: Final = 25
"""Of the simulated probe, as it is set from the start."""


def swept_live(seed: int, options: SpinePhantomOptions, kind: str, delay_ms: int, folder: Path) -> Told:
    """One sweep through the whole program. Raises CalledProcessError where that fails."""
    cine = SpineCine(seed, options)
    script = folder / "script.txt"
    script.write_text(DEPTH)
    results = folder / "results"
    frames = round(min(cine.path.seconds, LONGEST_S) * EXPOSURES_HZ)
    hand = f"view={options.view},motion={options.motion},speed={options.speed}"
    source = f"phantom:spine,seed={seed},frames={frames},{hand}"
    line = f"sim:seed={seed},drift=200,delay=0..{delay_ms}"
    command = [sys.executable, "-m", "edge.app.cli", "run", "spine", "--plane", options.view, "--source", source]
    command += ["--probe", line, "--script", str(script), "--no-video", "--out", str(results)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    records = list(read_records(results / FILE_NAME))
    findings = [finding_of(record) for record in records]
    times_s = [(record.exposed_ns - records[0].exposed_ns) / 1e9 for record in records]
    kept = [(t_s, one) for t_s, one in zip(times_s, findings, strict=True) if t_s <= cine.path.seconds]
    return Told(
        Case(seed, kind, cine, options.view),
        tuple(cine.held(t_s).s_mm for t_s, _ in kept),
        tuple(told_level(one) for _, one in kept),
        tuple(one.verdict for _, one in kept),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delays", type=int, nargs="+", default=DELAYS_MS, help="most that a byte comes late, ms")
    parser.add_argument("--view", choices=VIEWS, default=VIEWS[0])
    parser.add_argument("--first-seed", type=int, default=700, help="of the spines; a sweep of each motion for each")
    parser.add_argument("--speed", type=float, default=15.0, help="of the hand, mm/s")
    given = parser.parse_args()
    results: dict[int, list[Told]] = {delay: [] for delay in given.delays}
    todo = [(delay, motion) for delay in given.delays for motion in MOTIONS]
    for delay, motion in track(todo, description="live sweeps"):
        options = SpinePhantomOptions(view=given.view, motion=motion, speed=given.speed)
        with tempfile.TemporaryDirectory() as folder:
            # The same five spines at each delay, so that the delay is all that differs.
            seed = given.first_seed + list(MOTIONS).index(motion)
            results[delay].append(swept_live(seed, options, MOTIONS[motion], delay, Path(folder)))
    for delay, told in results.items():
        frames = sum(len(one.s_mm) for one in told) / sum(one.case.cine.path.seconds for one in told)
        print(f"\n{given.view}, bytes up to {delay} ms late, {frames:.1f} frames measured a second\n")
        print("\n".join(rows_of(told)))


if __name__ == "__main__":
    main()
