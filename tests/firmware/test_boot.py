"""Whatever happens to its power or to one of its banks, the probe starts an image that may run. Python and C alike."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.device.boot import BANK_STARTS, BOOT_TRIES, UpdateOutcome, factory_reset
from firmware_bridge.device.journal import JOURNAL_RECORD_SIZE, JournalRecord, pack_record
from firmware_bridge.errors import PowerCutError
from firmware_bridge.firmware_image import BANK_SIZE, FLASH_SECTOR_SIZE
from tests.firmware.boot_twins import (
    HARDWARE,
    NOTHING,
    CTwin,
    PythonTwin,
    Twin,
    image,
    install,
    update,
    upload,
)

N_SLOTS = FLASH_SECTOR_SIZE // JOURNAL_RECORD_SIZE
KINDS = ("python", "c")


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Callable[[], Twin]:
    if request.param == "python":
        return PythonTwin
    core = request.getfixturevalue("core")
    return lambda: CTwin(core)


@pytest.fixture
def twin(make: Callable[[], Twin]) -> Twin:
    probe = make()
    install(probe, 0, image(1))
    return probe


def test_a_new_probe_runs_bank_a_and_every_start_has_another_id(twin: Twin):
    starts = [twin.start() for _ in range(3 * N_SLOTS)]
    assert {(started.bank, started.on_trial, started.version) for started in starts} == {(0, False, "1.0.0+0")}
    assert [started.boot_id for started in starts] == list(range(1, 3 * N_SLOTS + 1))


def test_a_blank_probe_stays_in_its_boot_loader(make: Callable[[], Twin]):
    assert make().start() == NOTHING


def test_an_update_runs_on_trial_until_it_is_confirmed(twin: Twin):
    started = update(twin, twin.start(), image(2))
    assert (started.bank, started.on_trial, started.version) == (1, True, "2.0.0+0")
    again = twin.start()
    assert (again.bank, again.on_trial, again.version) == (1, False, "2.0.0+0")
    assert update(twin, again, image(3)).bank == 0


def test_an_image_that_never_confirms_is_given_up_after_three_starts(twin: Twin):
    running = twin.start()
    upload(twin, running, image(2))
    twin.mark_pending()
    assert [twin.start().bank for _ in range(BOOT_TRIES + 2)] == [1] * BOOT_TRIES + [0, 0]
    assert not twin.is_on_trial()


def test_an_image_on_trial_may_not_erase_the_way_back(twin: Twin):
    running = twin.start()
    upload(twin, running, image(2))
    twin.mark_pending()
    twin.start()
    assert twin.is_on_trial()
    assert (twin.begin_update(), twin.mark_pending()) == (UpdateOutcome.ON_TRIAL, UpdateOutcome.ON_TRIAL)
    assert twin.confirm() == UpdateOutcome.OK
    assert not twin.is_on_trial()
    assert twin.begin_update() == UpdateOutcome.OK


def test_a_second_update_takes_back_the_mark_of_the_first(twin: Twin):
    running = twin.start()
    upload(twin, running, image(2))
    twin.mark_pending()
    assert twin.begin_update() == UpdateOutcome.OK
    assert twin.start().bank == 0


def test_asking_twice_changes_nothing(twin: Twin):
    running = twin.start()
    upload(twin, running, image(2))
    assert twin.mark_pending() == UpdateOutcome.OK
    before = twin.cells()
    assert twin.mark_pending() == UpdateOutcome.OK
    assert twin.cells() == before
    twin.start()
    twin.confirm()
    before = twin.cells()
    assert twin.confirm() == UpdateOutcome.OK
    assert twin.cells() == before


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (image(2)[:-1], UpdateOutcome.DAMAGED),
        (b"\0" * 600, UpdateOutcome.DAMAGED),
        (image(2, n_program=0), UpdateOutcome.DAMAGED),
        (image(2, hardware_id=HARDWARE + 1), UpdateOutcome.WRONG_HARDWARE),
        (image(2, counter=4), UpdateOutcome.TOO_OLD),
        (image(1, counter=5), UpdateOutcome.OK),
    ],
)
def test_only_an_image_that_may_run_is_marked(make: Callable[[], Twin], content: bytes, status: UpdateOutcome):
    twin = make()
    install(twin, 0, image(1, counter=5))
    running = twin.start()
    twin.confirm()  # the minimum is 5 from here on
    upload(twin, running, content)
    assert twin.mark_pending() == status
    assert twin.start().bank == (1 if status == UpdateOutcome.OK else 0)


def test_the_minimum_rises_with_the_confirmation_not_with_the_trial(twin: Twin):
    running = twin.start()
    upload(twin, running, image(2, counter=9))
    twin.mark_pending()
    assert [twin.start().security_counter for _ in range(BOOT_TRIES + 1)] == [9] * BOOT_TRIES + [1]
    update(twin, twin.start(), image(3, counter=9))
    twin.store(BANK_STARTS[1], b"\0")
    assert twin.start() == NOTHING  # bank A is whole, and older than the minimum


def test_an_image_that_rots_while_on_trial_is_left(twin: Twin):
    running = twin.start()
    upload(twin, running, image(2))
    twin.mark_pending()
    twin.store(BANK_STARTS[1] + 300, b"\0" * 8)
    assert twin.start().bank == 0


def test_a_damaged_active_bank_makes_way_for_the_other_for_good(twin: Twin):
    update(twin, twin.start(), image(2))
    kept = twin.read(BANK_STARTS[1] + 300, 1)
    twin.store(BANK_STARTS[1] + 300, bytes([kept[0] ^ 4]))
    started = twin.start()
    assert (started.bank, started.version) == (0, "1.0.0+0")
    twin.store(BANK_STARTS[1] + 300, kept)
    assert twin.start().bank == 0


def test_the_way_back_is_the_running_bank_even_where_the_journal_was_lost(twin: Twin):
    running = update(twin, twin.start(), image(2))
    twin.store(0, b"\xff" * 2 * FLASH_SECTOR_SIZE)
    upload(twin, running, image(3))
    assert twin.mark_pending() == UpdateOutcome.OK
    assert [twin.start().bank for _ in range(BOOT_TRIES + 1)] == [0] * BOOT_TRIES + [1]


@pytest.mark.parametrize("record", [JournalRecord(sequence=9, active=2), JournalRecord(sequence=9, pending=2)])
def test_a_record_of_no_bank_is_passed_over(twin: Twin, record: JournalRecord):
    twin.store(0, pack_record(JournalRecord(sequence=1, boot_count=70)) + pack_record(record))
    assert twin.start().boot_id == 71


def test_a_full_count_of_starts_goes_on_at_one(twin: Twin):
    twin.store(0, pack_record(JournalRecord(sequence=1, boot_count=0xFFFF_FFFE)))
    assert [twin.start().boot_id for _ in range(3)] == [0xFFFF_FFFF, 1, 2]


@pytest.mark.parametrize("n_earlier_starts", [0, *range(N_SLOTS - 5, N_SLOTS), 2 * N_SLOTS - 2])
def test_a_power_cut_at_any_operation_of_an_update_leaves_a_probe_that_starts(
    make: Callable[[], Twin], n_earlier_starts: int
):
    cells, boot_ids = after_starts(make(), n_earlier_starts)
    n_cuts = 0
    while cut_update(make(), cells, boot_ids, n_cuts):
        n_cuts += 1
    assert n_cuts >= 2 + 6 + 1 + 1 + 1  # erases, programs, mark, start, confirmation


def after_starts(twin: Twin, n_starts: int) -> tuple[bytes, list[int]]:
    """The flash of a probe that was started so often since the factory, and its boot ids."""
    install(twin, 0, image(1))
    boot_ids = [twin.start().boot_id for _ in range(n_starts)]
    return twin.cells(), boot_ids


def cut_update(twin: Twin, cells: bytes, boot_ids: list[int], n_operations: int) -> bool:
    """An update whose power is cut; then the probe must start and take the update. False: nothing was left to cut."""
    twin.store(0, cells)
    running = twin.start()
    ids = list(boot_ids)
    twin.cut_after(n_operations)
    try:
        ids += [running.boot_id, update(twin, running, image(2)).boot_id]
        was_cut = False
    except PowerCutError:
        was_cut = True
    twin.cut_after(-1)
    started = twin.start()
    assert started.version in ("1.0.0+0", "2.0.0+0")
    assert started.boot_id not in ids
    assert started.version == "2.0.0+0" or was_cut
    twin.confirm()
    assert update(twin, started, image(3)).version == "3.0.0+0"
    assert twin.start().version == "3.0.0+0"
    return was_cut


@pytest.mark.parametrize("n_first", range(8))
def test_a_second_power_cut_during_the_recovery_changes_nothing(make: Callable[[], Twin], n_first: int):
    twin = make()
    install(twin, 0, image(1))
    for _ in range(N_SLOTS - 1):
        running = twin.start()
    twin.cut_after(n_first)
    with pytest.raises(PowerCutError):
        update(twin, running, image(2))
    for _ in range(3):
        twin.cut_after(0)
        with pytest.raises(PowerCutError):
            twin.start()
    assert twin.start().version == "1.0.0+0"


@settings(max_examples=60)
@given(
    bank=st.integers(0, 1),
    flips=st.lists(st.tuples(st.integers(0, 5600), st.integers(0, 7)), min_size=1, max_size=20),
    active=st.integers(0, 1),
)
@pytest.mark.parametrize("kind", KINDS)
def test_rotten_bits_in_one_bank_leave_the_other(
    request: pytest.FixtureRequest, kind: str, bank: int, flips: list[tuple[int, int]], active: int
):
    twin = PythonTwin() if kind == "python" else CTwin(request.getfixturevalue("core"))
    for each in (0, 1):
        install(twin, each, image(each + 1))
    twin.store(0, pack_record(JournalRecord(sequence=1, active=active)))
    for at, bit in flips:
        cell = twin.read(BANK_STARTS[bank] + at, 1)[0]
        twin.store(BANK_STARTS[bank] + at, bytes([cell ^ (1 << bit)]))
    content = image(bank + 1)
    is_whole = twin.read(BANK_STARTS[bank], len(content)) == content
    started = twin.start()
    assert started.bank == (active if is_whole or active != bank else 1 - bank)
    assert started.version == f"{started.bank + 1}.0.0+0"


@settings(max_examples=100)
@given(n_whole=st.integers(1, 2 * N_SLOTS + 3), left=st.binary(min_size=32, max_size=32), n_torn=st.integers(1, 3))
@pytest.mark.parametrize("kind", KINDS)
def test_torn_records_are_passed_over(
    request: pytest.FixtureRequest, kind: str, n_whole: int, left: bytes, n_torn: int
):
    """A torn record has zeros in any of its places, and ones in those that the power did not reach."""
    twin = PythonTwin() if kind == "python" else CTwin(request.getfixturevalue("core"))
    install(twin, 0, image(1))
    install(twin, 1, image(2))
    sector, slot = divmod(n_whole - 1, N_SLOTS)
    for at in range(n_whole):
        if at % N_SLOTS == 0:
            twin.erase(at // N_SLOTS % 2 * FLASH_SECTOR_SIZE)
        record = JournalRecord(sequence=at + 1, boot_count=at + 1, active=at % 2)
        twin.program(at // N_SLOTS % 2 * FLASH_SECTOR_SIZE + at % N_SLOTS * 32, pack_record(record))
    torn = pack_record(JournalRecord(sequence=n_whole + 1, boot_count=999, active=n_whole % 2))
    for place in range(slot + 1, min(slot + 1 + n_torn, N_SLOTS)):
        cells = bytes(t | m for t, m in zip(torn, left, strict=True))
        twin.store(sector % 2 * FLASH_SECTOR_SIZE + place * 32, cells)
        if cells == torn:
            return
    started = twin.start()
    assert (started.bank, started.boot_id) == ((n_whole - 1) % 2, n_whole + 1)
    assert twin.start().boot_id == n_whole + 2


Action = tuple[str, int, int]
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.integers(1, BOOT_TRIES + 1), st.just(0)),
        st.tuples(st.sampled_from(["begin", "mark", "confirm"]), st.just(0), st.just(0)),
        st.tuples(st.just("upload"), st.integers(2, 5), st.integers(0, 3)),
        st.tuples(st.just("cut"), st.integers(0, 12), st.just(0)),
        st.tuples(st.just("rot"), st.integers(0, 0x100), st.integers(0, 7)),
    ),
    max_size=40,
)


EARLIER_STARTS = (0, N_SLOTS - 3, N_SLOTS - 1, 2 * N_SLOTS - 2)


@pytest.fixture(scope="module")
def begun(core) -> dict[int, bytes]:
    """By the number of earlier starts the flash after them, the same in Python and in C."""
    made = [{n: after_starts(make(), n) for n in EARLIER_STARTS} for make in (PythonTwin, lambda: CTwin(core))]
    assert made[0] == made[1]
    return {n: cells for n, (cells, _) in made[0].items()}


@pytest.mark.no_cover
@settings(max_examples=150)
@given(n_earlier_starts=st.sampled_from(EARLIER_STARTS), actions=ACTIONS)
def test_python_and_c_decide_alike(core, begun: dict[int, bytes], n_earlier_starts: int, actions: list[Action]):
    """Any calls in any order, good images and bad, cuts, rotten bits in the journal: the same flash after it."""
    python, c = PythonTwin(), CTwin(core)
    for twin in (python, c):
        twin.store(0, begun[n_earlier_starts])
    seen = [[act(twin, *action) for action in [("start", 1, 0), *actions]] for twin in (python, c)]
    assert seen[0] == seen[1]
    assert python.cells() == c.cells()


def act(twin: Twin, kind: str, a: int, b: int) -> object:
    try:
        if kind == "start":
            started = [twin.start() for _ in range(a)][-1]
            if started == NOTHING:  # as a factory would: the calls below need something that runs
                install(twin, 0, image(1, counter=200))
                started = twin.start()
            return started
        if kind == "upload":
            started = twin.start()
            made = image(a, HARDWARE + (b == 1), counter=a if b == 2 else 1)
            upload(twin, started, made[:-9] if b == 3 else made)
            return started
        if kind == "cut":
            return twin.cut_after(a)
        if kind == "rot":
            return twin.store(a, bytes([twin.read(a, 1)[0] ^ (1 << b)]))
        return {"begin": twin.begin_update, "mark": twin.mark_pending, "confirm": twin.confirm}[kind]()
    except PowerCutError:
        twin.start()
        return "cut"


def test_flash_that_cannot_be_written_starts_what_is_trusted_and_begins_no_trial(core):
    """Worn out: reads work, nothing else does. Only the C meets real flash."""
    c = CTwin(core)
    install(c, 0, image(1))
    install(c, 1, image(2))
    c.store(0, pack_record(JournalRecord(sequence=1, pending=1)))
    worn_program = core.ffi.callback("flash_status(void *, uint32_t, const uint8_t *, uint32_t)", lambda *_: 2)
    c.device.program = worn_program
    started = c.start()
    assert (started.bank, started.on_trial) == (0, False)
    assert c.confirm() == UpdateOutcome.FLASH_FAILED
    assert c.begin_update() == UpdateOutcome.FLASH_FAILED


def test_the_factory_is_the_same_in_c(core):
    python, c = PythonTwin(), CTwin(core)
    factory_reset(python.flash, HARDWARE)
    core.c.factory_reset(c.bytes, HARDWARE)
    assert python.cells() == c.cells()
    assert python.start() == c.start() != NOTHING
    assert BANK_STARTS[0] + BANK_SIZE <= BANK_STARTS[1]
