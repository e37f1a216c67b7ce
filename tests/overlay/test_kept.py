"""What one picture leaves to the next: it must never show, and a picture that somebody holds must never change."""

import gc
import queue
import threading
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from edge.finding import FieldMark, Measurement, Verdict
from edge.frame import PixelSpacing, ProbeState, SpacingOrigin
from edge.overlay.buffers import Pictures
from edge.overlay.draw import draw
from edge.overlay.sheet import OverlayMemory
from edge.task.cartilage.spec import SPEC as CARTILAGE
from edge.task.muscle.spec import SPEC as MUSCLE
from tests.overlay import test_golden, test_strip_chart
from tests.overlay.test_field import marks as field_marks


def cartilage_scan():
    """Numbers, reasons, verdicts, ages, the probe's state and the scale change, each on its own and together."""
    frame, finding = test_golden.build(test_golden.SCENES["measured"])
    for number in range(14):
        wide = 3 * (number % 5)
        measured = tuple(
            replace(one, value=one.value + wide, low=one.low + wide * (index % 2))
            for index, one in enumerate(finding.measurements[: 5 - number % 2])
        )
        verdict = (Verdict.MEASURED, Verdict.LIMITED, Verdict.REFUSED)[(number // 3) % 3]
        reasons = test_golden.REFUSED_REASONS[: number % 3] if verdict is not Verdict.MEASURED else ()
        spacing = PixelSpacing(0.06 + 0.01 * (number // 4), 0.06, SpacingOrigin.DEPTH)
        shown = replace(
            frame,
            sequence=number,
            exposed_ns=40_000_000 * number,
            spacing=spacing,
            probe=replace(frame.probe, temperature_c=30 + number // 2, frozen=number == 9),
        )
        behind = 1 if number % 6 == 5 else 0
        yield (
            shown,
            replace(
                finding,
                sequence=number - behind,
                exposed_ns=shown.exposed_ns,
                verdict=verdict,
                reasons=reasons,
                measurements=measured,
                spacing=spacing,
            ),
            0.03 * number,
        )


def muscle_scan():
    """Courses that grow, are lost and come back, over a field whose directions turn."""
    for number in range(6):
        missing = (200, 250) if number == 4 else (0, 0)
        scene = test_strip_chart.Scene(frames=240 + number, missing=missing, predicted=(243, 246 + number // 3))
        frame, finding = test_strip_chart.build(scene)
        x, y = np.meshgrid(np.arange(640) / 640, np.arange(480) / 480)
        drawn = field_marks(640, 480, -30 + 15 * x + 3 * number, y > 0.18, (Measurement("any", 1, "mm", 0, 2),))
        yield frame, replace(finding, marks=(*drawn, *finding.marks), spacing=frame.spacing), 0.03 * number


@pytest.mark.parametrize(("scan", "spec"), [(cartilage_scan, CARTILAGE), (muscle_scan, MUSCLE)])
def test_what_is_kept_never_shows(scan, spec):
    """Each picture is as if all but the places of its texts had been made anew."""
    kept, anew = OverlayMemory(), OverlayMemory()
    for number, (frame, finding, age_s) in enumerate(scan()):
        anew = OverlayMemory(places=anew.places)
        picture = draw(frame, finding, spec.terms, age_s=age_s, memory=kept)
        assert np.array_equal(picture, draw(frame, finding, spec.terms, age_s=age_s, memory=anew)), number


def test_in_the_steady_state_no_plane_is_allocated():
    """A plane of this frame has 300 KB, a picture 900."""
    frame, finding, age_s = list(muscle_scan())[1]
    memory = OverlayMemory()
    for _ in range(3):
        draw(frame, finding, MUSCLE.terms, age_s=age_s, memory=memory)
    gc.collect()
    tracemalloc.start()
    try:
        draw(frame, finding, MUSCLE.terms, age_s=age_s, memory=memory)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        draw(frame, finding, MUSCLE.terms, age_s=age_s, memory=memory)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert any(isinstance(mark, FieldMark) for mark in finding.marks)
    assert peak - before < 150_000
    assert abs(after - before) < 20_000


def test_a_picture_is_used_again_only_when_nobody_refers_to_any_part_of_it():
    pictures = Pictures()
    first = pictures.new(20, 30)
    place, part, flat = first.ctypes.data, first[3:5, 2:9, 1], memoryview(first)
    first[:] = 7
    del first
    assert pictures.new(20, 30).ctypes.data != place
    flat.release()
    assert pictures.new(20, 30).ctypes.data != place
    assert (part == 7).all()
    del part, flat
    gc.collect()
    assert pictures.new(20, 30).ctypes.data == place
    assert pictures.new(20, 31).shape == (20, 31, 3), "memory of another size is left"


def test_pictures_may_be_given_back_by_any_thread():
    pictures, held, wrong = Pictures(), queue.SimpleQueue(), []

    def look_at_each():
        while (one := held.get()) is not None:
            picture, value = one
            if not (picture == value).all():
                wrong.append(value)

    threads = [threading.Thread(target=look_at_each) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(300):
        picture = pictures.new(40, 50)
        picture[:] = number % 251
        held.put((picture, number % 251))
    for _ in threads:
        held.put(None)
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_frame_of_another_size_finds_nothing_of_the_one_before():
    memory = OverlayMemory()
    for name in ("measured", "small", "measured", "screen"):
        frame, finding = test_golden.build(test_golden.SCENES[name])
        picture = draw(frame, finding, CARTILAGE.terms, memory=memory)
        assert np.array_equal(picture, draw(frame, finding, CARTILAGE.terms)), name


def test_the_state_of_the_probe_is_as_it_is_now():
    frame, _ = test_golden.build(test_golden.SCENES["measured"])
    memory = OverlayMemory()
    seen = [
        draw(replace(frame, probe=ProbeState(depth_mm=depth)), None, CARTILAGE.terms, memory=memory).tobytes()
        for depth in (30, 35, 30)
    ]
    assert seen[0] == seen[2] != seen[1]
