"""A picture that is held where no probe freezes it."""

from itertools import count

import numpy as np

from edge.closing import Closing
from edge.frame import Frame
from edge.source.holding import HoldingSource, LentSource


class Ticking(Closing):
    """A frame each 40 ms."""

    live = True

    def __init__(self) -> None:
        self._numbers, self.closed = count(), False

    def read(self, timeout_s: float) -> Frame | None:
        number = next(self._numbers)
        return Frame(np.full((4, 4), number, np.uint8), number * 40_000_000, number, "ticking")

    def close(self) -> None:
        self.closed = True


def test_held_it_gives_the_last_picture_again_and_reads_on_meanwhile() -> None:
    source = HoldingSource(Ticking())
    first = source.read(1.0)
    source.held = True
    again = [source.read(1.0) for _ in range(3)]
    assert all(one.sequence == first.sequence and one.probe.frozen for one in again)
    assert {one.probe.frozen_ns for one in again} == {first.exposed_ns}
    source.held = False
    newest = source.read(1.0)
    assert newest.sequence > 9 and newest.probe is None


def test_a_lent_source_stays_open() -> None:
    inner = Ticking()
    with LentSource(inner) as lent:
        assert lent.live and lent.read(1.0).sequence == 0
    assert not inner.closed
    HoldingSource(inner).close()
    assert inner.closed
