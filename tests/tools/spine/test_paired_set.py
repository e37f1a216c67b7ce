"""Tracked sweeps with the truth of CT: a tiny folder that is laid out alike, and how it is scored."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.finding import Finding, Measurement, Verdict
from edge.frame import Frame
from edge.task.contract import Concluded, Prepared
from edge.task.gate import Gate
from edge.task.spine.levels import SEGMENTS
from tools.spine.paired_set import OUTSIDE, Bones, followed_by, main, measured, read_volunteer, scored

LEVELS = ("sacrum", "L5", "L4", "L3")
PITCH_MM, PROCESS_MM = 36.0, 20.0
"""From one spinous process to the next, and its own length along the spine; L5's begins at 0."""
MM_PER_PX = 0.5
WIDTH, HEIGHT = 40, 30
TURNED = np.array(
    [[0.0, -1.0, 0.0, 100.0], [1.0, 0.0, 0.0, -40.0], [0.0, 0.0, 1.0, 7.0], [0.0, 0.0, 0.0, 1.0]],
)
"""CT to tracker."""


def true_level(s_mm: float) -> int:
    for place in range(2, 2 * len(LEVELS), 2):
        start = (place / 2 - 1) * PITCH_MM
        if s_mm < start:
            return place - 1 if s_mm > start - (PITCH_MM - PROCESS_MM) else place - 2
        if s_mm <= start + PROCESS_MM:
            return place
    return OUTSIDE


def write_stl(path: Path, corners: np.ndarray) -> None:
    """Of (n, 3, 3) mm."""
    triangles = np.zeros(len(corners), np.dtype([("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")]))
    triangles["c"] = corners
    path.write_bytes(bytes(80) + len(corners).to_bytes(4, "little") + triangles.tobytes())


def bone(start_mm: float, end_mm: float) -> np.ndarray:
    """Triangles of a process at 20 mm and of a body at 60 mm, which reaches 6 mm further to both sides. CT: x left to
    right, y along the spine, z into the body."""
    made = []
    for low, high, depth in ((start_mm, end_mm, 20.0), (start_mm - 6, end_mm + 6, 60.0)):
        made += [
            [(-2, low, depth), (2, low, depth), (0, high, depth)],
            [(0, low, depth), (-2, high, depth), (2, high, depth)],
        ]
    return np.array(made)


def sweep(folder: Path, s_mm: list[float]) -> None:
    """Transverse pictures at these places along the spine, each 0.1 s after the one before."""
    folder.mkdir(parents=True)
    # The tracked body sits on the picture's upper middle, its axes those of CT.
    to_probe = np.diag([MM_PER_PX, 0.0, 0.0, 1.0])
    to_probe[2, 1] = MM_PER_PX
    to_probe[1, 2] = 1.0
    to_probe[0, 3] = -(WIDTH - 1) / 2 * MM_PER_PX
    np.savetxt(folder / "picture_to_probe.txt", to_probe)
    lines = []
    for k, place in enumerate(s_mm):
        cv2.imwrite(str(folder / f"{k:03}.png"), np.full((HEIGHT, WIDTH), k, np.uint8))
        pose = np.eye(4)
        pose[1, 3] = place
        numbers = ",".join(str(one) for one in (TURNED @ pose).ravel())
        lines.append(f"{k:03}.png,{3 + k / 10},{numbers}")
    (folder / "poses.csv").write_text("\n".join(reversed(lines)) + "\n")


PLACES = [float(one) for one in np.arange(-30.0, 100.0, 3.0)]


@pytest.fixture
def volunteer(tmp_path: Path) -> Path:
    folder = tmp_path / "set" / "volunteer-1"
    (folder / "vertebrae").mkdir(parents=True)
    write_stl(folder / "vertebrae/sacrum.stl", bone(-60, PROCESS_MM - PITCH_MM))
    for k, name in enumerate(LEVELS[1:]):
        write_stl(folder / f"vertebrae/{name}.stl", bone(k * PITCH_MM, k * PITCH_MM + PROCESS_MM))
    np.savetxt(folder / "ct_to_tracker.txt", TURNED)
    sweep(folder / "sweeps/down", PLACES[::-1])
    sweep(folder / "sweeps/up", PLACES)
    return folder


def test_a_sweep_is_read_with_its_travel_and_true_levels(volunteer: Path) -> None:
    _, up = read_volunteer(volunteer)
    assert up.name == "volunteer-1/up"
    assert up.travel_mm.tolist() == pytest.approx([0.0] + [3.0] * (len(PLACES) - 1))
    expected = [true_level(one) for one in PLACES]
    assert up.levels.tolist() == expected
    assert set(expected) == {OUTSIDE, *range(7)}, "all are needed to see anything"


