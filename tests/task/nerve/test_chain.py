"""What the nerve chain finds on pictures that are known."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.image.windows import CELL_PX
from edge.task.nerve.candidates import NerveSight, see_nerve
from edge.task.outlines import filled
from tests.task.nerve.window_examples import bright_model, scene


def middle_px(sight: NerveSight) -> tuple[float, float]:
    """Row and column of the first candidate in the picture that was given."""
    first = sight.candidates[0]
    return first.row * CELL_PX / sight.working.px_per_px, first.column * CELL_PX / sight.working.px_per_px


@pytest.mark.parametrize("middle", [(150, 250), (90, 120), (220, 400)])
def test_the_chain_finds_the_bright_place_and_draws_it(middle: tuple[int, int]) -> None:
    picture = scene(1, middle)
    sight = see_nerve(picture, bright_model())
    assert middle_px(sight) == pytest.approx(middle, abs=12)
    y, x = np.ogrid[: sight.working.pixels.shape[0], : sight.working.pixels.shape[1]]
    scale = sight.working.px_per_px
    truth = np.hypot((x / scale - middle[1]) / 50, (y / scale - middle[0]) / 25) < 1
    drawn = filled(sight.outlines[0].after, truth.shape) > 0
    assert 2 * np.count_nonzero(drawn & truth) / (np.count_nonzero(drawn) + np.count_nonzero(truth)) > 0.7
    assert len(sight.outlines) == len(sight.candidates) == sight.neighbours.size
    assert sight.neighbours[0] == pytest.approx(0.8)


def test_the_same_picture_gives_the_same_sight() -> None:
    one, other = (see_nerve(scene(), bright_model()) for _ in range(2))
    for field in ("probability", "votes", "voted"):
        assert np.array_equal(getattr(one, field), getattr(other, field))
    assert one.candidates == other.candidates
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.candidates = ()  # type: ignore[misc]


def test_frames_before_hold_a_place_that_this_frame_sees_no_more() -> None:
    before = see_nerve(scene(1, (150, 120)), bright_model())
    strong = [before.votes] * 5
    now = see_nerve(scene(2, (150, 400)), bright_model(), earlier=strong)
    alone = see_nerve(scene(2, (150, 400)), bright_model())
    assert middle_px(alone)[1] == pytest.approx(400, abs=12)
    assert now.voted[:, :30].max() > alone.voted[:, :30].max()


@pytest.mark.parametrize("picture", [np.zeros((300, 400), np.uint8), np.zeros((2, 2), np.uint8)])
def test_a_dark_picture_has_no_candidate(picture: NDArray[np.uint8]) -> None:
    sight = see_nerve(picture, bright_model())
    assert sight.candidates == sight.outlines == ()
    assert sight.probability.size == sight.neighbours.size == 0
