import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from edge.clock import ManualClock
from edge.errors import SinkError, SourceLostError
from edge.finding import Verdict
from edge.frame import PixelSpacing, ProbeState, Region, SpacingOrigin
from edge.loop.runner import Loop
from edge.loop.step import Step
from edge.runtime.fake import FakeRuntime
from edge.sink.fake import FakeSink
from edge.sink.queueing import QueuedSink
from edge.source.fake import FakeSource, fake_frame
from edge.task.contract import Concluded, Prepared
from edge.task.fake import SPEC, FakeTask
from edge.task.gate import NO_EXCEPTIONS


def draw_grey(frame, finding, age_s):
    return np.repeat(frame.pixels[..., None], 3, axis=2)


def make_step(clock=None, draw=draw_grey, locate=lambda frame: frame):
    return Step(locate, SPEC.gate, SPEC.terms, FakeTask(), FakeRuntime(), draw, clock or ManualClock())


@pytest.fixture(params=[False, True], ids=["in turn", "ahead"])
def ahead(request):
    """Whether the network looks at the next frame meanwhile; what comes out is the same."""
    return request.param


def make_loop(source, *sinks, step=None, lossless=True, **options):
    step = step or make_step()
    queued = {f"sink {n}": QueuedSink(sink, 8, lossless) for n, sink in enumerate(sinks)}
    return Loop(source, step, queued, step.clock, stall_timeout_s=0.5, **options)


def test_every_frame_of_a_recording_reaches_every_sink_with_its_own_finding(ahead):
    sinks = FakeSink(), FakeSink()
    with make_loop(FakeSource(map(fake_frame, range(100))), *sinks, ahead=ahead) as loop:
        seen = [result.finding.sequence for result in loop]
    assert seen == list(range(100))
    for sink in sinks:
        assert [frame.sequence for frame in sink.frames] == seen
        assert [finding.sequence for finding in sink.findings] == seen
        assert all(
            (picture[..., 0] == f.pixels).all() for f, picture in zip(sink.frames, sink.pictures_bgr, strict=True)
        )
        assert sink.closed
    counted = loop.statistics()
    assert (counted.grabbed, counted.processed, counted.lost) == (100, 100, 0)
    assert counted.verdicts == (("measured", 100),)


def test_a_live_source_is_never_held_up_and_what_is_lost_is_counted():
    busy, shown = threading.Event(), threading.Event()

    def frames() -> Iterator:
        yield fake_frame(0)
        assert busy.wait(5)
        yield from (fake_frame(number) for number in range(1, 50))
        shown.set()

    def slow_draw(frame, finding, age_s):
        busy.set()
        assert shown.wait(5)
        return draw_grey(frame, finding, age_s)

    with make_loop(FakeSource(frames(), live=True), step=make_step(draw=slow_draw)) as loop:
        seen = [result.frame.sequence for result in loop]
    assert seen == [0, 49]
    drops = {drop.place: drop.frames for drop in loop.statistics().dropped}
    assert drops == {"source": 0, "mailbox": 48}
    assert loop.statistics().grabbed == 50


def test_gaps_in_the_sequence_are_frames_that_the_source_lost(ahead):
    with make_loop(FakeSource(map(fake_frame, (0, 1, 5, 6, 8))), ahead=ahead) as loop:
        assert len(list(loop)) == 5
    assert {drop.place: drop.frames for drop in loop.statistics().dropped}["source"] == 4


def test_an_unplugged_camera_ends_the_run_with_all_files_finished(ahead):
    sink = FakeSink()
    source = FakeSource(map(fake_frame, range(3)), error=SourceLostError("the camera is gone"))
    with pytest.raises(SourceLostError), make_loop(source, sink, ahead=ahead) as loop:
        list(loop)
    assert [frame.sequence for frame in sink.frames] == [0, 1, 2]
    assert sink.closed


