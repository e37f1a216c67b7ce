"""The simulated probe as a source."""

from dataclasses import replace
from functools import partial
from itertools import count

import numpy as np
import pytest

from edge.clock import ManualClock
from edge.errors import SettingError, SourceStalledError, UnknownNameError
from edge.frame import Frame, ProbeState
from edge.phantom.records import Imaging
from edge.source.fake import FakeFeed
from edge.source.phantom import open_phantom as open_phantom_of
from edge.source.phantom import parse_phantom as parse_phantom_of
from edge.source.probe_feed import Exposure
from edge.task.cartilage.phantom import CartilageCine
from edge.task.muscle.phantom import LIVE_MUSCLE, MuscleCine
from edge.task.nerve.phantom import NerveCine
from edge.task.table import anatomies
from edge.task.tissue.phantom import TissueCine
from edge.trust.faults import picture_faults

open_phantom = partial(open_phantom_of, anatomies=anatomies())
parse_phantom = partial(parse_phantom_of, anatomies=anatomies())


def test_unpaced_frames_come_one_by_one_and_end() -> None:
    with open_phantom("cartilage,frames=3,paced=no") as source:
        frames = [source.read(1.0) for _ in range(4)]
    assert [frame.sequence for frame in frames[:3]] == [0, 1, 2]
    assert [frame.exposed_ns for frame in frames[:3]] == [0, 40_000_000, 80_000_000]
    assert frames[3] is None
    assert not source.live


def test_the_frame_knows_the_probes_depth_and_leaves_the_scale_to_the_screen() -> None:
    with open_phantom("cartilage,frames=1,paced=no,depth=42.5") as source:
        frame = source.read(1.0)
    assert frame.probe.depth_mm == 42.5
    assert frame.spacing is None
    assert (frame.region.width, frame.region.height) == (640, 480)


def test_the_same_seed_is_the_same_cine() -> None:
    pictures = []
    for seed in (2, 2, 3):
        with open_phantom(f"cartilage,seed={seed},frames=2,paced=no") as source:
            source.read(1.0)
            pictures.append(source.read(1.0).pixels)
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_a_live_phantom_keeps_the_clocks_pace() -> None:
    clock = ManualClock(5_000)
    with open_phantom("cartilage", fps=20.0, clock=clock) as source:
        times = [source.read(1.0).exposed_ns for _ in range(3)]
    assert np.diff(times).tolist() == [50_000_000, 50_000_000]
    assert clock.now_ns() == times[-1]


def test_a_late_reader_skips_frames_and_still_ends() -> None:
    clock = ManualClock()
    with open_phantom("cartilage,frames=10", fps=10.0, clock=clock) as source:
        first = source.read(1.0)
        clock.advance(0.55)
        late = source.read(1.0)
        nxt = source.read(1.0)
        assert (first.sequence, late.sequence) == (0, 1)
        assert nxt.sequence == 6
        clock.advance(5)
        source.read(1.0)
        assert source.read(1.0) is None


@pytest.mark.parametrize(
    "rest", ["cartilage,depth=3", "cartilage,seed=x", "cartilage,colour=red", "cartilage,frames=0"]
)
def test_a_wrong_setting_is_told_with_those_that_are_right(rest) -> None:
    with pytest.raises(SettingError, match="seed=NUMBER"):
        parse_phantom(rest)


@pytest.mark.parametrize("motion", ["contraction", "stretch", "still"])
def test_a_muscle_moves_as_it_is_told(motion) -> None:
    with open_phantom(f"muscle,seed=3,motion={motion},frames=2,paced=no", fps=0.25) as source:
        first, later = (source.read(1.0) for _ in range(2))
    assert first.origin == "phantom:muscle"
    assert first.probe.depth_mm == LIVE_MUSCLE.depth_mm
    truth = MuscleCine(3, movement=motion)
    assert np.array_equal(later.pixels, truth.picture(4.0).pixels)
    turn_deg = abs(truth.architecture(4.0).fascicle_angle_deg) - abs(truth.architecture(0.0).fascicle_angle_deg)
    assert {"contraction": turn_deg > 8, "stretch": -5 < turn_deg < -1, "still": turn_deg == 0}[motion]


