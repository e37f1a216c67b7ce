"""The history against a simulated probe whose exposures are all known, and an oracle that goes frame by frame."""

import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.host.exposures import MAX_EPOCHS, MAX_EXPOSURES, ExposureHistory, Known, ReportedExposure, Unknown

PERIOD_US = 16_667
WRAP = 1 << 32


@dataclass(frozen=True)
class Settings:
    depth_mm: int
    gain_db: int = 60


def describe(before: Settings, after: Settings) -> str:
    return "depth was changed" if before.depth_mm != after.depth_mm else "gain was changed"


def history_of(epochs: list[int], lost: tuple[int, ...] = (), depths_mm: tuple[int, ...] = (30, 40, 50)):
    """Exposure `k` at `k` periods in `epochs[k]`, without those lost; epoch `n` has the `n`th depth."""
    history = ExposureHistory(describe)
    for epoch, depth_mm in enumerate(depths_mm):
        history.add_parameters(epoch, Settings(depth_mm))
    for k, epoch in enumerate(epochs):
        if k not in lost:
            history.add_exposure(k, k * PERIOD_US, epoch, True, False)
    return history


def asked(history: ExposureHistory[Settings], frame: float, within_us: int = 3000) -> Known[Settings] | Unknown:
    return history.lookup(int(frame * PERIOD_US) - within_us, int(frame * PERIOD_US) + within_us)


def test_settings_in_force_at_an_exposure() -> None:
    assert asked(history_of([0, 0, 1, 1]), 1) == Known(Settings(30), ReportedExposure(1, PERIOD_US, 0, True, False))
    assert asked(history_of([0, 0, 1, 1]), 2) == Known(Settings(40), ReportedExposure(2, 2 * PERIOD_US, 1, True, False))


def test_a_loss_without_a_change_leaves_it_known() -> None:
    told = asked(history_of([0] * 6, lost=(2, 3)), 3)
    assert told == Known(Settings(30), ReportedExposure(4, 4 * PERIOD_US, 0, True, False))


@pytest.mark.parametrize(
    ("epochs", "lost", "frame", "within_us", "reason"),
    [
        ([0, 0, 1, 1], (), 1.5, 10_000, "depth was changed about the time of the exposure (known to ±10 ms)"),
        ([0, 0, 1, 1], (), 1.5, 100, "depth was changed about the time of the exposure (known to ±0.1 ms)"),
        (
            [0, 0, 1, 1],
            (1,),
            1,
            3000,
            "depth was changed about the time of the exposure (known to ±3 ms; 1 exposure report lost)",
        ),
        (
            [0, 0, 0, 1, 1],
            (1, 2),
            1.2,
            3000,
            "depth was changed about the time of the exposure (known to ±3 ms; 2 exposure reports lost)",
        ),
    ],
)
def test_a_change_that_may_lie_on_either_side_is_told(epochs, lost, frame, within_us, reason) -> None:
    assert asked(history_of(epochs, lost), frame, within_us) == Unknown(reason, later=False)


def test_a_change_and_its_undoing_within_lost_reports_is_noticed() -> None:
    history = history_of([0, 0, 1, 2, 2], lost=(2,), depths_mm=(30, 40, 30))
    assert asked(history, 1.5, 100) == Unknown(
        "depth was changed about the time of the exposure (known to ±0.1 ms; 1 exposure report lost)", later=False
    )


def test_epochs_with_equal_settings_are_one_state() -> None:
    history = history_of([0, 0, 2, 2], depths_mm=(30, 40, 30))
    assert isinstance(asked(history, 1.5, 100), Known)
    assert isinstance(asked(history, 1.5, 12_000), Known)


def test_a_loss_beside_the_interval_does_no_harm_where_both_its_ends_agree() -> None:
    told = asked(history_of([0, 0, 1, 1, 1], lost=(3,)), 2)
    assert isinstance(told, Known)
    assert told.values == Settings(40)


@pytest.mark.parametrize(
    ("transmitting", "frozen", "words"), [(True, True, "freeze"), (False, False, "transmit"), (False, True, "freeze")]
)
def test_freeze_and_transmit_are_part_of_the_state(transmitting: bool, frozen: bool, words: str) -> None:
    history = history_of([0, 0])
    history.add_exposure(2, 2 * PERIOD_US, 0, transmitting, frozen)
    history.add_exposure(3, 3 * PERIOD_US, 0, transmitting, frozen)
    told = asked(history, 1.5, 10_000)
    assert isinstance(told, Unknown)
    assert told.reason.startswith(f"{words} was switched about")
    assert isinstance(asked(history, 1), Known)
    assert asked(history, 2) == Known(Settings(30), ReportedExposure(2, 2 * PERIOD_US, 0, transmitting, frozen))