class Unplugged(FakeSource):
    """Live; after `frames` it is gone for `away` reads, then goes on with `rest`."""

    def __init__(self, frames, away, rest):
        super().__init__(frames, live=True)
        self._away, self._rest = away, iter(rest)

    def read(self, timeout_s):
        frame = super().read(timeout_s)
        if frame is None and self._away > 0:
            self._away -= 1
            raise SourceLostError("the camera was unplugged")
        return frame or next(self._rest, None)


def test_a_probe_that_is_plugged_in_again_goes_on_and_the_user_is_told(ahead):
    told = []
    source = Unplugged([fake_frame(0)], 12, [fake_frame(9)])
    with make_loop(source, tell=told.append, ahead=ahead) as loop:
        numbers = [result.frame.sequence for result in loop]
    assert numbers[-1] == 9
    assert len(told) == 2
    assert "unplugged" in told[0] and "again after 3.0 s" in told[1]


def test_a_probe_that_stays_away_ends_the_run(ahead):
    sink = FakeSink()
    source = Unplugged([fake_frame(0)], 10**6, [])
    with pytest.raises(SourceLostError), make_loop(source, sink, ahead=ahead) as loop:
        list(loop)
    assert sink.closed and len(sink.frames) == 1


def test_a_failing_sink_ends_the_run_and_the_others_keep_what_came_before(ahead):
    good, bad = FakeSink(), FakeSink(fails_at=5)
    with (
        pytest.raises(SinkError, match="told to fail"),
        make_loop(FakeSource(map(fake_frame, range(1000))), good, bad, ahead=ahead) as loop,
    ):
        list(loop)
    assert good.closed and bad.closed
    assert len(bad.frames) == 5
    assert 5 <= len(good.frames) == loop.statistics().processed < 1000
    assert [finding.sequence for finding in good.findings] == list(range(len(good.findings)))


def test_a_sink_that_fails_on_the_last_frame_is_still_reported():
    with pytest.raises(SinkError), make_loop(FakeSource([fake_frame(0)]), FakeSink(fails_at=0)) as loop:
        list(loop)


def test_stop_ends_an_endless_source(ahead):
    sink = FakeSink()
    endless = (fake_frame(number) for number in iter(int, 1))
    with make_loop(FakeSource(endless), sink, ahead=ahead) as loop:
        for count, _ in enumerate(loop, 1):
            if count == 7:
                loop.stop()
    assert len(sink.frames) == 7 and sink.closed


def test_stop_ends_a_source_that_gives_nothing(ahead):
    release = threading.Event()

    def silent() -> Iterator:
        release.wait(20)
        yield from ()

    loop = make_loop(FakeSource(silent(), live=True), ahead=ahead)
    threading.Timer(0.05, loop.stop).start()
    assert list(loop) == []
    release.set()
    loop.close()


def test_max_frames(ahead):
    with make_loop(FakeSource(map(fake_frame, range(100))), max_frames=4, ahead=ahead) as loop:
        assert len(list(loop)) == 4


def test_a_finding_says_which_model_ran_how_long_it_took_and_how_old_it_is(ahead):
    clock = ManualClock()

    def taking(seconds, answer):
        def act(*given):
            clock.advance(seconds)
            return answer(*given)

        return act

    step = make_step(clock, draw=taking(0.004, draw_grey), locate=taking(0.003, lambda frame: frame))
    step.runtime.infer = taking(0.010, step.runtime.infer)
    with make_loop(FakeSource([fake_frame(0)]), step=step, ahead=ahead) as loop:
        (result,) = loop
    timings = result.finding.timings
    assert (timings.grab_ms, timings.prepare_ms, timings.infer_ms) == pytest.approx((0, 3, 10))
    assert (timings.conclude_ms, timings.overlay_ms) == pytest.approx((0, 4))
    assert result.age_ms == pytest.approx(17)
    assert result.finding.model_digest == "0" * 64
    assert result.finding.runtime == "fake float, 1 thread"
    counted = loop.statistics()
    assert counted.age_at_display.median_ms == pytest.approx(17)
    assert [stage.name for stage in counted.stages] == ["grab", "prepare", "infer", "conclude", "overlay"]


