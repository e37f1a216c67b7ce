"""The course of what is believed of a muscle over the last seconds."""

from typing import Final

import numpy as np

from edge.finding import SeriesMark
from edge.task.muscle.filter import Estimate

WINDOW_NS: Final = 10_000_000_000


def lengthened(courses: tuple[SeriesMark, ...], estimates: tuple[Estimate, ...], now_ns: int) -> tuple[SeriesMark, ...]:
    """The courses with this frame's estimates, without what is older than the window or lies in the future."""
    replaced = {estimate.name.removesuffix("_px"): (estimate.name, estimate.unit) for estimate in estimates}
    kept = {
        course.name: trimmed
        for course in courses
        if replaced.get(course.name.removesuffix("_px"), (course.name, course.unit)) == (course.name, course.unit)
        and (trimmed := _since(course, now_ns - WINDOW_NS, now_ns)).times_ns.size
    }
    for estimate in estimates:
        kept[estimate.name] = _with(kept.get(estimate.name), estimate, now_ns)
    return tuple(kept.values())


def _since(course: SeriesMark, first_ns: int, end_ns: int) -> SeriesMark:
    start, end = np.searchsorted(course.times_ns, (first_ns, end_ns))
    part = slice(start, end)
    return SeriesMark(
        course.name,
        course.unit,
        course.times_ns[part],
        course.values[part],
        course.predicted[part],
        course.joined[part],
    )


def _with(course: SeriesMark | None, estimate: Estimate, now_ns: int) -> SeriesMark:
    said = estimate.measurement
    row = np.array([[said.value, said.low, said.high]])
    predicted, joined = np.array([estimate.predicted]), np.array([estimate.joined and course is not None])
    if course is None:
        return SeriesMark(estimate.name, estimate.unit, np.array([now_ns], np.int64), row, predicted, joined)
    return SeriesMark(
        course.name,
        course.unit,
        np.append(course.times_ns, np.int64(now_ns)),
        np.concatenate((course.values, row)),
        np.concatenate((course.predicted, predicted)),
        np.concatenate((course.joined, joined)),
    )
