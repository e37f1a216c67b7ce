"""What the simulated probe truly showed, measured as the task measures what it saw."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.classical.band import measure_band
from edge.finding import Finding
from edge.phantom.cine import Cine
from edge.phantom.records import Band


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure against the truth, over all frames that have it."""

    name: str
    unit: str
    measured: float
    """Median over the frames."""
    truth: float
    """Median over the same frames."""
    mean_absolute_error: float
    inside_interval: float
    """Share of the frames, 0 to 1, whose interval holds the truth."""
    frames: int


def true_sizes(band: Band) -> dict[str, float]:
    """Millimetres and square millimetres under the task's names; the phantom's left side is medial."""
    seen = np.isfinite(band.upper_mm) & np.isfinite(band.lower_mm)
    size = measure_band(band.x_mm[seen], band.upper_mm[seen], band.lower_mm[seen])
    thirds = zip(("medial", "central", "lateral"), size.thirds, strict=True)
    named = {f"mean_thickness_{side}": value for side, value in thirds}
    return {**named, "mean_thickness": size.mean, "area": size.area}


def compare(findings: list[Finding], seed: int, fps: float) -> tuple[Comparison, ...]:
    """Each measure of the phantom's frames against its truth; `seed` and `fps` are the source's."""
    cine = Cine(seed)
    truths = {finding.sequence: true_sizes(cine.band(finding.sequence / fps)) for finding in findings}
    names = dict.fromkeys(name for sizes in truths.values() for name in sizes)
    return tuple(one for name in names if (one := _compare(name, findings, truths)) is not None)


def _compare(name: str, findings: list[Finding], truths: dict[int, dict[str, float]]) -> Comparison | None:
    rows = np.array(list(_pairs(name, findings, truths)))
    if rows.size == 0:
        return None
    value, low, high, truth = rows.T
    unit = next(m.unit for finding in findings if (m := finding.measurement(name)))
    return Comparison(
        name=name,
        unit=unit,
        measured=float(np.median(value)),
        truth=float(np.median(truth)),
        mean_absolute_error=float(np.abs(value - truth).mean()),
        inside_interval=float(((low <= truth) & (truth <= high)).mean()),
        frames=len(rows),
    )


def _pairs(
    name: str, findings: list[Finding], truths: dict[int, dict[str, float]]
) -> Iterator[tuple[float, float, float, float]]:
    for finding in findings:
        if (m := finding.measurement(name)) is not None:
            yield m.value, m.low, m.high, truths[finding.sequence][name]
