"""What viewers see: the newest, those of the last seconds, how fine, and what a person changed."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from edge.errors import SettingError
from edge.finding import CaliperMark, Check, LineMark, MaskMark, Measurement, PanoramaLabel, PanoramaMark
from edge.frame import Frame, ProbeState, Region
from edge.terms import Terms
from edge.viewer.cine import Cine, Kept, kept, of_jpeg
from edge.viewer.edits import Edited
from edge.viewer.from_page import Edit
from edge.viewer.pictures import Pictures
from edge.viewer.shown import panorama_message, shown_of
from edge.viewer.stream import LEVELS, Pace, packed, unpacked
from edge.viewer.to_page import Panorama
from tests.viewer.watching import finding_of, frame_of


def picture(number: int):
    frame = frame_of(number, (96, 128))
    finding = finding_of(frame)
    return kept(frame, finding, shown_of(frame, finding, Terms(), number=number, live=True, age_ms=1.0))


def test_only_the_last_seconds_are_kept_within_a_bound_of_memory() -> None:
    cine = Cine(seconds=1.0)
    for number in range(100):
        cine.add(picture(number))
    assert len(cine) == 26 and cine.bytes == sum(cine[index].bytes for index in range(26))
    small = Cine(most_bytes=3 * picture(1).bytes)
    for number in range(20):
        small.add(picture(number))
    assert 1 <= len(small) <= 4 and small[-1].number == 19


def test_a_kept_picture_comes_back_with_its_masks() -> None:
    frame = frame_of(3, (96, 128))
    finding = finding_of(frame)
    restored, found = picture(3).restored()
    assert np.abs(restored.pixels.astype(int) - frame.pixels).max() <= 12
    assert (restored.exposed_ns, restored.spacing) == (frame.exposed_ns, frame.spacing)
    before, after = (next(m for m in one.marks if isinstance(m, MaskMark)) for one in (finding, found))
    assert np.array_equal(before.mask, after.mask) and before.origin == after.origin


def test_frozen_it_scrolls_and_live_it_does_not() -> None:
    pictures = Pictures(lambda: 10**9)
    frames = [frame_of(number) for number in range(5)]
    for frame in frames:
        finding = finding_of(frame)
        pictures.add(frame, finding, Terms())
    assert not pictures.scroll(1) and pictures.shown().shown.sequence == 4
    still = replace(frames[4], probe=ProbeState(frozen=True))
    for _ in range(3):
        pictures.add(still, finding, Terms())
    assert pictures.frozen and pictures.cine().count == 5, "a frozen picture is one"
    assert pictures.scroll(1) and not pictures.scroll(5)
    assert (pictures.shown().shown.sequence, pictures.cine().before_end_s) == (1, 0.12)
    pictures.add(still, finding, Terms())
    assert pictures.shown().shown.sequence == 1, "its repetitions do not scroll it on"
    fresh = frame_of(6)
    pictures.add(fresh, finding_of(fresh), Terms())
    assert not pictures.frozen and pictures.shown().shown.sequence == 6
    assert pictures.original()[1] is fresh, "the newest is as it came"


def test_lists_go_to_the_page_as_data() -> None:
    frame = frame_of(1)
    finding = replace(finding_of(frame), checks=(Check("Items", "roof", True),))
    shown = shown_of(frame, finding, Terms(), number=1, live=True, age_ms=0.0)
    assert [(one.checklist, one.item, one.seen) for one in shown.checks] == [("Items", "roof", True)]


def panorama_of(width: int, here: int | None = None, sequences: tuple[int, ...] = ()) -> PanoramaMark:
    label = PanoramaLabel("first", 2, 8, True)
    return PanoramaMark("whole", np.zeros((20, width), np.uint8), 0.5, np.array(sequences, np.int64), (label,), here)


def test_a_panorama_goes_to_the_page_with_its_labels_and_frames() -> None:
    told = panorama_message(panorama_of(4, 1, (7, 7, -1, 9)))
    assert told.picture.startswith("data:image/jpeg;base64,") and told.size == (4, 20)
    assert (told.sequences, told.here, told.mm_per_px) == ((7, 7, -1, 9), 1, 0.5)
    assert [(one.text, one.start, one.end, one.emphasised) for one in told.labels] == [("first", 2, 8, True)]
    assert panorama_message(None) == Panorama()


@pytest.mark.parametrize(
    ("here", "sequences", "place"),
    [(3, (7, 7, -1, 9), 9), (2, (7, 8, -1, -1), 8), (1, (-1, -1), None), (None, (7,), None), (0, (), None)],
)
def test_a_picture_knows_the_frame_of_the_column_under_it(here, sequences, place) -> None:
    frame = frame_of(1)
    finding = replace(finding_of(frame), marks=(panorama_of(4, here, sequences),))
    assert shown_of(frame, finding, Terms(), number=1, live=True, age_ms=0.0).place == place


def test_the_newest_panorama_stays_until_another_task_or_scan_begins() -> None:
    pictures = Pictures(lambda: 10**9)
    assert (pictures.panorama().number, pictures.panorama().mark) == (0, None)
    marks = [panorama_of(10), panorama_of(12)]

    def add(number: int, *own: PanoramaMark, task: str = "brightness") -> int:
        frame = frame_of(number)
        pictures.add(frame, replace(finding_of(frame), task=task, marks=own), Terms())
        return pictures.panorama().number

    assert [add(1), add(2, marks[0]), add(3, marks[1]), add(4), add(5, marks[1])] == [0, 1, 2, 2, 2]
    assert pictures.panorama().mark is marks[1]
    assert add(6, task="other") == 3 and pictures.panorama().mark is None
    assert add(7, marks[0], task="other") == 4
    assert add(1, task="other") == 5 and pictures.panorama().mark is None, "its time began anew"


def test_what_is_kept_of_a_picture_holds_no_panorama_of_its_own() -> None:
    frame = frame_of(1)
    finding = replace(finding_of(frame), marks=(*finding_of(frame).marks, panorama_of(500)))
    one = kept(frame, finding, shown_of(frame, finding, Terms(), number=1, live=True, age_ms=0.0))
    assert not any(isinstance(mark, PanoramaMark) for mark in one.restored()[1].marks)
    assert len(one.restored()[1].marks) == 3


def test_frozen_it_goes_to_the_picture_nearest_to_a_frame() -> None:
    pictures = Pictures(lambda: 10**9)
    for number in (3, 5, 9):
        frame = frame_of(number)
        finding = finding_of(frame)
        pictures.add(frame, finding, Terms())
    assert not pictures.seek(3), "it moves"
    pictures.add(replace(frame, probe=ProbeState(frozen=True)), finding, Terms())
    for asked, shown in ((0, 3), (3, 3), (4, 5), (6, 5), (7, 9), (100, 9)):
        assert pictures.seek(asked) and pictures.shown().shown.sequence == shown


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_can_be_read_and_the_coarser_is_the_smaller(level) -> None:
    rng = np.random.default_rng(1)
    frame = replace(frame_of(1, (480, 640)), pixels=rng.integers(0, 255, (480, 640), np.uint8))
    finding = finding_of(frame)
    one = kept(frame, finding, shown_of(frame, finding, Terms(), number=1, live=True, age_ms=0.0))
    message = packed(one, level)
    assert unpacked(message)[0] == one.shown
    assert len(message) <= len(packed(one, LEVELS[0])) + 100


def coloured_frame(number: int = 1) -> Frame:
    """Grey, with a red patch as Doppler shows flow."""
    frame = frame_of(number, (480, 640))
    picture = np.repeat(frame.pixels[:, :, np.newaxis], 3, axis=2)
    picture[100:300, 200:400] = (20, 30, 220)
    return replace(frame, coloured=Region(200, 100, 200, 200), colour=lambda: picture)


def as_kept(frame: Frame) -> Kept:
    return kept(frame, finding_of(frame), shown_of(frame, finding_of(frame), Terms(), number=1, live=True, age_ms=0.0))


@pytest.mark.parametrize("level", LEVELS)
def test_what_was_coloured_comes_in_colour_at_every_level(level) -> None:
    picture = of_jpeg(unpacked(packed(as_kept(coloured_frame()), level))[1])
    height, width = picture.shape[:2]
    blue, _, red = picture[200 * height // 480, 300 * width // 640].astype(int)
    assert red > blue + 120
    beside = picture[20 * height // 480, 20 * width // 640].astype(int)
    assert np.ptp(beside) <= 4


def test_scrolled_back_to_it_is_in_colour_too() -> None:
    frame = coloured_frame()
    restored, _ = as_kept(frame).restored()
    assert restored.in_colour and np.abs(restored.picture().astype(int) - frame.picture()).mean() < 3
    assert np.abs(restored.pixels[0].astype(int) - frame.pixels[0]).max() <= 12


def test_a_grey_picture_is_not_asked_for_its_colour_and_costs_no_more() -> None:
    frame = frame_of(1, (480, 640))

    def asked() -> np.ndarray:
        raise AssertionError("nothing was coloured")

    plain, of_a_camera = as_kept(frame), as_kept(replace(frame, colour=asked))
    assert plain.jpeg == of_a_camera.jpeg and of_jpeg(plain.jpeg).ndim == 2
    assert of_a_camera.restored()[0].colour is None


def test_what_is_kept_holds_the_sources_own_picture_no_longer() -> None:
    class Held:
        def __call__(self) -> np.ndarray:
            return np.zeros((480, 640, 3), np.uint8)

    held = Held()
    gone = weakref.ref(held)
    pictures = [as_kept(replace(frame_of(1, (480, 640)), coloured=where, colour=held)) for where in (None, SOMEWHERE)]
    del held
    gc.collect()
    assert gone() is None and len(pictures) == 2


SOMEWHERE = Region(0, 0, 9, 9)


def paced(pace: Pace, milliseconds, count: int) -> None:
    """Pictures that take `milliseconds(level)` each."""
    now_s = 0.0
    for number in range(count):
        pace.sent(number, now_s)
        now_s += milliseconds(pace.level) / 1e3
        assert pace.acknowledged(number, now_s, 0.0)


def test_a_slow_line_gets_coarser_pictures_and_a_mended_one_finer_again() -> None:
    pace = Pace()
    paced(pace, lambda level: 2800 / 3**level, 60)
    assert pace.level >= 3
    coarse = pace.level
    paced(pace, lambda level: 10.0, 2000)
    assert pace.level < coarse and pace.ready()


def test_where_coarser_pictures_do_not_come_sooner_they_stay_fine() -> None:
    pace = Pace()
    paced(pace, lambda level: 200.0, 50)
    assert pace.level == 1


def test_a_line_that_becomes_slow_under_way_is_not_taken_for_a_busy_viewer() -> None:
    pace = Pace()
    paced(pace, lambda level: 10.0, 3)
    took = iter((490.0, *[4000.0] * 2))
    paced(pace, lambda level: next(took, 1500 / 1.5**level), 20)
    assert pace.level >= 4


def test_a_line_that_was_thought_fast_enough_is_tried_again() -> None:
    pace = Pace()
    paced(pace, lambda level: 700.0, 5)
    assert pace.level == 2, "coarser pictures came no sooner"
    paced(pace, lambda level: 3000 / 2**level, 30)
    assert pace.level >= 4


def test_what_a_viewer_takes_to_draw_makes_no_picture_coarser() -> None:
    pace = Pace()
    for number in range(60):
        pace.sent(number, number * 1.0)
        pace.acknowledged(number, number + 0.5, 480.0)
    assert pace.level <= 1


def test_never_more_is_on_its_way_than_a_viewer_takes() -> None:
    pace = Pace()
    pace.sent(1, 0.0)
    assert not pace.ready() and not pace.acknowledged(7, 0.1, 0.0)
    assert pace.stuck(16.0) and not pace.stuck(14.0)


def caliper_edit(**given) -> Edit:
    return Edit(**{"n": 1, "kind": "caliper", "mark": 0, "points": ((10.0, 10.0), (10.0, 30.0)), **given})


def test_a_moved_caliper_keeps_what_was_found_beside_it() -> None:
    frame = frame_of(1)
    finding = finding_of(frame)
    edited = Edited(1).with_edit(caliper_edit(), frame, finding, "Ada", "now")
    edited = edited.with_edit(caliper_edit(points=((10.0, 10.0), (10.0, 20.0))), frame, finding, "Bob", "later")
    (one,) = edited.edits
    assert (one.value, one.value_before, one.who) == ("2.0 mm", "2.0 mm", "Bob")
    assert one.before == ((10.0, 10.0), (30.0, 10.0))
    edited = edited.with_edit(caliper_edit(mark=None), frame, finding, "Ada", "now")
    assert [one.value for one in edited.edits] == ["2.0 mm", "4.0 mm"]
    assert len(edited.undone().edits) == 1


def test_a_line_of_two_points_tells_its_angle() -> None:
    frame = frame_of(1)
    moved = caliper_edit(kind="line", points=((0.0, 20.0), (20.0, 0.0)))
    (one,) = Edited(1).with_edit(moved, frame, finding_of(frame), "Ada", "now").edits
    assert (one.value, one.value_before, one.name) == ("45°", "-53°", "border")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"mark": 5}, "no such mark"),
        ({"kind": "mask"}, "no such mark"),
        ({"points": ((10.0, 10.0),)}, "has 2 points, not 1"),
        ({"points": ((10.0, 10.0), (10.0, 90.0))}, "beside the picture"),
    ],
)
def test_what_cannot_be_changed_is_refused(given, reason: str) -> None:
    frame = frame_of(1)
    with pytest.raises(SettingError, match=reason):
        Edited(1).with_edit(caliper_edit(**given), frame, finding_of(frame), "Ada", "now")


def test_marks_are_counted_among_their_kind() -> None:
    frame = frame_of(1)
    finding = finding_of(frame)
    kinds = [type(mark) for mark in finding.marks]
    shown = shown_of(frame, finding, Terms(), number=1, live=True, age_ms=0.0)
    assert (len(shown.calipers), len(shown.lines)) == (kinds.count(CaliperMark), kinds.count(LineMark))


def test_a_value_with_a_name_goes_to_the_page_with_it() -> None:
    frame = frame_of(1)
    one = Measurement("step", 2.0, "step", 1.0, 3.0, named="third")
    finding = replace(finding_of(frame), measurements=(one,))
    (value,) = shown_of(frame, finding, Terms(), number=1, live=True, age_ms=0.0).values
    assert (value.named, value.value) == ("third", 2.0)