def test_what_may_still_come() -> None:
    history: ExposureHistory[Settings] = ExposureHistory(describe)
    assert history.lookup(0, 1) == Unknown("the probe has reported no exposure yet", later=True)
    for k in range(4):
        history.add_exposure(k, k * PERIOD_US, 7, True, False)
    assert asked(history, 3) == Unknown("the exposure has not been reported yet", later=True)
    assert asked(history, 2) == Unknown("the settings of that exposure have not been reported yet", later=True)
    history.add_parameters(6, Settings(20))
    assert asked(history, 2) == Unknown("the settings of that exposure have not been reported yet", later=True)
    history.add_parameters(7, Settings(30))
    assert isinstance(asked(history, 2), Known)
    assert history.lookup(2 * PERIOD_US, 3 * PERIOD_US) == Known(
        Settings(30), ReportedExposure(2, 2 * PERIOD_US, 7, True, False)
    )
    assert asked(history, 30, 0) == Unknown("the last exposure reported is 450 ms older than the frame", later=True)


def test_what_will_never_come() -> None:
    history = history_of([5] * 4)
    history.add_parameters(6, Settings(30))
    assert asked(history, 1) == Unknown(
        "the settings of that exposure are not kept, or were never reported", later=False
    )
    assert asked(history, -1) == Unknown("the frame is older than every exposure still kept", later=False)


def test_one_of_two_missing_settings_that_never_comes_is_enough() -> None:
    history = history_of([5, 5, 7, 7])
    history.add_parameters(6, Settings(30))
    told = asked(history, 1.5, 10_000)
    assert isinstance(told, Unknown)
    assert not told.later


def test_of_two_exposures_as_near_as_each_other_the_one_inside_counts() -> None:
    history = history_of([0, 0, 1, 1])
    assert history.lookup(PERIOD_US + 1, 2 * PERIOD_US) == Known(
        Settings(40), ReportedExposure(2, 2 * PERIOD_US, 1, True, False)
    )
    history.add_exposure(4, 3 * PERIOD_US + 2, 2, True, False)
    history.add_exposure(5, 4 * PERIOD_US, 2, True, False)
    told = history.lookup(3 * PERIOD_US + 1, 3 * PERIOD_US + 2)
    assert isinstance(told, Known)
    assert told.values == Settings(50)


def test_a_lower_frame_rate_is_no_pause_for_long() -> None:
    history = history_of([0] * 60)
    for k in range(10):
        history.add_exposure(60 + k, (60 + 6 * k) * PERIOD_US, 0, True, False)
    assert isinstance(asked(history, 111), Known)


def test_a_pause_is_no_exposure() -> None:
    history = history_of([0] * 8)
    history.add_exposure(8, 40 * PERIOD_US, 0, True, False)
    assert asked(history, 20) == Unknown("the probe paused: 550 ms from one exposure to the next", later=False)
    assert isinstance(asked(history, 7), Known)
    history.add_exposure(9, 400 * PERIOD_US, 0, True, False)
    assert asked(history, 200) == Unknown("the probe paused: 6.0 s from one exposure to the next", later=False)


def test_it_is_bounded() -> None:
    history = history_of([0] * (MAX_EXPOSURES + 10))
    assert isinstance(asked(history, 9.5, 0), Unknown)
    assert isinstance(asked(history, 10.5, 0), Known)
    for epoch in range(1, MAX_EPOCHS):
        history.add_parameters(epoch, Settings(epoch))
    assert isinstance(asked(history, 11), Known)
    history.add_parameters(MAX_EPOCHS, Settings(0))
    assert isinstance(asked(history, 11), Unknown)


def test_losses_over_more_epochs_than_are_kept_end_at_once() -> None:
    history = history_of([0, 0, 0, 4_000_000_000], lost=(2,))
    assert isinstance(asked(history, 2), Unknown)


def test_a_report_given_twice_changes_nothing_and_one_from_before_replaces_all() -> None:
    history = history_of([0] * 5)
    history.add_exposure(4, 4 * PERIOD_US, 0, True, False)
    assert isinstance(asked(history, 3), Known)
    history.add_exposure(0, 5 * PERIOD_US, 0, True, False)  # numbers start again
    assert isinstance(asked(history, 3), Unknown)
    history.add_exposure(1, 2 * PERIOD_US, 0, True, False)  # and so does time
    history.add_exposure(2, 3 * PERIOD_US, 0, True, False)
    assert isinstance(asked(history, 2.5), Known)


def test_a_new_boot_forgets() -> None:
    history = history_of([0] * 5)
    history.forget()
    assert asked(history, 2) == Unknown("the probe has reported no exposure yet", later=True)
    for k in range(3):
        history.add_exposure(k, k * PERIOD_US, 0, True, False)
    assert asked(history, 1) == Unknown("the settings of that exposure have not been reported yet", later=True)


def test_times_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="swap them"):
        history_of([0]).lookup(5, 4)