def test_a_muscle_contracts_unless_told_otherwise_and_a_knee_has_no_motions() -> None:
    assert parse_phantom("muscle").options.motion == "contraction"
    with pytest.raises(SettingError, match=r"motion=contraction\|stretch\|still"):
        parse_phantom("muscle,motion=dance")
    with pytest.raises(SettingError, match="seed=NUMBER"):
        parse_phantom("cartilage,motion=still")


@pytest.mark.parametrize("motion", ["still", "compress"])
@pytest.mark.parametrize("nerves", [0, 2])
def test_a_nerve_phantom_shows_what_it_is_told(nerves, motion) -> None:
    with open_phantom(f"nerve,seed=4,nerves={nerves},motion={motion},frames=2,paced=no", fps=0.5) as source:
        _, later = (source.read(1.0) for _ in range(2))
    assert later.origin == "phantom:nerve"
    assert np.array_equal(later.pixels, NerveCine(4, motion=motion, nerves=nerves).picture(2.0).pixels)


def test_a_tissue_phantom_is_as_infiltrated_as_it_is_told() -> None:
    with open_phantom("tissue,seed=4,degree=0.75,frames=1,paced=no") as source:
        frame = source.read(1.0)
    assert frame.origin == "phantom:tissue"
    assert np.array_equal(frame.pixels, TissueCine(4, degree=0.75).picture(0.0).pixels)


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("nerve,nerves=3", r"nerves=0\.\.2"),
        ("nerve,motion=stretch", r"motion=hand\|still\|slide\|tilt\|compress"),
        ("tissue,degree=1.5", r"degree=0\.\.1"),
        ("tissue,degree=nan", r"degree=0\.\.1"),
        ("tissue,nerves=1", r"degree=0\.\.1"),
        ("muscle,degree=0.5", r"motion=contraction"),
    ],
)
def test_a_wrong_setting_of_an_anatomy_is_told_with_its_own(rest, told) -> None:
    with pytest.raises(SettingError, match=told):
        parse_phantom(rest)


def test_a_probe_sets_the_muscle_too() -> None:
    made = exposures({}, {"transmitting": False}, {"imaging": replace(NOMINAL, depth_mm=60.0)})
    with open_phantom("muscle", feed=FakeFeed(made)) as source:
        shown, dark, deep = (source.read(1.0) for _ in range(3))
    assert np.array_equal(shown.pixels, MuscleCine(1).picture(0.0, NOMINAL).pixels)
    assert picture_faults(shown.pixels) == ()
    assert "dark" in picture_faults(dark.pixels)[0]
    assert deep.probe.depth_mm == 60.0


def test_an_unknown_anatomy_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="cartilage"):
        parse_phantom("liver")


NOMINAL = Imaging(
    depth_mm=32.0, frequency_mhz=9.0, gain_db=4.0, tgc_db=(1.0,) * 8, focus_mm=12.0, transmit_power_db=-3.0
)


def exposures(*changes: dict) -> list[Exposure]:
    """One for each of `changes` to the regular ones, 40 ms apart, long after the clock's zero."""
    regular = ({"exposed_ns": 10**12 + k * 40_000_000, "sequence": 500 + k, "imaging": NOMINAL} for k in count())
    return [Exposure(**(plain | change)) for plain, change in zip(regular, changes, strict=False)]


def fed(*changes: dict, rest: str = "cartilage") -> list[Frame]:
    with open_phantom(rest, feed=FakeFeed(exposures(*changes))) as source:
        return [source.read(1.0) for _ in changes]


def test_a_probe_sets_the_phantom() -> None:
    (frame,) = fed({})
    assert frame.probe == ProbeState(
        depth_mm=32.0,
        frequency_mhz=9.0,
        gain_db=4.0,
        tgc_db=(1.0,) * 8,
        focus_mm=12.0,
        dynamic_range_db=60.0,
        transmit_power_db=-3.0,
        frozen=False,
        transmitting=True,
    )
    assert (frame.exposed_ns, frame.sequence) == (10**12, 0)
    assert np.array_equal(frame.pixels, CartilageCine(1).picture(0.0, NOMINAL).pixels)


