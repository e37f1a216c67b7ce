"""From echoes to a B-mode picture: point spread, attenuation and its compensation, noise, reverberation, compression.

The envelope of a complex Gaussian scatterer field under a Gaussian point spread is Rayleigh distributed, as in fully
developed speckle (Wagner 1983, IEEE Trans Sonics Ultrason 30:156). Depths are those of an echo's leading edge, which
is what examiners mark: interfaces are placed half a pulse deeper than their depth.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.phantom.records import Echoes, Imaging, Interface, Samples

ATTENUATION_DB_PER_MM_MHZ = 0.05
"""Soft tissue, one way (0.5 dB/cm/MHz)."""
ATTENUATION_KNOWN_TO_SCANNER = 0.85
"""Share of it that the scanner's own depth compensation makes good."""
MOST_COMPENSATION_DB = 60.0
"""A scanner's depth compensation goes no further; deeper, the noise wins."""
LEADING_EDGE_SIGMAS = 2.2
"""From a pulse's visible leading edge to its peak, in standard deviations of the pulse. On a logarithmic display bone
is some 45 dB brighter than what lies on it; a Gaussian pulse is halfway between them, 22 dB under its peak, 2.2
deviations away."""
SPECKLE_EDGE_SIGMAS = 1.3
"""How far speckle seems to reach beyond its tissue's end: halfway down to tissue 30 dB darker."""


def envelope(echoes: Echoes, scatterers: Samples, noise: Samples, imaging: Imaging, mm_per_beam: float) -> Samples:
    """Amplitude (depth, beams) after the receiver's depth compensation; 1 is soft tissue.

    scatterers, noise: (depth, beams, 2) real and imaginary part, of unit power.
    """
    rows = echoes.scatter.shape[0]
    mm_per_row = imaging.depth_mm / rows
    scatterers = scatterers.copy()
    scatterers[..., 0] += echoes.coherence
    field = _point_spread(scatterers * echoes.scatter[..., None], imaging, mm_per_row, mm_per_beam)
    for interface in echoes.interfaces:
        _add_interface(field, interface, imaging, mm_per_row)
    depth_mm = (np.arange(rows) + 0.5) * imaging.depth_mm / rows
    signal, hiss = ((10 ** (db / 20)).astype(np.float32) for db in gains_db(imaging, depth_mm))
    field *= signal[:, None, None]
    field += noise * hiss[:, None, None]
    real, imaginary = cv2.split(field)
    return np.asarray(cv2.magnitude(real, imaginary), np.float32)


def expose(
    echoes: Echoes, scatterers: Samples, noise: Samples, imaging: Imaging, mm_per_beam: float
) -> NDArray[np.uint8]:
    """The picture (depth, beams) of what an anatomy sends back, in grey levels; arguments as for `envelope`."""
    return compress(envelope(echoes, scatterers, noise, imaging, mm_per_beam), imaging)


def receiver_noise(noise: Samples, imaging: Imaging) -> Samples:
    """Amplitude (depth, beams) where nothing is transmitted. The depth compensation runs behind a pulse only."""
    hiss = np.float32(10 ** ((imaging.noise_db + imaging.gain_db) / 20))
    return np.asarray(cv2.magnitude(*cv2.split(noise * hiss)), np.float32)


