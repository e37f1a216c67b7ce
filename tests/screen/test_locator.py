import tracemalloc

import cv2
import numpy as np
import pytest

from edge.errors import SettingError
from edge.frame import Frame, PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.screen import locator as room
from edge.screen.locator import Locator
from edge.task.gate import NO_EXCEPTIONS, gate_faults
from edge.task.tensor import fitted_tensor


def screen(minor_px: float, gain: float = 1.0, clock: str = "12:00:01") -> np.ndarray:
    """A 640 x 480 screen: picture at (150, 60), 300 x 360, ticks of 5 mm on its right with longer ones every cm."""
    rng = np.random.default_rng(1)
    pixels = np.zeros((480, 640), np.uint8)
    tissue = cv2.GaussianBlur(rng.normal(size=(360, 300)), (0, 0), 1.2)
    pixels[60:420, 150:450] = np.clip(gain * (90 + 150 * tissue), 1, 255)
    for k in range(int(360 / minor_px) + 1):
        row = round(60 + k * minor_px)
        pixels[row, 480 : 492 if k % 2 == 0 else 486] = 200
    cv2.putText(pixels, clock, (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    return pixels


def frame(pixels: np.ndarray, **more) -> Frame:
    return Frame(pixels, 0, 0, "camera:0", **more)


@pytest.fixture
def searches(monkeypatch):
    """How often the costly search ran."""
    counted = []
    search = room.find_region
    monkeypatch.setattr(room, "find_region", lambda pixels: counted.append(1) or search(pixels))
    return counted


def test_region_and_scale_are_filled_in():
    found = Locator().locate(frame(screen(40)))
    assert found.region == Region(150, 60, 300, 360)
    assert found.spacing is not None
    assert found.spacing.origin is SpacingOrigin.TICKS
    assert found.spacing.y_mm_per_px == pytest.approx(5 / 40, rel=0.01)
    assert "ticks" in found.notes[0]


def test_a_still_screen_is_searched_once(searches):
    locator = Locator()
    for gain in (1.0, 0.9, 1.1, 1.0):
        locator.locate(frame(screen(40, gain)))
    assert len(searches) == 1


def test_other_depth_is_noticed_at_the_very_frame():
    locator = Locator()
    scales = [locator.locate(frame(screen(px))).spacing for px in (40, 40, 30, 40)]
    assert [scale and scale.y_mm_per_px for scale in scales] == pytest.approx([0.125, 0.125, 5 / 30, 0.125], rel=0.01)


def test_a_running_clock_is_learnt(searches):
    locator = Locator()
    for k in range(60):
        locator.locate(frame(screen(40, clock=f"12:00:{k % 10:02d}")))
    assert len(searches) <= 11


def test_a_dark_first_frame_is_made_up_for():
    locator = Locator()
    dark = np.zeros((480, 640), np.uint8)
    assert locator.locate(frame(dark)).region == Region.whole(dark)
    assert locator.locate(frame(screen(40))).region == Region(150, 60, 300, 360)


def test_the_probes_depth_makes_a_new_scale_at_once():
    locator = Locator()
    scales = []
    for depth_mm in (45.0, 45.0, 90.0):
        found = locator.locate(frame(screen(40), probe=ProbeState(depth_mm=depth_mm)))
        scales.append(found)
    assert [f.spacing and f.spacing.y_mm_per_px for f in scales] == pytest.approx([0.125, 0.125, 0.25], rel=0.01)
    assert scales[0].spacing is not None
    assert scales[0].spacing.origin is SpacingOrigin.DEPTH
    assert scales[0].notes == scales[0].doubts == ()
    assert "50 % apart" in scales[2].doubts[0]


def test_what_the_source_knows_is_kept_and_its_region_tightened():
    dicom = PixelSpacing(0.125, 0.125, SpacingOrigin.DICOM)
    found = Locator().locate(frame(screen(40), region=Region(100, 20, 370, 440), spacing=dicom))
    assert found.spacing is not None
    assert found.spacing.origin is SpacingOrigin.DICOM
    assert found.region == Region(150, 60, 300, 360)


def test_the_user_is_believed_before_dicom():
    dicom = PixelSpacing(0.2, 0.2, SpacingOrigin.DICOM)
    found = Locator(user_depth_mm=45).locate(frame(screen(40), spacing=dicom))
    assert found.spacing is not None
    assert found.spacing.origin is SpacingOrigin.USER
    assert found.spacing.y_mm_per_px == pytest.approx(0.125, rel=0.01)
    assert found.spacing.relative_uncertainty > 0.5
    assert "DICOM says" in found.doubts[0]


def test_no_scale_says_why():
    pixels = screen(40)
    pixels[:, 470:] = 0
    found = Locator().locate(frame(pixels))
    assert found.spacing is None
    assert found.unscaled == "no depth ticks were found; state the depth or the mm per px"


def test_a_depth_must_be_positive():
    with pytest.raises(SettingError, match="more than 0 mm"):
        Locator(user_depth_mm=0)


DOUBT = ProbeState(doubt="the depth was changed within 3 ms of the exposure")


def test_in_doubt_neither_the_last_depth_nor_the_ticks_are_used():
    locator = Locator()
    states = [ProbeState(depth_mm=45.0), DOUBT, DOUBT, ProbeState(depth_mm=45.0)]
    found = [locator.locate(frame(screen(40), probe=state)) for state in states]
    scales = [f.spacing and f.spacing.y_mm_per_px for f in found]
    assert scales == [pytest.approx(0.125, rel=0.01), None, None, pytest.approx(0.125, rel=0.01)]
    assert found[1].notes == found[1].doubts == ()
    assert found[1].region == found[0].region


def test_in_doubt_a_stated_scale_is_kept_and_doubted():
    dicom = PixelSpacing(0.1, 0.1, SpacingOrigin.DICOM)
    for locator, spacing in ((Locator(user_depth_mm=45), None), (Locator(dicom), None), (Locator(), dicom)):
        found = locator.locate(frame(screen(40), probe=DOUBT, spacing=spacing))
        assert found.spacing is not None
        assert found.doubts == (f"the probe's own depth is unknown: {DOUBT.doubt}",)


def test_each_frames_own_doubt_is_told_without_a_new_search(searches):
    locator = Locator(user_depth_mm=45)
    doubts = [locator.locate(frame(screen(40), probe=ProbeState(doubt=f"silent for {k} s"))).doubts for k in range(4)]
    assert [doubt[0][-12:] for doubt in doubts] == [f"silent for {k} s"[-12:] for k in range(4)]
    assert len(searches) == 1


def test_the_depth_belongs_to_the_region_that_the_source_gave():
    """A frame whose lower part is too dark to be found must not shrink the scale."""
    faded = screen(40)
    faded[300:420, 150:450] = 0
    given = Region(150, 60, 300, 360)
    found = Locator().locate(frame(faded, region=given, probe=ProbeState(depth_mm=45.0)))
    assert found.region != given
    assert found.spacing is not None
    assert found.spacing.y_mm_per_px == pytest.approx(0.125)


def test_a_region_seen_in_the_dark_is_not_kept_when_the_probe_transmits():
    lit = screen(40, gain=0.3)
    lit[440:] = lit[:, :130] = 250
    dark = lit.copy()
    dark[60:420, 150:450] = 0
    locator = Locator()
    off, on = ProbeState(depth_mm=45.0, transmitting=False), ProbeState(depth_mm=45.0, transmitting=True)
    assert locator.locate(frame(dark, probe=off)).region == Region.whole(dark)
    found = locator.locate(frame(lit, probe=on))
    assert found.region == Region(150, 60, 300, 360)
    assert found.spacing is not None
    assert found.spacing.y_mm_per_px == pytest.approx(0.125, rel=0.01)


def faded(from_row: int = 240, over_px: float = 12) -> np.ndarray:
    """The screen, whose ticks are hidden and whose deep field fades out."""
    pixels = screen(40)
    pixels[:, 470:] = 0
    rows = np.arange(480)[:, None]
    return np.rint(pixels * np.where(rows < from_row, 1, np.exp(-(rows - from_row) / over_px))).astype(np.uint8)


def test_a_stated_depth_is_not_divided_by_what_happens_to_be_bright():
    found = Locator(user_depth_mm=45).locate(frame(faded()))
    assert found.spacing is None
    assert found.unscaled == (
        "the picture does not show what 45 mm of depth belong to (it fades out before its depth ends), and no depth "
        "ticks were found; state the mm per px"
    )


def test_where_the_picture_fades_its_ruler_decides():
    pixels = faded()
    pixels[:, 470:] = screen(40)[:, 470:]
    found = Locator(user_depth_mm=45).locate(frame(pixels))
    assert found.spacing is not None
    assert found.spacing.origin is SpacingOrigin.TICKS
    assert found.spacing.y_mm_per_px == pytest.approx(0.125, rel=0.01)
    assert "the depth of 45 mm is not used" in found.notes[1]


def test_a_depth_that_ends_in_the_dark_is_found_when_a_frame_shows_it():
    locator = Locator(user_depth_mm=45)
    whole = screen(40)
    whole[:, 470:] = 0
    scales = [locator.locate(frame(pixels)).spacing for pixels in (faded(), *[whole] * 26)]
    assert scales[0] is None
    assert scales[-1] is not None
    assert scales[-1].y_mm_per_px == pytest.approx(0.125, rel=0.01)


def test_a_frame_that_ends_dark_is_taken_whole_with_a_doubt():
    pixels = np.ascontiguousarray(faded()[60:420, 150:450])
    found = Locator(user_depth_mm=45).locate(frame(pixels))
    assert found.spacing is not None
    assert found.spacing.y_mm_per_px == pytest.approx(0.125, rel=0.01)
    assert found.doubts == ("taken for granted: the depth ends at the frame's dark lower edge",)


@pytest.mark.parametrize("aspect", [8 / 9, 2.0, 1.25])
def test_pixels_that_are_not_square_are_stretched_under_a_stated_scale(aspect):
    square = screen(40)
    narrow = cv2.resize(square, (round(640 / aspect), 480), interpolation=cv2.INTER_AREA)
    found = Locator(PixelSpacing(0.125, 0.125, SpacingOrigin.USER)).locate(frame(narrow, pixel_aspect=aspect))
    assert found.pixels.shape == square.shape
    assert found.spacing is not None
    assert (found.spacing.x_mm_per_px, found.spacing.y_mm_per_px) == pytest.approx((0.125, 0.125))
    assert np.abs(np.subtract((found.ultrasound.x, found.ultrasound.width), (150, 300))).max() <= 3
    assert f"{aspect:.3g} times as wide as high" in found.notes[0]


def test_unequal_deltas_of_the_source_follow_a_stated_scale_and_conflict_on_both_axes():
    narrow = cv2.resize(screen(40), (320, 480), interpolation=cv2.INTER_AREA)
    dicom = PixelSpacing(0.2, 0.1, SpacingOrigin.DICOM)
    found = Locator(PixelSpacing(0.125, 0.125, SpacingOrigin.USER)).locate(
        frame(narrow, spacing=dicom, region=Region(75, 60, 150, 360))
    )
    assert found.pixels.shape == (480, 640)
    assert found.region == Region(150, 60, 300, 360)
    assert found.spacing is not None
    assert (found.spacing.x_mm_per_px, found.spacing.y_mm_per_px) == (0.125, 0.125)
    assert "DICOM says 0.1000 mm per px, you say 0.1250 mm per px: 20 % apart" in found.doubts[0]


@pytest.mark.parametrize(
    "stated", [{"user_depth_mm": 45.0}, {"user_spacing": PixelSpacing(0.1, 0.1, SpacingOrigin.USER)}]
)
def test_one_stated_scale_over_several_sizes_is_doubted(stated):
    small = cv2.resize(screen(40), (320, 240), interpolation=cv2.INTER_AREA)
    locator = Locator(**stated)
    told = [locator.locate(frame(pixels)).doubts for pixels in (screen(40), small)]
    assert [room.SEVERAL_SIZES in doubts for doubts in told] == [False, True]
    assert room.SEVERAL_SIZES in Locator(**stated).locate(frame(screen(40), sizes_differ=True)).doubts
    assert Locator().locate(frame(screen(40), sizes_differ=True)).doubts == ()


def test_why_the_source_gave_no_scale_is_the_reason_or_a_note_beside_another_scale():
    why = "the DICOM contradicts itself; state the depth"
    bare = screen(40)
    bare[:, 470:] = 0
    assert Locator().locate(frame(bare, unscaled=why)).unscaled == why
    found = Locator().locate(frame(screen(40), unscaled=why))
    assert found.spacing is not None
    assert found.unscaled == "" and found.notes[0] == why


def test_only_the_strips_around_the_picture_are_compared_and_say_the_same_as_the_whole():
    """Against the plain form: every pixel outside of the region and its margin, 40 levels, six pixels."""
    rng, changes = np.random.default_rng(8), 0
    for _ in range(60):
        pixels = rng.integers(0, 256, (120, 160), dtype=np.uint8)
        x, y = (int(v) for v in rng.integers((0, 0), (90, 70)))
        region = Region(x, y, int(rng.integers(20, 161 - x)), int(rng.integers(20, 121 - y)))
        watched = np.ones(pixels.shape, bool)
        watched[max(y - 8, 0) : y + region.height + 8, max(x - 8, 0) : x + region.width + 8] = False
        around = room._Surroundings(pixels, region)
        for _ in range(3):
            later = pixels.copy()
            at = tuple(rng.integers((0, 0), pixels.shape))
            later[at[0] : at[0] + 4, at[1] : at[1] + 4] = rng.integers(0, 256)
            moved = (np.abs(later.astype(int) - pixels) > 40) & watched
            assert around.changed(later) == (moved.sum() >= 6)
            changes += bool(moved.sum() >= 6)
            around.forget_changes(later)
            watched &= cv2.dilate(moved.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    assert 20 < changes < 160


def test_an_end_that_stays_unseen_is_looked_for_ever_more_rarely_until_it_gets_brighter(monkeypatch):
    looks, look = [], room.find_axial_extent
    monkeypatch.setattr(room, "find_axial_extent", lambda *given: looks.append(1) or look(*given))
    locator, dark = Locator(user_depth_mm=45), frame(faded())
    for _ in range(300):
        assert locator.locate(dark).spacing is None
    assert len(looks) == 5  # the first, then after 25, 50, 100 and 200 frames
    brighter, deep = dark.pixels.copy(), locator.locate(dark).region
    brighter[deep.y + deep.height // 2 : deep.y + deep.height, deep.x : deep.x + deep.width] += 30
    for _ in range(25):
        assert locator.locate(frame(brighter)).region == deep
    assert len(looks) == 6


def test_a_frame_on_a_known_screen_takes_no_plane_of_memory():
    """Location, gate and the network's input, in the steady state."""
    frames = [frame(np.ascontiguousarray(screen(40, gain))) for gain in (1.0, 0.9, 1.1)]
    locator = Locator(user_depth_mm=45)

    def pass_through(one):
        found = locator.locate(one)
        assert gate_faults(found, NO_EXCEPTIONS) == ()
        return found

    for one in frames * 3:
        fitted_tensor(pass_through(one).pixels, 256)
    tracemalloc.start()
    try:
        for one in frames * 3:
            pass_through(one)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for one in frames * 20:
            pass_through(one)
        after, peak = tracemalloc.get_traced_memory()
        assert after - before < 4_000
        assert peak - before < 64_000
        for one in frames * 20:
            fitted_tensor(pass_through(one).pixels, 256)
        assert tracemalloc.get_traced_memory()[0] - before < 8_000
    finally:
        tracemalloc.stop()