def test_a_changed_depth_is_in_the_very_next_picture() -> None:
    deeper = replace(NOMINAL, depth_mm=80.0)
    frames = fed({}, {"imaging": deeper}, {})
    for k, imaging in enumerate((NOMINAL, deeper, NOMINAL)):
        assert np.array_equal(frames[k].pixels, CartilageCine(1).picture(k * 0.04, imaging).pixels)


@pytest.mark.parametrize(
    "change", [{"gain_db": 20.0}, {"tgc_db": (15.0,) * 8}, {"dynamic_range_db": 90.0}], ids=["gain", "tgc", "range"]
)
def test_each_control_brightens_the_picture(change) -> None:
    plain, changed = (frame.pixels.mean() for frame in fed({}, {"imaging": replace(NOMINAL, **change)}))
    assert changed > plain + 15


def test_less_transmit_power_loses_the_depth_to_noise() -> None:
    full, faint = fed(
        {"imaging": replace(NOMINAL, transmit_power_db=0.0, gain_db=20.0)},
        {"imaging": replace(NOMINAL, transmit_power_db=-30.0, gain_db=50.0)},
    )
    deep = slice(400, 480)
    assert picture_contrast(full.pixels[deep]) > 1.3 * picture_contrast(faint.pixels[deep])


def picture_contrast(pixels: np.ndarray) -> float:
    return float(pixels.std() / pixels.mean())


@pytest.mark.parametrize("depth_mm", (15.0, 80.0))
@pytest.mark.parametrize("gain_db", [-30.0, 0.0, 20.0])
@pytest.mark.parametrize("dynamic_range_db", [30.0, 90.0])
def test_without_transmit_the_picture_is_dark(depth_mm, gain_db, dynamic_range_db) -> None:
    imaging = replace(NOMINAL, depth_mm=depth_mm, gain_db=gain_db, dynamic_range_db=dynamic_range_db)
    (frame,) = fed({"imaging": imaging, "transmitting": False})
    assert frame.probe.transmitting is False
    assert "dark" in picture_faults(frame.pixels)[0]


def test_a_frozen_picture_is_the_exposure_before_the_freeze_again() -> None:
    once = exposures({})[0]
    again = {"exposed_ns": once.exposed_ns, "sequence": once.sequence, "frozen": True}
    moving, *frozen, later = fed({}, again, again, {})
    for frame in frozen:
        assert (frame.exposed_ns, frame.sequence) == (moving.exposed_ns, moving.sequence)
        assert np.array_equal(frame.pixels, moving.pixels)
        assert frame.probe == replace(moving.probe, frozen=True, frozen_ns=moving.exposed_ns)
    assert (moving.probe.frozen, later.probe.frozen, later.sequence) == (False, False, moving.sequence + 3)
    assert not np.array_equal(moving.pixels, later.pixels)


def test_exposures_that_nobody_took_are_gaps_and_a_reset_goes_on() -> None:
    frames = fed({"sequence": 7}, {"sequence": 8}, {"sequence": 11}, {"sequence": 0}, {"sequence": 1})
    assert [frame.sequence for frame in frames] == [0, 1, 4, 5, 6]


def test_a_probe_that_exposes_nothing_has_stalled() -> None:
    with open_phantom("cartilage", feed=FakeFeed([])) as source, pytest.raises(SourceStalledError, match="imaging"):
        source.read(0.5)


def test_so_many_frames_of_a_probe_are_the_end() -> None:
    with open_phantom("cartilage,frames=3", feed=FakeFeed(exposures({}, {}, {"sequence": 509}))) as source:
        assert [source.read(1.0) is None for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("rest", "fps"), [("cartilage,depth=40", None), ("cartilage,paced=no", None), ("cartilage", 5)]
)
def test_what_the_probe_sets_cannot_be_stated(rest, fps) -> None:
    with pytest.raises(SettingError, match="probe's"):
        open_phantom(rest, fps=fps, feed=FakeFeed([]))