def test_the_age_of_a_live_frame_counts_from_its_exposure():
    clock = ManualClock(ns=500_000_000)
    with make_loop(FakeSource([fake_frame(10)], live=True), step=make_step(clock)) as loop:
        (result,) = loop
    assert result.age_ms == pytest.approx(100)


def test_a_task_is_given_what_it_remembered_of_the_frame_before(ahead):
    memories = []

    class Remembering(FakeTask):
        def conclude(self, prepared, outputs, memory):
            memories.append(memory)
            seen = prepared.frame.sequence
            return Concluded(super().conclude(prepared, outputs, None).finding, (memory or ()) + (seen,))

    step = Step(lambda frame: frame, SPEC.gate, SPEC.terms, Remembering(), FakeRuntime(), draw_grey, ManualClock())
    with make_loop(FakeSource(map(fake_frame, range(4))), step=step, ahead=ahead) as loop:
        list(loop)
    assert memories == [None, (0,), (0, 1), (0, 1, 2)]


def test_a_frozen_picture_is_measured_once_and_shown_on_with_its_true_age(ahead):
    """For a minute; only what shows it is given it again, and what is remembered stays."""
    clock, drawn, ages_s, memories = ManualClock(ns=100_000_000), threading.Semaphore(0), [], []

    def draw(frame, finding, age_s):
        ages_s.append(age_s)
        drawn.release()
        return draw_grey(frame, finding, age_s)

    class Remembering(FakeTask):
        def conclude(self, prepared, outputs, memory):
            memories.append(memory)
            return Concluded(super().conclude(prepared, outputs, None).finding, prepared.frame.sequence)

    def frames() -> Iterator:
        for second in (None, *range(61), None):
            if second is None:
                yield fake_frame(2 if ages_s else 0)
            else:
                state = ProbeState(frozen=True, battery_percent=80 - second)
                yield replace(fake_frame(1), probe=state)
                clock.advance(1.0)
            assert drawn.acquire(timeout=5)

    kept, shown = FakeSink(), FakeSink()
    step = Step(lambda frame: frame, SPEC.gate, SPEC.terms, Remembering(), FakeRuntime(), draw, clock)
    views = {"page": QueuedSink(shown, 8, lossless=True)}
    with make_loop(FakeSource(frames(), live=True), kept, step=step, views=views, ahead=ahead) as loop:
        findings = [result.finding for result in loop]
    assert [finding.sequence for finding in findings] == [frame.sequence for frame in kept.frames] == [0, 1, 2]
    assert memories == [None, 0, 1]
    assert [frame.sequence for frame in shown.frames] == [0, *[1] * 61, 2]
    assert all(finding is shown.findings[1] for finding in shown.findings[1:62])
    assert [frame.probe.battery_percent for frame in shown.frames[1:62]] == list(range(80, 19, -1))
    assert ages_s[2:62] == pytest.approx([age + ages_s[1] for age in range(1, 61)])
    counted = loop.statistics()
    assert (counted.grabbed, counted.processed, counted.lost) == (3, 3, 0)
    assert {drop.place for drop in counted.dropped} == {"source", "mailbox", "sink 0", "page"}


def test_what_the_gate_refuses_is_neither_prepared_nor_inferred():
    class Unasked(FakeTask):
        def prepare(self, frame):
            raise AssertionError("prepared")

    runtime = FakeRuntime()
    step = Step(lambda frame: frame, NO_EXCEPTIONS, SPEC.terms, Unasked(), runtime, draw_grey, ManualClock())
    with make_loop(FakeSource([fake_frame(0, np.zeros((80, 80), np.uint8))]), step=step) as loop:
        (result,) = loop
    assert result.finding.verdict is Verdict.REFUSED
    assert result.finding.reasons == ("the picture is dark: no skin contact, or transmit is off",)


