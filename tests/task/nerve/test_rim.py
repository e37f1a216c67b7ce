"""The way around the rim against the plain one, and rims that are carried along with the nerve."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.image.rings import polygon_area
from edge.task.contract import Given
from edge.task.nerve import task as nerve_task
from edge.task.nerve.rim import OPEN_RAYS, RAYS, RIM_STEPS, best_ring, inside_rim
from edge.task.nerve.spec import NerveOptions
from edge.task.nerve.task import NerveTask
from tests.task.looking import looks
from tests.task.nerve.drawn_nerve import HEIGHT, NERVE, WIDTH, Ellipse, faultless_output, frame_of_nerve


def plain_way(cost: np.ndarray) -> list[int]:
    """The cheapest way from the first row to the last that moves by at most one step per row."""
    total, came = cost[0], []
    for row in cost[1:]:
        walled = np.pad(total, 1, constant_values=np.inf)
        options = np.stack((walled[:-2], walled[1:-1], walled[2:]))
        came.append(options.argmin(axis=0) + np.arange(len(total)) - 1)
        total = options.min(axis=0) + row
    way = [int(total.argmin())]
    for before in came[::-1]:
        way.append(int(before[way[-1]]))
    return way[::-1]


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.2]))
def test_the_way_around_is_the_plain_one(seed: int, prior: float) -> None:
    """From where an open one crosses the first ray, around to there."""
    cost = np.random.default_rng(seed).normal(0, 1, (RAYS, RIM_STEPS)) + prior * (np.arange(RIM_STEPS) - 12) ** 2
    start = plain_way(np.concatenate((cost[-OPEN_RAYS:], cost[: OPEN_RAYS + 1])))[OPEN_RAYS]
    held = np.where(np.arange(RIM_STEPS) == start, cost[:1], np.inf)
    expected = plain_way(np.concatenate((held, cost[1:], held)))[:-1]
    assert best_ring(cost).tolist() == expected


def test_a_rim_is_carried_to_where_the_nerve_went() -> None:
    frame = frame_of_nerve()
    nerve = ring(NERVE)
    rim = inside_rim(frame.pixels, nerve)
    moved = 1.1 * (np.roll(nerve, 70, axis=0) - (180, 190)) + (200, 170)
    carried = rim.carried(moved)
    assert polygon_area(carried.edge) == pytest.approx(1.21 * polygon_area(rim.edge), rel=2e-3)
    assert carried.edge.mean(axis=0) == pytest.approx(1.1 * (rim.edge.mean(axis=0) - (180, 190)) + (200, 170), abs=0.3)
    speck = ring(Ellipse(180, 190, 2, 2))
    assert inside_rim(frame.pixels, speck).carried(speck).edge is speck


def ring(ellipse: Ellipse) -> np.ndarray:
    angle, turn = np.linspace(0, 2 * np.pi, 200, endpoint=False), np.radians(ellipse.turn_deg)
    x, y = ellipse.a * np.cos(angle), ellipse.b * np.sin(angle)
    places = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    return np.stack(places, axis=1) + np.array([ellipse.x, ellipse.y])


def traced(monkeypatch, rim_every, shapes, pictures=None):
    """In which frames the rim was traced, and the findings."""
    frames = [frame_of_nerve((shape,), sequence=3 + k, seed=k) for k, shape in enumerate(shapes)]
    for index, pixels in (pictures or {}).items():
        frames[index] = replace(frames[index], pixels=pixels)
    of_frame = {id(frame.pixels.base): k for k, frame in enumerate(frames)}
    told: list[int] = []

    def tracing(pixels, points):
        told.append(of_frame[id(pixels.base)])
        return inside_rim(pixels, points)

    monkeypatch.setattr(nerve_task, "inside_rim", tracing)
    outputs = {shape: (faultless_output((shape,)),) for shape in set(shapes)}
    task = NerveTask(Given(NerveOptions(rim_every=rim_every)))
    return told, [one.finding for one in looks(task, frames, [outputs[shape] for shape in shapes])]


def test_the_rim_is_traced_in_each_frame_unless_asked_otherwise(monkeypatch) -> None:
    assert NerveOptions().rim_every == 1
    told, findings = traced(monkeypatch, 1, [NERVE] * 5)
    assert told == [0, 1, 2, 3, 4]
    told, carried = traced(monkeypatch, 3, [NERVE] * 9)
    # Three say whether the nerve is steady; then one of three.
    assert told == [0, 1, 2, 5, 8]
    areas = [[one.measurement("cross_sectional_area").value for one in of[:5]] for of in (findings, carried)]
    assert areas[1] == pytest.approx(areas[0], rel=0.03)
    assert [one.verdict for one in carried[:5]] == [one.verdict for one in findings]


def test_the_rim_is_traced_at_once_where_the_outline_or_the_picture_jumps_or_the_area_is_unsteady(monkeypatch) -> None:
    grown, beside = replace(NERVE, a=66, b=38), replace(NERVE, x=200, y=200)
    assert traced(monkeypatch, 5, [NERVE] * 4 + [grown, grown])[0] == [0, 1, 2, 4, 5]
    assert traced(monkeypatch, 5, [NERVE] * 4 + [beside, beside])[0] == [0, 1, 2, 4]
    elsewhere = frame_of_nerve((Ellipse(300, 90, 30, 20),), (), seed=9).pixels[::-1].copy()
    assert elsewhere.shape == (HEIGHT, WIDTH)
    assert 4 in traced(monkeypatch, 5, [NERVE] * 5, {4: elsewhere})[0]
    wide = replace(NERVE, a=70, b=40)
    assert traced(monkeypatch, 5, [NERVE, wide, NERVE, wide, NERVE])[0] == [0, 1, 2, 3, 4]