def test_words_of_its_own_where_none_are_given() -> None:
    history: ExposureHistory[int] = ExposureHistory()
    for epoch in (0, 1):
        history.add_parameters(epoch, epoch)
        history.add_exposure(epoch, epoch * PERIOD_US, epoch, True, False)
    told = history.lookup(PERIOD_US // 2, PERIOD_US // 2)
    assert isinstance(told, Unknown)
    assert told.reason.startswith("the settings were changed about")


# ---- a probe at random


@dataclass
class Session:
    """Every exposure of a probe, and what the host received of them."""

    true: list[ReportedExposure]
    received: list[ReportedExposure]
    parameters: dict[int, int]

    @classmethod
    def at_random(cls, seed: int, loss: float, change: float) -> "Session":
        chance = random.Random(seed)
        number, epoch, device_us = chance.choice([0, WRAP - 100]), chance.choice([1000, WRAP - 5]), seed
        value, transmitting, frozen, held = 0, True, False, 0
        session = cls([], [], {epoch: value})
        for _ in range(200):
            for _ in range(chance.choice([0, 0, 1, 2, 3]) if chance.random() < change else 0):
                epoch, value = (epoch + 1) % WRAP, chance.randint(0, 2)
                session.parameters[epoch] = value
            if held > 40 and chance.random() < change:  # longer than any run of losses: see `lookup`
                transmitting, frozen, held = chance.random() < 0.5, chance.random() < 0.5, 0
            number, held = (number + 1) % WRAP, held + 1
            device_us += chance.randint(PERIOD_US - 300, PERIOD_US + 300)
            session.true.append(ReportedExposure(number, device_us, epoch, transmitting, frozen))
            if chance.random() >= loss:
                session.received.append(session.true[-1])
        return session

    def history(self) -> ExposureHistory[int]:
        history: ExposureHistory[int] = ExposureHistory()
        for epoch, value in list(self.parameters.items())[-MAX_EPOCHS:]:
            history.add_parameters(epoch, value)
        for exposure in self.received:
            history.add_exposure(
                exposure.frame_number, exposure.device_us, exposure.epoch, exposure.transmitting, exposure.frozen
            )
        return history

    def possible(self, earliest_us: int, latest_us: int) -> set[tuple[int, bool, bool]]:
        """Frame by frame from the last report before to the first after: all states the exposure can have had."""
        before = [x for x in self.received if x.device_us <= earliest_us][-1]
        after = next(x for x in self.received if x.device_us >= latest_us)
        by_number = {x.frame_number: x for x in self.received}
        states, number, last = set(), before.frame_number, before
        while True:
            report = by_number.get(number)
            if report is None:
                upcoming = next(x for x in self.received if x.device_us > last.device_us)
                for epoch in self._from_to(last.epoch, upcoming.epoch):
                    states |= {(self.parameters[epoch], x.transmitting, x.frozen) for x in (last, upcoming)}
            elif earliest_us <= report.device_us <= latest_us:
                states.add((self.parameters[report.epoch], report.transmitting, report.frozen))
            last = report or last
            if number == after.frame_number:
                break
            number = (number + 1) % WRAP
        return states or {(self.parameters[x.epoch], x.transmitting, x.frozen) for x in (before, after)}

    @staticmethod
    def _from_to(first: int, last: int) -> list[int]:
        epochs = [first]
        while epochs[-1] != last:
            epochs.append((epochs[-1] + 1) % WRAP)
        return epochs


def questions(session: Session, chance: random.Random, n: int):
    """True exposures, each with an interval that holds it and lies within what was received."""
    for _ in range(n):
        true = chance.choice(session.true)
        widest_us = chance.choice([0, 500, 5000, 60_000])
        earliest_us, latest_us = (
            true.device_us - chance.randint(0, widest_us),
            true.device_us + chance.randint(0, widest_us),
        )
        if session.received[0].device_us <= earliest_us and latest_us <= session.received[-1].device_us:
            yield true, earliest_us, latest_us


def is_right(told: Known[int] | Unknown, true: ReportedExposure, session: Session) -> bool:
    return isinstance(told, Unknown) or (
        (told.values, told.exposure.transmitting, told.exposure.frozen)
        == (session.parameters[true.epoch], true.transmitting, true.frozen)
    )


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.02, 0.3, 0.6]), st.sampled_from([0.0, 0.02, 0.2]))
def test_what_is_known_is_true_and_what_can_be_known_is(seed: int, loss: float, change: float) -> None:
    session = Session.at_random(seed, loss, change)
    history = session.history()
    kept = set(list(session.parameters)[-MAX_EPOCHS:])
    for true, earliest_us, latest_us in questions(session, random.Random(seed), 40):
        told = history.lookup(earliest_us, latest_us)
        assert is_right(told, true, session)
        if set(session.parameters) == kept:
            assert isinstance(told, Known) == (len(session.possible(earliest_us, latest_us)) == 1)


@pytest.mark.no_cover
def test_how_often_it_is_known() -> None:
    def known_share(loss: float, change: float) -> float:
        told = []
        for seed in range(30):
            session = Session.at_random(seed, loss, change)
            told += [session.history().lookup(a, b) for _, a, b in questions(session, random.Random(seed), 60)]
        return sum(isinstance(answer, Known) for answer in told) / len(told)

    assert known_share(0.0, 0.0) == known_share(0.3, 0.0) == 1.0
    assert 0.8 < known_share(0.02, 0.02) < 1.0
