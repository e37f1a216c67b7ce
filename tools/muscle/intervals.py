"""Half-widths of intervals from people, and whether they hold on people who had no part in them."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.trust.interval import COVERAGE
from tools.muscle.observers import Pair, errors

FIGURES: Final = ("half_width_fascicle_angle", "half_width_aponeurosis_angle", "half_width_muscle_thickness")
UNITS: Final = ("deg", "deg", "%")
"""In the order of `errors`."""


def by_person(pairs: Sequence[Pair]) -> dict[str, NDArray[np.float64]]:
    """(answered, 3) errors of each."""
    people = sorted({pair.observed.subject for pair in pairs})
    return {name: errors([pair for pair in pairs if pair.observed.subject == name]) for name in people}


def half_widths(people: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """(3,) as wide as the person needs who needs most: people differ more than the pictures of one do."""
    each = [[np.quantile(np.abs(c[np.isfinite(c)]), COVERAGE) for c in found.T] for found in people.values()]
    return np.asarray(np.max(each, axis=0))


def held_out(people: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """(3,) share of each person's errors within the half-widths that the others gave."""
    shares = {}
    for name, found in people.items():
        widths = half_widths({other: theirs for other, theirs in people.items() if other != name})
        shares[name] = np.array([np.mean(np.abs(c[np.isfinite(c)]) <= w) for c, w in zip(found.T, widths, strict=True)])
    return shares


def interval_table(people: Mapping[str, NDArray[np.float64]]) -> str:
    shares = held_out(people)
    lines = ["| person left out | n | fascicle angle | aponeurosis angle | thickness |", "|---|---|---|---|---|"]
    for name, share in shares.items():
        lines.append(f"| {name} | {len(people[name])} | {' | '.join(f'{100 * s:.0f} %' for s in share)} |")
    mean = np.average(list(shares.values()), axis=0, weights=[len(people[name]) for name in shares])
    lines.append(f"| all (aim {100 * COVERAGE:.0f} %) | | {' | '.join(f'{100 * s:.0f} %' for s in mean)} |")
    return "\n".join(lines)
