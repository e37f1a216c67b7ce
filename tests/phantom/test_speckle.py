"""Scatterers that tissue carries, and noise that is kept for a moving picture."""

import cv2
import numpy as np
import pytest

from edge.phantom.records import Imaging
from edge.phantom.speckle import KeptNoise, carried_field, carried_speckle, interpolated_noise, material_grid


def test_scatterers_keep_their_power_between_the_pixels() -> None:
    field = carried_field(np.random.default_rng(4))
    place = np.indices((200, 200), dtype=np.float32)
    powers = []
    for off in (0.0, 0.25, 0.5):
        taken = cv2.remap(field, place[1] + np.float32(off), place[0] + np.float32(off), cv2.INTER_LINEAR)
        powers.append(float((taken**2).sum(axis=2).mean()))
    assert powers[0] == pytest.approx(1.0, abs=0.05)
    assert min(powers) > 0.8 * max(powers)  # less than a decibel


def test_speckle_goes_where_its_tissue_goes() -> None:
    field, mm_per_px = carried_field(np.random.default_rng(4)), 0.1
    x_mm, depth_mm = np.arange(-5, 5, mm_per_px), np.arange(0, 8, mm_per_px)
    here, carried = (carried_speckle(field, material_grid(x_mm + off, depth_mm), mm_per_px) for off in (0.0, 3.0))
    assert here.shape == (80, 100, 2)
    assert np.allclose(here[:, 30:], carried[:, :-30], atol=1e-3)


def test_interpolated_noise_has_unit_power_and_is_alike_in_neighbours() -> None:
    noise = interpolated_noise(np.random.default_rng(1), (300, 300))
    assert (noise**2).sum(axis=2).mean() == pytest.approx(1.0, abs=0.25)
    assert (noise[:, 1:] * noise[:, :-1]).sum(axis=2).mean() > 0.3


def test_kept_noise_is_another_at_another_time_and_the_same_at_the_same() -> None:
    noise = KeptNoise(np.random.default_rng(2), (60, 80))
    assert noise.at(0.04).shape == (60, 80, 2)
    assert np.array_equal(noise.at(0.04), noise.at(0.04))
    assert not np.array_equal(noise.at(0.04), noise.at(0.08))
    assert noise.dark(0.04, Imaging(noise_db=-60.0)).mean() < noise.dark(0.04, Imaging(noise_db=-20.0)).mean()
