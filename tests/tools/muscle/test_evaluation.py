"""The arithmetic of the muscle's tables: intervals of people left out, drawn bands, fragments."""

import cv2
import numpy as np
import pytest

from edge.frame import Frame
from edge.task.contract import Concluded, Prepared, refused
from edge.task.muscle.evidence import ANGLE_LENGTH
from tools.muscle.dl_track import DlTrackPicture
from tools.muscle.evaluation import by_person, half_widths, held_out
from tools.muscle.mask_comparison import compare_masks
from tools.muscle.observers import Observed, ObservedPair, PathwayReading, errors, table

HEIGHT, WIDTH = 300, 512


def pair(subject, seen, read, half=2.0):
    return ObservedPair(
        Observed("x.png", subject, seen, 0.0, 100.0),
        None if read is None else PathwayReading(read, 0.5, 102.0, read - half, read + half),
    )


def test_errors_are_read_less_observed_and_leave_out_what_was_refused() -> None:
    found = errors([pair("1", 20.0, 21.5), pair("1", 20.0, None)])
    assert found == pytest.approx(np.array([[1.5, 0.5, 2.0]]))


def test_the_table_tells_answers_bias_and_coverage() -> None:
    rows = table([pair("1", 15.0, 16.0), pair("1", 15.0, 18.0), pair("GL1", 25.0, None)]).splitlines()
    (first,) = (row for row in rows if row.startswith("| set 1"))
    assert "| 100 % | 2.00, +2.00 |" in first and first.endswith("| 50 % |")
    (second,) = (row for row in rows if row.startswith("| set 2"))
    assert "| 1 | 0 % |" in second


def test_half_widths_are_those_of_the_person_who_needs_most() -> None:
    people = {"a": np.full((20, 4), 0.5), "b": -np.full((20, 4), 2.0)}
    assert half_widths(people) == pytest.approx([2.0] * 4)
    shares = held_out(people)
    assert shares["a"] == pytest.approx([1.0] * 3) and shares["b"] == pytest.approx([0.0] * 3)


def test_a_steep_fascicle_may_be_off_by_a_share_of_its_angle() -> None:
    pairs = [pair("a", 20.0, 21.0), pair("a", 10.0, 10.5), pair("b", 40.0, 42.0), pair("b", 40.0, 46.0)]
    people = by_person(pairs)
    assert people["a"][:, 3] == pytest.approx([100 / 21, 5 / 10.5 * 10])
    assert held_out(people)["b"][0] == 0.5


class Refusing:
    """A task that looks at nothing."""

    def prepare(self, frame: Frame):
        return Prepared(frame, frame.pixels[None, None])

    def conclude(self, prepared, outputs, memory):
        return Concluded(refused("none", prepared.frame, ("nothing was looked at",)))


class Fixed:
    def __init__(self, output):
        self.output = output

    def infer(self, tensor):
        return (self.output,)


def test_a_field_is_compared_along_the_fragments_and_a_band_with_what_was_drawn() -> None:
    drawn, fragments = (np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(2))
    drawn[40:60] = 255
    drawn[250:262] = 255
    way = np.array((np.cos(np.radians(20)), -np.sin(np.radians(20)))) * 60
    for x in (120, 300, 400):
        ends = [tuple(int(v) for v in np.round(np.array((x, 150)) + side * way)) for side in (-1, 1)]
        cv2.line(fragments, ends[0], ends[1], 255, 3)
    output = np.zeros((1, 4, 128, 128), np.float32)
    output[0, 1:3] = ANGLE_LENGTH * np.array((np.cos(np.radians(50)), np.sin(np.radians(50))))[:, None, None]
    top = (128 - HEIGHT / 4) / 2
    rows = (np.arange(128) - top + 0.5) * 4
    output[0, 0] = np.where(((rows > 40) & (rows < 60)) | ((rows > 250) & (rows < 262)), 5, -5)[:, None]
    drawing = DlTrackPicture("x", "a", 0, np.zeros((HEIGHT, WIDTH), np.uint8), drawn, fragments)
    found = compare_masks(drawing, Refusing(), Fixed(output))
    assert found.overlap > 0.9
    assert found.fragments[:, 0] == pytest.approx([20] * 3, abs=1)
    assert found.fragments[:, 1] == pytest.approx([25] * 3, abs=1e-3)
    assert np.isnan(found.read_deg) and np.isnan(found.distances_px).all()
