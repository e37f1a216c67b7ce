"""The judges of grades and failures, and the intervals of sizes, fitted on scenes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.runtime.manifest import Number
from edge.task.synovitis.judging import FAILURES, FILE, JUDGES, STEPS
from edge.task.synovitis.seen import JointSeen, features_of
from edge.task.synovitis.view import view_faults
from edge.trust.interval import COVERAGE, conformal_half_width
from tools.synovitis.scenes import Scene, draw_scene, shown_grade

FIT: Final = range(3_000_000, 3_000_900)
HELD: Final = range(3_500_000, 3_500_300)
"""Kept back from fitting the judges: cuts and intervals."""
FALSE_ALARMS: Final = 0.06
"""Of scenes without a failure, at its judge's cut."""
RIDGE: Final = 1.0
Look = Callable[[Scene], JointSeen | None]


def logistic(features: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """(features + 1,) weights and offset by Newton's method, with a ridge on standardised features."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    x = np.concatenate(((features - mean) / deviation, np.ones((len(features), 1))), axis=1)
    ridge = RIDGE * np.eye(x.shape[1])
    ridge[-1, -1] = 1e-6
    weights = np.zeros(x.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge, x.T @ (p - truth) + ridge @ weights)
        weights -= np.clip(step, -2, 2)
        if float(np.abs(step).max()) < 1e-6:
            break
    plain = weights[:-1] / deviation
    return np.append(plain, weights[-1] - float(plain @ mean))


def looked_at(look: Look, seeds: Sequence[int], title: str) -> list[tuple[Scene, JointSeen]]:
    """Scenes whose joint was seen well enough."""
    found = []
    for seed in track(seeds, description=title):
        scene = draw_scene(seed)
        seen = look(scene)
        if seen is not None and not view_faults(seen):
            found.append((scene, seen))
    return found


def fitted(look: Look, folder: Path) -> list[Number]:
    """Writes the judges to a model's folder; returns the half-widths of its intervals."""
    pairs = looked_at(look, FIT, "scenes to fit on")
    features = np.stack([features_of(seen) for _, seen in pairs])
    truths = {step: [float(shown_grade(scene) > k) for scene, _ in pairs] for k, step in enumerate(STEPS)}
    truths |= {name: [float(name in scene.failures) for scene, _ in pairs] for name in FAILURES}
    weights = np.stack([logistic(features, np.asarray(truths[judge])) for judge in JUDGES])
    held = looked_at(look, HELD, "scenes kept back")
    # Single precision is exact enough, and the file the same on every machine.
    np.savez(folder / FILE, weights=weights.astype(np.float32), cuts=_cuts(weights[len(STEPS) :], held))
    return _intervals(held)


def _cuts(weights: NDArray[np.float64], held: list[tuple[Scene, JointSeen]]) -> NDArray[np.float32]:
    """(failures,) for each the probability that FALSE_ALARMS of the scenes without it exceed."""
    features = np.stack([np.append(features_of(seen), 1.0) for _, seen in held])
    p = 1 / (1 + np.exp(-np.clip(features @ weights.T, -30, 30)))
    without = [[name not in scene.failures for scene, _ in held] for name in FAILURES]
    cuts = [np.quantile(p[some, k], 1 - FALSE_ALARMS) for k, some in enumerate(without)]
    return np.asarray(cuts, np.float32)


def _intervals(held: list[tuple[Scene, JointSeen]]) -> list[Number]:
    pairs = [(seen.sizes, scene.taken.section.sizes) for scene, seen in held]
    area = np.array([(seen.area_mm2 - true.area_mm2) / (seen.area_mm2 + 2.0) for seen, true in pairs])
    thick = np.array([seen.thickness_mm - true.thickness_mm for seen, true in pairs])
    over = np.array([seen.distension_mm - true.distension_mm for seen, true in pairs])
    note = f"{COVERAGE:.0%} of {len(pairs)} phantom scenes, seeds from {HELD.start}"
    return [
        Number(name="half_width_area", value=round(conformal_half_width(area), 4), unit="of area + 2 mm2", note=note),
        Number(name="half_width_thickness", value=round(conformal_half_width(thick), 4), unit="mm", note=note),
        Number(name="half_width_distension", value=round(conformal_half_width(over), 4), unit="mm", note=note),
    ]
