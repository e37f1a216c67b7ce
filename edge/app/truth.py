"""A demo's findings against what the simulated probe truly showed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from edge.finding import Finding
from edge.phantom.anatomy import Cine, Sizes


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
    named: str = ""
    """The most frequent name, where the values have names."""
    truth_named: str = ""
    """The same of the truth, where any frame said that name."""


def compare(findings: list[Finding], cine: Cine, fps: float) -> tuple[Comparison, ...]:
    """Each measure of one task's findings against the truth; `cine` and `fps` are the source's."""
    truths = {finding.sequence: cine.sizes(finding.sequence / fps, finding) for finding in findings}
    names = dict.fromkeys(name for sizes in truths.values() for name in sizes)
    return tuple(one for name in names if (one := _compare(name, findings, truths)) is not None)


def _compare(name: str, findings: list[Finding], truths: Mapping[int, Sizes]) -> Comparison | None:
    rows = np.array(list(_pairs(name, findings, truths)))
    if rows.size == 0:
        return None
    value, low, high, truth = rows.T
    found = [m for finding in findings if (m := finding.measurement(name)) is not None]
    names = Counter(one.named for one in found if one.named).most_common(1)
    called = {one.value: one.named for one in found}
    return Comparison(
        name=name,
        unit=found[0].unit,
        measured=float(np.median(value)),
        truth=float(np.median(truth)),
        mean_absolute_error=float(np.abs(value - truth).mean()),
        inside_interval=float(((low <= truth) & (truth <= high)).mean()),
        frames=len(rows),
        named=names[0][0] if names else "",
        truth_named=called.get(Counter(truth.tolist()).most_common(1)[0][0], ""),
    )


def _pairs(
    name: str, findings: list[Finding], truths: Mapping[int, Sizes]
) -> Iterator[tuple[float, float, float, float]]:
    for finding in findings:
        if (m := finding.measurement(name)) is not None:
            yield m.value, m.low, m.high, truths[finding.sequence][name]