def test_what_equals_the_last_is_not_prepared_again_but_the_gate_is_asked():
    class Counting(FakeTask):
        prepared = 0

        def prepare(self, frame):
            self.prepared += 1
            return super().prepare(frame)

    task, spacing = Counting(), PixelSpacing(0.5, 0.5, SpacingOrigin.USER)
    shown = fake_frame(0)
    other = shown.pixels.copy()
    other[1, 1] ^= 1
    off = ProbeState(transmitting=False, transmit_off_reason="heartbeat lost")
    frames = [
        shown,
        replace(shown, sequence=1, exposed_ns=1),
        replace(shown, sequence=2, probe=off),
        replace(shown, sequence=3),
        replace(shown, sequence=4, pixels=other),
        replace(shown, sequence=5, pixels=other, spacing=spacing),
        replace(shown, sequence=6, pixels=other, spacing=spacing, region=Region(1, 1, 30, 40)),
        replace(shown, sequence=7, pixels=other, spacing=spacing, region=Region(1, 1, 30, 40)),
    ]
    step = Step(lambda frame: frame, SPEC.gate, SPEC.terms, task, FakeRuntime(), draw_grey, ManualClock())
    with make_loop(FakeSource(frames), step=step) as loop:
        findings = [result.finding for result in loop]
    assert [finding.sequence for finding in findings] == list(range(8))
    assert [finding.verdict is Verdict.REFUSED for finding in findings] == [number == 2 for number in range(8)]
    assert task.prepared == 4


def test_a_task_without_a_network_is_given_no_outputs():
    class Looking(FakeTask):
        def prepare(self, frame):
            return Prepared(frame)

        def conclude(self, prepared, outputs, memory):
            assert outputs == ()
            return super().conclude(prepared, (np.ones((1, 1, 2, 2), np.float32),), memory)

    step = Step(lambda frame: frame, SPEC.gate, SPEC.terms, Looking(), None, draw_grey, ManualClock())
    with make_loop(FakeSource([fake_frame(0)]), step=step) as loop:
        (result,) = loop
    assert (result.finding.runtime, result.finding.model_digest) == ("no network", None)


def test_refusals_are_counted_as_such(ahead):
    black = np.zeros((48, 64), np.uint8)
    frames = [fake_frame(0), fake_frame(1, black), fake_frame(2, black)]
    with make_loop(FakeSource(frames), ahead=ahead) as loop:
        verdicts = [result.finding.verdict for result in loop]
    assert verdicts == [Verdict.MEASURED, Verdict.REFUSED, Verdict.REFUSED]
    assert dict(loop.statistics().verdicts) == {"refused": 2, "measured": 1}


def test_the_network_looks_at_the_newest_frame_while_the_last_is_drawn_and_at_no_other():
    """Neither half waits for the other's work, and nothing queues: one frame is looked at ahead."""
    inferred, drawing, told = [], threading.Event(), threading.Event()

    class Telling(FakeRuntime):
        def infer(self, tensor):
            inferred.append(tensor)
            if len(inferred) == 2:
                told.set()
            return super().infer(tensor)

    def frames() -> Iterator:
        yield fake_frame(0)
        assert drawing.wait(5)
        yield fake_frame(1)
        assert told.wait(5)
        yield from (fake_frame(number) for number in range(2, 30))
        drawn.set()

    def draw(frame, finding, age_s):
        drawing.set()
        assert drawn.wait(5)
        return draw_grey(frame, finding, age_s)

    drawn = threading.Event()
    step = Step(lambda frame: frame, SPEC.gate, SPEC.terms, FakeTask(), Telling(), draw, ManualClock())
    with make_loop(FakeSource(frames(), live=True), step=step, ahead=True) as loop:
        seen = [result.frame.sequence for result in loop]
    assert seen == [0, 1, 29]
    assert len(inferred) == 3


def test_what_goes_wrong_while_looking_ahead_ends_the_run_after_what_came_before():
    sink = FakeSink()

    def locate(frame):
        if frame.sequence == 3:
            raise SourceLostError("no such picture")
        return frame

    step = make_step(locate=locate)
    with (
        pytest.raises(SourceLostError, match="no such picture"),
        make_loop(FakeSource(map(fake_frame, range(9))), sink, step=step, ahead=True) as loop,
    ):
        list(loop)
    assert [frame.sequence for frame in sink.frames] == [0, 1, 2]
