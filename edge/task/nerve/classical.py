"""Where a nerve may lie, by the chain without a network: a place with its vote, and no size.

Its border is too rough for an area or an axis, and one first place in three or four is no nerve; so the finding is
never more than `limited`. Every stage of the chain can be shown.
"""

from dataclasses import replace
from statistics import median
from typing import Final

import numpy as np

from edge.finding import Mark, Measurement, Verdict
from edge.frame import Frame
from edge.task.contract import Concluded, Given, Outputs, Prepared, finding_of
from edge.task.nerve.candidates import NerveCandidate, NerveSight, see_nerve
from edge.task.nerve.marks import Placement, candidate_marks, stages_of
from edge.task.nerve.spec import SPEC, NerveOptions
from edge.task.nerve.tracking import NerveVotes, Place, moved_faults, votes_before, with_vote
from edge.task.nerve.windows import window_model_of
from edge.trust.faults import missing_scale, speckle_only
from edge.trust.interval import interval

LEAST_PROBABILITY: Final = 0.1
"""Of the best window. 5 of the 51 pictures kept back, all with a nerve, have less."""
SURE: Final = 0.4
"""Of the best window; from there on ..."""
CHANCES: Final = ((68.0, 53.0, 80.0), (90.0, 74.0, 97.0))
"""... the second holds: percent of first candidates that were a nerve, 21 of 31 and 18 of 20 pictures kept back, each
with Wilson's 90 % interval. All of them show a nerve."""
SHARE_HALF_WIDTH: Final = 6.0
"""Percent by which the share of votes changed at most in 9 of 10 steps of 0.2 s, phantoms under a moving hand."""
WITHHELD: Final = "area and axes withheld: without the network the border is too rough"
PROPOSED: Final = "only a proposal: 3 of 10 first places are no nerve, and a view without a nerve is seldom recognised"


class ClassicalNerveTask:
    """Proposes up to three places."""

    def __init__(self, given: Given[NerveOptions]) -> None:
        """Of the model's figures `half_height` and `half_across`: half-widths of 90 % intervals as shares of the
        candidate's height. Raises ModelError where the arrays are not this model's."""
        self._figures = given.figures
        self._model = window_model_of(given.arrays)
        self._digest, self._stages = given.digest, given.stages

    def prepare(self, frame: Frame) -> Prepared[None]:
        return Prepared(frame)

    def conclude(self, prepared: Prepared[None], outputs: Outputs, memory: NerveVotes | None) -> Concluded[NerveVotes]:
        frame = prepared.frame
        before = votes_before(memory, frame)
        crop = frame.ultrasound.crop(frame.pixels)
        if faults := prepared.faults or speckle_only(crop):
            return self._finding(frame, faults, before)
        sight = see_nerve(crop, self._model, _mm_per_px(frame), before.earlier)
        placement = Placement.of(frame.ultrasound, sight.working)
        marks = candidate_marks(sight, placement) + (stages_of(sight, placement) if self._stages else ())
        if not sight.candidates or sight.candidates[0].probability < LEAST_PROBABILITY:
            return self._finding(frame, ("no place looks like a nerve",), with_vote(before, sight.votes, None), marks)
        place = _place(sight.candidates[0], placement)
        said = _said(sight, len(before.earlier) + 1)
        return self._propose(frame, sight, with_vote(before, sight.votes, place), place, marks, said)

    def _propose(
        self, frame: Frame, sight: NerveSight, votes: NerveVotes, place: Place, marks: tuple[Mark, ...], said: str
    ) -> Concluded[NerveVotes]:
        if faults := moved_faults(votes, place):
            return self._finding(frame, faults, votes, marks)
        frozen = ("the picture is frozen: no further frame confirms it",) if votes.frozen else ()
        scale = () if frame.spacing else (missing_scale(frame),)
        reasons = (WITHHELD, PROPOSED, *frozen, *scale)
        measured = (*self._measured(frame, votes, place), _share(sight))
        return self._finding(frame, reasons, votes, marks, measured, (said,))

    def _measured(self, frame: Frame, votes: NerveVotes, place: Place) -> tuple[Measurement, ...]:
        seen = votes.agreeing(place) or (place,)
        chance = CHANCES[median(one.probability for one in seen) >= SURE]
        down, across = (2 * place.half_height * self._figures[name] for name in ("half_height", "half_across"))
        x, y = median(one.x for one in seen), median(one.y for one in seen)
        region = frame.ultrasound
        return (
            Measurement("chance_if_nerve_in_view", chance[0], "%", *chance[1:]),
            _length(frame, "candidate_depth", y - region.y + 0.5, down, upright=True),
            _length(frame, "candidate_from_left", x - region.x + 0.5, across, upright=False),
        )

    def _finding(
        self,
        frame: Frame,
        reasons: tuple[str, ...],
        votes: NerveVotes,
        marks: tuple[Mark, ...] = (),
        measured: tuple[Measurement, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Concluded[NerveVotes]:
        verdict = Verdict.LIMITED if measured else Verdict.REFUSED
        found = finding_of(SPEC.name, frame, verdict, reasons, measured, marks, notes=notes)
        return Concluded(replace(found, model_digest=self._digest), votes)


def _mm_per_px(frame: Frame) -> float | None:
    """The chain takes square pixels."""
    if frame.spacing is None:
        return None
    return float(np.sqrt(frame.spacing.x_mm_per_px * frame.spacing.y_mm_per_px))


def _place(candidate: NerveCandidate, placement: Placement) -> Place:
    """Where its votes peak, and half its box."""
    x, y = placement.cells(candidate.column, candidate.row)
    left, top = placement.cells(candidate.left, candidate.top)
    right, bottom = placement.cells(candidate.right, candidate.bottom)
    return Place(x, y, (right - left) / 2, (bottom - top) / 2, candidate.probability)


def _length(frame: Frame, name: str, value: float, half: float, *, upright: bool) -> Measurement:
    """value, half: in pixels of the frame."""
    spacing = frame.spacing
    if spacing is None:
        return Measurement(f"{name}_px", value, "px", *interval(value, half, 0.0))
    unit = spacing.y_mm_per_px if upright else spacing.x_mm_per_px
    return Measurement(name, value * unit, "mm", *interval(value * unit, half * unit, spacing.relative_uncertainty))


def _share(sight: NerveSight) -> Measurement:
    """Of the votes for all candidates, those for the first."""
    value = 100 * sight.candidates[0].votes / sum(one.votes for one in sight.candidates)
    return Measurement(
        "vote_share", value, "%", max(0.0, value - SHARE_HALF_WIDTH), min(100.0, value + SHARE_HALF_WIDTH)
    )


def _said(sight: NerveSight, voices: int) -> str:
    """What speaks for the first place. voices: frames that vote."""
    frames = "1 frame votes" if voices == 1 else f"{voices} frames vote"
    return (
        f"{frames}; best window {100 * sight.candidates[0].probability:.0f} % by the support vector machine, "
        f"{100 * float(sight.neighbours[0]):.0f} % by the neighbours"
    )