def test_frames_carry_their_scale_and_times_from_the_sacrum_up(volunteer: Path) -> None:
    down, up = (list(each.frames()) for each in read_volunteer(volunteer))
    assert [frame.exposed_ns for frame in up] == [k * 100_000_000 for k in range(len(PLACES))]
    assert [frame.exposed_ns for frame in down] == [frame.exposed_ns for frame in up]
    assert [int(frame.pixels[0, 0]) for frame in up] == list(range(len(PLACES)))
    assert [int(frame.pixels[0, 0]) for frame in down] == list(reversed(range(len(PLACES)))), "read backwards"
    assert (up[0].spacing.x_mm_per_px, up[0].spacing.y_mm_per_px) == pytest.approx((MM_PER_PX, MM_PER_PX))
    assert [frame.sequence for frame in down] == list(range(len(PLACES)))


def test_a_level_between_two_that_do_not_neighbour_is_not_named() -> None:
    bones = Bones(np.zeros(3), np.array([0.0, 1.0, 0.0]), {0: (-np.inf, 0.0), 2: (10.0, 30.0), 6: (90.0, 110.0)})
    assert [bones.level(s_mm) for s_mm in (5.0, 20.0, 60.0, 100.0, 111.0)] == [1, 2, OUTSIDE, 6, OUTSIDE]


def test_processes_that_overlap_meet_halfway() -> None:
    bones = Bones(np.zeros(3), np.array([0.0, 1.0, 0.0]), {0: (-np.inf, 0.0), 2: (10.0, 34.0), 4: (30.0, 50.0)})
    assert [bones.level(s_mm) for s_mm in (31.0, 32.0, 33.0)] == [2, 2, 4]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("vertebrae/L5.stl", b"solid L5", "no binary STL"),
        ("ct_to_tracker.txt", b"1 0\n0 1\n", "4 x 4"),
        ("sweeps/up/poses.csv", b"000.png,0.1,1,0,0\n001.png,0.2,1,0,0\n", "16 numbers"),
    ],
)
def test_what_is_not_as_described_is_named(volunteer: Path, file: str, content: bytes, said: str) -> None:
    (volunteer / file).write_bytes(content)
    with pytest.raises(ValueError, match=said):
        read_volunteer(volunteer)


def test_bones_in_the_wrong_order_are_refused(volunteer: Path) -> None:
    low, high = (volunteer / f"vertebrae/{name}.stl" for name in ("L4", "L3"))
    swapped = low.read_bytes(), high.read_bytes()
    high.write_bytes(swapped[0])
    low.write_bytes(swapped[1])
    with pytest.raises(ValueError, match="follow each other"):
        read_volunteer(volunteer)


def saying(level: int | None, sequence: int = 0) -> Finding:
    told = () if level is None else (Measurement("level", float(level), "", level, level),)
    return Finding("spine", sequence, sequence, Verdict.MEASURED, (), told)


def test_the_command_measures_every_sweep(volunteer: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A task that is sure from L5 on, and takes L4 for L3."""

    def follow(frames: Iterable[Frame]) -> Iterator[Finding]:
        for frame in frames:
            level = true_level(PLACES[frame.sequence])
            yield saying(None if level < 2 else 6 if level == SEGMENTS.index("L4") else level)

    main([str(volunteer.parent)], follow)
    _, _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split("|")[1].strip() for row in rows] == ["volunteer-1/down", "volunteer-1/up"]
    assert [row.split("|")[2:8] for row in rows] == [[f" {n} " for n in (7, 4, 2, 1, 0, len(PLACES) - 3)]] * 2
    ((_, score), _) = measured(volunteer.parent, follow)
    assert (score.frames_right, score.frames_unsure) == (
        sum(true_level(one) in (2, 3, 5, 6) for one in PLACES),
        sum(true_level(one) in (0, 1) for one in PLACES),
    )


def test_what_a_task_remembers_is_handed_on() -> None:
    class Counting:
        def prepare(self, frame: Frame) -> Prepared[int]:
            return Prepared(frame, None, frame.sequence)

        def conclude(self, prepared: Prepared[int], outputs: tuple, memory: int | None) -> Concluded[int]:
            count = (memory or 0) + 1
            return Concluded(saying(count), count)

    frames = [Frame(np.full((64, 64), 90, np.uint8), k, k, "fake") for k in range(3)]
    told = [finding.measurement("level").value for finding in followed_by(Counting(), Gate(), None)(frames)]
    assert told == [1, 2, 3]


@given(st.lists(st.tuples(st.integers(-1, 12), st.none() | st.integers(0, 12)), max_size=40))
def test_every_level_passed_is_right_unsure_too_high_or_too_low(pairs: list[tuple[int, int | None]]) -> None:
    score = scored([level for level, _ in pairs], [said for _, said in pairs])
    assert score.levels == score.right + score.unsure + score.too_high + score.too_low
    assert score.frames == sum(level != OUTSIDE for level, _ in pairs)
    assert score.frames_right + score.frames_unsure <= score.frames


def test_too_high_is_a_name_above_the_truth() -> None:
    score = scored([2, 2, 3, 4, 4, 4], [3, 3, None, 3, 4, 3])
    assert (score.too_high, score.too_low, score.unsure, score.right) == (1, 1, 1, 0)