def gains_db(imaging: Imaging, depth_mm: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Decibels at each depth of the echoes and of the noise: attenuation, its compensation, gain, sliders, power."""
    loss_db = 2 * ATTENUATION_DB_PER_MM_MHZ * imaging.frequency_mhz * depth_mm
    made_good_db = np.minimum(ATTENUATION_KNOWN_TO_SCANNER * loss_db, MOST_COMPENSATION_DB)
    gain_db = imaging.gain_db + np.interp(depth_mm, np.linspace(0, imaging.depth_mm, 8), imaging.tgc_db)
    signal_db = made_good_db - loss_db + gain_db + imaging.transmit_power_db
    hiss_db = made_good_db + gain_db + imaging.noise_db
    return signal_db, hiss_db


def _add_interface(field: Samples, interface: Interface, imaging: Imaging, mm_per_row: float) -> None:
    """Adds the echo in place: one pulse a beam, its leading edge at the interface's depth."""
    rows = field.shape[0]
    there = np.flatnonzero(np.isfinite(interface.depth_mm) & (interface.amplitude > 0))
    sigma = imaging.axial_sigma_mm / mm_per_row
    peak = (interface.depth_mm[there] + leading_edge_mm(imaging)) / mm_per_row - 0.5
    nearest = np.round(peak).astype(int)
    reach = int(np.ceil(3 * sigma)) + 1
    for step in range(-reach, reach + 1):
        row = nearest + step
        inside = (row >= 0) & (row < rows)
        pulse = interface.amplitude[there] * np.exp(-0.5 * ((row - peak) / sigma) ** 2)
        field[row[inside], there[inside], 0] += pulse[inside].astype(np.float32)


def compress(amplitude: Samples, imaging: Imaging) -> NDArray[np.uint8]:
    """Grey levels of an envelope: logarithm, dynamic range, speckle reduction, grey map. Soft tissue is mid-grey."""
    decibels = np.asarray(cv2.log(np.maximum(amplitude, 1e-6)), np.float32) * np.float32(20 / np.log(10))
    share = decibels / np.float32(imaging.dynamic_range_db) + np.float32(0.55)
    if imaging.smoothing > 0:
        share += np.float32(imaging.smoothing) * (cv2.GaussianBlur(share, (5, 5), 1.0) - share)
    np.clip(share, 0, 1, out=share)
    if imaging.gamma != 1.0:
        share = np.asarray(cv2.pow(share, imaging.gamma), np.float32)
    return np.asarray(share * np.float32(255) + np.float32(0.5), np.uint8)


def leading_edge_mm(imaging: Imaging) -> float:
    """How much deeper than its leading edge an interface's echo peaks."""
    return LEADING_EDGE_SIGMAS * imaging.axial_sigma_mm


def _point_spread(field: Samples, imaging: Imaging, mm_per_row: float, mm_per_beam: float) -> Samples:
    """Each depth under its own beam width: three widths, mixed linearly between near, focus and far.

    Every blur keeps the power of white scatterers at 1, so that focusing does not change speckle's brightness.
    """
    rows = field.shape[0]
    knots = np.array([0.0, np.clip(imaging.focus_mm / imaging.depth_mm, 0.1, 0.9), 1.0])
    axial = imaging.axial_sigma_mm / mm_per_row
    place = (np.arange(rows) + 0.5) / rows
    result = np.zeros_like(field)
    for index, knot in enumerate(knots):
        weight = np.interp(place, knots, np.eye(3)[index]).astype(np.float32)
        used = np.flatnonzero(weight > 0)
        first, last = int(used[0]), int(used[-1]) + 1
        pad = int(np.ceil(3 * axial)) + 1
        low, high = max(0, first - pad), min(rows, last + pad)
        lateral = imaging.lateral_sigma_mm(float(knot) * imaging.depth_mm) / mm_per_beam
        blurred = _blur(field[low:high], axial, lateral)[first - low : last - low]
        blurred *= weight[first:last, None, None]
        result[first:last] += blurred
    return result


def _blur(field: Samples, axial_px: float, lateral_px: float) -> Samples:
    kernels = [_kernel(sigma) for sigma in (lateral_px, axial_px)]
    power = np.prod([float(np.sum(kernel**2)) for kernel in kernels])
    blurred = cv2.sepFilter2D(field, -1, kernels[0], kernels[1], borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred * np.float32(1 / np.sqrt(power)), np.float32)


def _kernel(sigma_px: float) -> Samples:
    sigma_px = max(sigma_px, 0.2)
    reach = max(1, int(np.ceil(2.6 * sigma_px)))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    return np.asarray(taps / taps.sum(), np.float32)
