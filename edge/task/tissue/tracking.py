"""Whether a patient's muscle is infiltrated, by all of the run's pictures. Learned from phantoms only."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.finding import Measurement
from edge.frame import Frame
from edge.task.continuity import Thumbnail, is_frozen, similarity, thumbnail_of
from edge.task.tissue.spec import INFILTRATED

THUMBNAIL: Final = (48, 48)
ANOTHER: Final = 0.9
"""Correlation of thumbnails below which a picture is another one, with a vote of its own."""
SUREST: Final = 0.98
"""So that no single picture outweighs all the others."""
PHANTOM_ONLY: Final = f"{INFILTRATED}: learned from phantoms only"


@dataclass(frozen=True, slots=True, eq=False)
class PatientVotes:
    """What is remembered of the run so far."""

    exposed_ns: int
    thumbnail: Thumbnail
    """Of the last frame."""
    counted: Thumbnail | None = None
    """Of the last picture that had a vote."""
    log_odds: tuple[float, ...] = ()
    """One for each picture that showed muscle."""
    frozen: bool = False
    """This frame shows what the one before showed."""

    @property
    def probability(self) -> float:
        """Of the patient's muscle being infiltrated: the mean of the pictures' log odds."""
        return float(1 / (1 + np.exp(-np.mean(self.log_odds))))


def votes_after(memory: PatientVotes | None, frame: Frame, infiltrated: float | None) -> PatientVotes:
    """The votes with this frame's. infiltrated: its probability; None where it shows no muscle for certain."""
    before = memory if memory is not None and memory.exposed_ns < frame.exposed_ns else None
    thumbnail = thumbnail_of(frame, THUMBNAIL)
    frozen = is_frozen(thumbnail, before.thumbnail if before else None)
    counted, log_odds = (before.counted, before.log_odds) if before else (None, ())
    if infiltrated is not None and (counted is None or similarity(thumbnail, counted) < ANOTHER):
        share = float(np.clip(infiltrated, 1 - SUREST, SUREST))
        counted, log_odds = thumbnail, (*log_odds, float(np.log(share / (1 - share))))
    return PatientVotes(frame.exposed_ns, thumbnail, counted, log_odds, frozen)


def patient_measurement(votes: PatientVotes, half_width: float) -> tuple[Measurement, ...]:
    """From two pictures on, in percent. The interval holds the pictures' own spread, and is never narrower than that of
    one of them."""
    if len(votes.log_odds) < 2:
        return ()
    odds = np.array(votes.log_odds)
    error = 1.645 * float(odds.std(ddof=1)) / len(odds) ** 0.5
    low, high = (100 / (1 + float(np.exp(-(odds.mean() + side * error)))) for side in (-1, 1))
    value = 100 * votes.probability
    low, high = max(0.0, min(low, value - half_width)), min(100.0, max(high, value + half_width))
    return (Measurement("patient_infiltrated_phantom_only", value, "%", low, high),)


def patient_note(votes: PatientVotes) -> tuple[str, ...]:
    if len(votes.log_odds) < 2:
        return ()
    ill = sum(one > 0 for one in votes.log_odds)
    return (f"patient: {ill} of {len(votes.log_odds)} pictures vote {INFILTRATED} (phantom only)",)
