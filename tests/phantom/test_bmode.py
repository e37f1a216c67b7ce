"""The picture's physics against what theory says of it."""

from dataclasses import replace

import numpy as np
import pytest

from edge.phantom.bmode import compress, envelope, leading_edge_mm, receiver_noise
from edge.phantom.records import Echoes, Imaging, Interface
from edge.phantom.speckle import white_field

SHAPE = (400, 300)
QUIET = Imaging(noise_db=-200.0, smoothing=0.0)
MM_PER_BEAM = 0.1


def amplitude_of(level: float = 1.0, imaging: Imaging = QUIET, interfaces: tuple[Interface, ...] = (), seed: int = 0):
    rng = np.random.default_rng(seed)
    tissue = Echoes(np.full(SHAPE, level, np.float32), interfaces)
    return envelope(tissue, white_field(rng, SHAPE), white_field(rng, SHAPE), imaging, MM_PER_BEAM)


def test_full_speckle_is_rayleigh_distributed() -> None:
    # Mean over standard deviation of a Rayleigh variable is 1.91 (Wagner 1983), whatever the tissue's brightness.
    for level in (0.1, 1.0, 5.0):
        middle = amplitude_of(level)[180:220]
        assert middle.mean() / middle.std() == pytest.approx(1.91, abs=0.12)


def test_speckle_fits_the_rayleigh_law_quantile_by_quantile() -> None:
    # Every fourth sample in depth and every sixth beam, so that the samples are nearly independent.
    sample = np.sort(amplitude_of()[180:240:4, ::6].ravel())
    scale = np.sqrt(np.mean(sample**2) / 2)
    law = 1 - np.exp(-(sample**2) / (2 * scale**2))
    steps = (np.arange(sample.size) + 0.5) / sample.size
    assert np.abs(law - steps).max() < 1.63 / np.sqrt(sample.size)  # Kolmogorov and Smirnov, 1 %


def test_speckle_grows_wider_away_from_the_focus() -> None:
    imaging = replace(QUIET, focus_mm=8.0, depth_mm=40.0)
    picture = amplitude_of(imaging=imaging)

    def likeness(rows: slice) -> float:
        part = picture[rows] - picture[rows].mean()
        return float((part[:, 3:] * part[:, :-3]).mean() / (part**2).mean())

    assert likeness(slice(340, 400)) > likeness(slice(60, 100)) + 0.1


def test_higher_frequency_reaches_less_deep() -> None:
    noisy = replace(QUIET, depth_mm=60.0, noise_db=-60.0)
    deep = slice(340, 400)

    def signal_to_noise(frequency_mhz: float) -> float:
        imaging = replace(noisy, frequency_mhz=frequency_mhz)
        return float(amplitude_of(1.0, imaging)[deep].mean() / amplitude_of(0.0, imaging)[deep].mean())

    assert signal_to_noise(5.0) > 3 * signal_to_noise(15.0)


def test_gain_moves_grey_by_its_decibels() -> None:
    imaging = replace(QUIET, dynamic_range_db=60.0)
    grey = [compress(amplitude_of(0.3, replace(imaging, gain_db=gain)), imaging) for gain in (0.0, 6.0)]
    step = np.median(grey[1].astype(float) - grey[0])
    assert step == pytest.approx(255 * 6 / 60, abs=1)


def test_an_interface_begins_at_its_depth() -> None:
    depth = np.full(SHAPE[1], 12.0, np.float32)
    line = amplitude_of(0.0, interfaces=(Interface(depth, np.full_like(depth, 10.0)),)).mean(axis=1)
    mm_per_row = QUIET.depth_mm / SHAPE[0]
    peak_mm = (int(line.argmax()) + 0.5) * mm_per_row
    assert peak_mm == pytest.approx(12.0 + leading_edge_mm(QUIET), abs=mm_per_row)
    before = int((12.0 - leading_edge_mm(QUIET)) / mm_per_row)
    assert line[before] < 0.05 * line.max()


def test_a_smaller_dynamic_range_blackens_faint_echoes() -> None:
    faint = amplitude_of(0.03)
    dark = [float((compress(faint, replace(QUIET, dynamic_range_db=range_db)) == 0).mean()) for range_db in (40, 80)]
    assert dark[0] > 0.9
    assert dark[1] < 0.1


def test_transmit_power_moves_the_echoes_and_not_the_noise() -> None:
    noisy = replace(QUIET, noise_db=-20.0)
    weaker = replace(noisy, transmit_power_db=-6.0)
    quiet = [amplitude_of(1.0, replace(QUIET, transmit_power_db=power)).mean() for power in (0.0, -6.0)]
    assert quiet[0] / quiet[1] == pytest.approx(10 ** (6 / 20), rel=1e-3)
    assert np.allclose(amplitude_of(0.0, weaker), amplitude_of(0.0, noisy))


def test_the_receivers_noise_is_even_in_depth_and_follows_the_gain() -> None:
    noise = white_field(np.random.default_rng(3), SHAPE)
    plain, louder = (receiver_noise(noise, replace(QUIET, noise_db=-50.0, gain_db=gain)) for gain in (0.0, 20.0))
    assert np.sqrt((plain**2).mean()) == pytest.approx(10 ** (-50 / 20), rel=0.02)
    assert plain[:50].mean() == pytest.approx(plain[-50:].mean(), rel=0.05)
    assert np.allclose(louder, 10 * plain)
