"""The way between frames: across the plane by speckle, along it by the picture's shift; turns, by the sensor too."""

import numpy as np
import pytest

from edge.frame import Motion
from edge.task.spine.following import Track, change_of_speed, followed, tile_of, unseen
from edge.task.spine.phantom import SpineCine
from edge.task.spine.phantom_path import RATE_HZ, Path, felt
from edge.task.spine.planes import Window
from edge.task.spine.spec import PARAMEDIAN, SpinePhantomOptions

FPS = 25.0


def path_of(places: np.ndarray) -> Path:
    """A hand that is there at each frame."""
    times = np.arange(int(len(places) / FPS * RATE_HZ)) / RATE_HZ
    s = np.interp(times, np.arange(len(places)) / FPS, places)
    return Path(s, np.zeros_like(s), np.zeros_like(s), np.ones_like(s))


def led(places: np.ndarray, view: str = "transverse", head: str = "left") -> tuple[list[Track], list]:
    cine = SpineCine(5, SpinePhantomOptions(view=view, head=head), rows=240)
    cine.path = path_of(places)
    track, tracks, ways = None, [], []
    for n in range(len(places)):
        taken = cine.picture(n / FPS)
        window = Window.of(taken.pixels.shape, (taken.mm_per_px,) * 2, 0.0)
        square = window.tensor(taken.pixels)[0, 0]
        sign = 0 if view == "transverse" else cine.head
        track, way = followed(track, tile_of(square, along=sign != 0), round(n / FPS * 1e9), 1 / FPS, head=sign)
        tracks.append(track)
        ways.append(way)
    return tracks, ways


def there_and_back(step: float, out: int, rest: int) -> np.ndarray:
    way = np.concatenate([np.full(out, step), np.linspace(step, 0, 6), np.zeros(rest), -np.linspace(0, step, 6)])
    return 45 + np.cumsum(np.concatenate([way, np.full(out, -step)]))


def test_a_way_across_the_plane_is_as_long_as_the_hand_went() -> None:
    tracks, ways = led(40 + 0.55 * np.arange(60))
    assert tracks[-1].at_mm == pytest.approx(0.55 * 59, rel=0.15)
    assert sum(way.mm for way in ways) == pytest.approx(0.55 * 59, rel=0.15)


@pytest.mark.parametrize("rest", [0, 15])
def test_a_hand_that_turns_back_is_seen_to(rest: int) -> None:
    tracks, ways = led(there_and_back(0.6, 25, rest))
    assert tracks[20].way == 1 and tracks[-1].way == -1
    assert abs(tracks[-1].at_mm) < 4
    assert sum(way.onward < 0.5 for way in ways) == 1


def test_a_hand_that_stops_and_goes_on_is_not_taken_for_one_that_turned() -> None:
    steps = np.concatenate(
        [np.full(25, 0.6), np.linspace(0.6, 0, 6), np.zeros(15), np.linspace(0, 0.6, 6), np.full(25, 0.6)]
    )
    tracks, ways = led(45 + np.cumsum(steps))
    assert all(track.way == 1 for track in tracks)
    assert all(way.onward >= 0.5 for way in ways)


def test_a_resting_probe_goes_nowhere() -> None:
    _, ways = led(np.full(40, 50.0))
    assert sum(way.mm for way in ways) < 1.0


@pytest.mark.parametrize("head", ["left", "right"])
def test_along_the_plane_way_and_direction_are_the_pictures(head: str) -> None:
    tracks, ways = led(there_and_back(0.7, 20, 3), PARAMEDIAN, head)
    moved = [way for way in ways if way.mm > 0.3]
    assert tracks[-1].at_mm == pytest.approx(-0.7, abs=0.4)
    assert max(track.at_mm for track in tracks) == pytest.approx(0.7 * 19 + 2.1, rel=0.04)
    assert all(way.up > 0.9 for way in moved[:15]) and all(way.up < 0.1 for way in moved[-15:])


def test_where_nothing_is_seen_the_way_is_guessed_and_said_to_be() -> None:
    track, way = unseen(led(40 + 0.5 * np.arange(5))[0][-1], 0.2)
    assert way.sd_mm == pytest.approx(way.mm) and track.unseen_s == pytest.approx(0.2)
    assert unseen(None, 0.1)[1].mm == 0


@pytest.mark.parametrize(("after", "factor"), [(1.0, 0.0), (-1.0, -2.0)])
def test_the_sensor_tells_a_turn_from_a_rest_though_the_probe_tilts(after: float, factor: float) -> None:
    speed = 16.0
    pace = np.concatenate(
        [np.full(150, speed), np.linspace(speed, 0, 20), np.zeros(20), np.linspace(0, after * speed, 20)]
    )
    s = np.cumsum(np.concatenate([pace, np.full(50, after * speed)])) / RATE_HZ
    path = Path(s, np.zeros_like(s), 3 * np.sin(np.arange(s.size) / 90), np.ones_like(s))
    errors = []
    for seed in range(20):
        samples = [(round(n / 50 * 1e9), felt(path, n / 50, seed, along=False)) for n in range(1, 109)]
        change = change_of_speed(Motion.of(samples), round(1.5e9), round(2.15e9))
        errors.append(change - factor * speed)
    assert np.median(np.abs(errors)) < 13


def test_too_few_samples_tell_nothing() -> None:
    motion = Motion.of([(n * 20_000_000, (0, 0, 1, 0, 0, 0)) for n in range(8)])
    assert change_of_speed(motion, 100_000_000, 140_000_000) is None
