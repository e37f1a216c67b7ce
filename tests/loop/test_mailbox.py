import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SourceLostError
from edge.loop.mailbox import Mailbox, MailboxClosedError

SOON_S = 5.0


@given(st.lists(st.integers(), min_size=1, max_size=50))
def test_newest_only_gives_the_last_and_counts_the_others(items):
    box: Mailbox[int] = Mailbox(newest_only=True)
    for item in items:
        assert box.put(item)
    assert box.take(0) == items[-1]
    assert box.take(0) is None
    assert box.dropped == len(items) - 1


def test_what_can_be_spared_displaces_nothing():
    box: Mailbox[int] = Mailbox(newest_only=True)
    for item, spare in ((1, False), (2, True)):
        assert box.put(item, spare=spare)
    assert box.take(0) == 1
    assert box.put(3, spare=True) and box.take(0) == 3
    assert box.dropped == 0


def test_a_recording_loses_nothing_and_keeps_the_order():
    box: Mailbox[int] = Mailbox(newest_only=False)

    def fill():
        for item in range(500):
            box.put(item)
        box.close()

    thread = threading.Thread(target=fill)
    thread.start()
    got = []
    with pytest.raises(MailboxClosedError):
        while True:
            if (item := box.take(SOON_S)) is not None:
                got.append(item)
    thread.join()
    assert got == list(range(500))
    assert box.dropped == 0


def test_what_was_left_before_the_error_is_given_first():
    box: Mailbox[int] = Mailbox(newest_only=True)
    box.put(7)
    box.close(SourceLostError("unplugged"))
    assert box.take(0) == 7
    with pytest.raises(SourceLostError):
        box.take(0)


def test_closing_frees_a_waiting_writer():
    box: Mailbox[int] = Mailbox(newest_only=False)
    box.put(1)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(box.put(2)))
    thread.start()
    box.close()
    thread.join(SOON_S)
    assert answers == [False]
    assert box.take(0) == 1


def test_a_closed_box_takes_nothing_in():
    box: Mailbox[int] = Mailbox(newest_only=True)
    box.close()
    assert not box.put(1)
    with pytest.raises(MailboxClosedError):
        box.take(0)
