"""Fit and measure the pathway without a network: `python -m tools.spine.classical`; then `python -m tools.card
spine_classical`. `--measure` measures the model that is there. Frames to measure on are the network's."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from rich.progress import track

from edge.runtime.manifest import Number, read_arrays
from edge.task.contract import Given
from edge.task.spine.classical import ClassicalSpineTask
from edge.task.spine.reading import LEAST_CLEAR
from edge.task.spine.spec import SPEC, VIEWS, SpineOptions
from edge.trust.interval import COVERAGE, conformal_half_width
from tools.bundle import bundle, load_facts, record
from tools.lesson import MODELS
from tools.single_pictures import DATA, measured_by
from tools.spine.classical.training import trained
from tools.spine.evaluation import (
    FRAMES,
    HELD,
    Looked,
    errors_of,
    frame_figures,
    frame_of,
    others_refused,
)
from tools.spine.pictures import draw_picture

NAME: Final = "spine_classical"
"""Of the folder in models/."""
ALONG: Final = 200
"""Paramedian frames."""


def looked_at(
    task: ClassicalSpineTask, seeds: Sequence[int], title: str, *, foreign: bool = False, along: bool = False
) -> list[Looked]:
    """Phantoms that the network is measured on too."""
    found = []
    for seed in track(seeds, description=title):
        taken = draw_picture(np.random.default_rng([818, seed]), foreign=foreign, along=along)
        seen = task.seen_in(frame_of(taken))
        if seen is not None:
            found.append(Looked(taken, seen))
    return found


def half_widths(looks: Sequence[Looked]) -> list[Number]:
    """Of intervals, mm."""
    note = f"{COVERAGE:.0%} of {{}} phantom frames, seeds from {HELD.start}"
    return [
        Number(
            name=f"half_width_{name}",
            value=round(conformal_half_width(errors), 3),
            unit="mm",
            note=note.format(errors.size),
        )
        for name, errors in errors_of(looks).items()
    ]


def metrics_of(looks: Sequence[Looked], figures: Mapping[str, float], name: str) -> list[Number]:
    """Of phantoms of one kind."""
    note = f"{len(looks)} phantom frames of {name} settings, transverse, seeds from {FRAMES.start}"
    values = frame_figures(looks, figures, VIEWS[0])
    # It never says another view.
    del values["view_right"]
    read = [one for one in looks if one.legible]
    right = [int(np.argmax(one.shares)) == int(one.seen.chances.argmax()) for one in read]
    values["frames_kind_right_of_all_legible"] = float(np.mean(right))
    ordered = [one for one in read if np.argmax(one.shares) > 0]
    alone = [(one.seen.chances[1] > one.seen.chances[2]) == (one.shares[1] > one.shares[2]) for one in ordered]
    values["bone_or_space_right_of_all_legible"] = float(np.mean(alone))
    return [Number(name=f"{key}_{name}", value=round(value, 3), note=note) for key, value in values.items()]


def refused_along(task: ClassicalSpineTask) -> Number:
    """Paramedian views, given as if they were transverse."""
    looks = looked_at(task, FRAMES[:ALONG], "paramedian", along=True)
    share = float(np.mean([one.seen.clear < LEAST_CLEAR for one in looks]))
    note = f"{len(looks)} phantom frames of usual settings, seeds from {FRAMES.start}"
    return Number(name="paramedian_views_refused", value=round(share, 3), note=note)


def refused_others(task: ClassicalSpineTask) -> tuple[Number, ...]:
    """Real pictures of other body parts."""
    rows, share = others_refused(measured_by(task, SPEC.gate, None))
    print("\n".join(rows))
    note = "real pictures, each as if 50 and 75 mm deep"
    return (Number(name="other_body_parts_refused", value=round(share, 3), note=note),)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="the model that is there; without it a new one is made")
    cv2.setNumThreads(1)
    folder = MODELS / NAME
    if not parser.parse_args().measure:
        folder.mkdir(exist_ok=True)
        for line in trained(folder):
            print(line)
    manifest = bundle(folder, load_facts(NAME))
    task = ClassicalSpineTask(Given(SpineOptions(), arrays=read_arrays(folder, manifest)))
    figures = record(folder, calibration=half_widths(looked_at(task, HELD, "for intervals"))).figures()
    metrics = [refused_along(task), *(refused_others(task) if DATA.is_dir() else ())]
    for name, foreign in (("usual", False), ("foreign", True)):
        metrics += metrics_of(looked_at(task, FRAMES, name, foreign=foreign), figures, name)
    record(folder, metrics=metrics)
    for number in metrics:
        print(f"{number.name:70} {number.value:8.3f}")


if __name__ == "__main__":
    main()
