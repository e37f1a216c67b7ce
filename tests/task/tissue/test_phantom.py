"""Infiltrated muscle: what the degree changes, and that patients are who they are."""

import cv2
import numpy as np
import pytest

from edge.task.tissue.phantom import INFILTRATED, LIVE_TISSUE, TissueCine, draw_patient, patient_picture
from edge.task.tissue.spec import SWEEPS

SEEDS = range(6)
DEGREES = (0.0, 0.35, 0.7, 1.0)


def belly_grey(seed: int, degree: float) -> float:
    picture = patient_picture(draw_patient(seed, degree), 0, 256)
    return float(picture.pixels[picture.muscle > 0].mean())


def line_contrast(seed: int, degree: float) -> float:
    """How much brighter lines a few mm long are than what is beside them, against the mean grey."""
    picture = TissueCine(seed, degree=degree, shape=(240, 320), motion="still").picture(0.0)
    belly = cv2.erode(picture.muscle, np.ones((15, 15), np.uint8)) > 0
    soft = cv2.GaussianBlur(picture.pixels.astype(np.float32), (0, 0), 1.0)
    gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    doubled = ((gx + 1j * gy) ** 2)[belly]
    return float(abs(doubled.sum()) / np.abs(doubled).sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_more_infiltrated_the_brighter(seed) -> None:
    levels = [belly_grey(seed, degree) for degree in DEGREES]
    assert np.all(np.diff(levels) > 0)
    assert levels[-1] > levels[0] + 20


def test_the_fascicles_order_is_lost_with_the_degree() -> None:
    order = np.array([[line_contrast(seed, degree) for degree in (0.0, 0.5, 1.0)] for seed in SEEDS]).mean(axis=0)
    assert order[0] > order[1] > order[2]
    assert order[2] < 0.8 * order[0]


def test_the_depth_fades_in_infiltrated_muscle() -> None:
    def fall(seed: int, degree: float) -> float:
        picture = TissueCine(seed, degree=degree, shape=(240, 320), motion="still").picture(0.0)
        rows = np.flatnonzero(picture.muscle.sum(axis=1) > 200)
        upper, lower = np.array_split(rows, 2)
        return float(picture.pixels[upper].mean() - picture.pixels[lower].mean())

    assert np.mean([fall(seed, 1.0) - fall(seed, 0.0) for seed in SEEDS]) > 8


def test_a_patients_pictures_differ_in_gain_but_not_in_who_it_is() -> None:
    patient = draw_patient(3)
    pictures = [patient_picture(patient, number, 192) for number in range(6)]
    assert {picture.degree for picture in pictures} == {patient.degree}
    greys = [float(picture.pixels[picture.muscle > 0].mean()) for picture in pictures]
    assert np.ptp(greys) > 12
    assert all(picture.muscle.mean() > 0.15 for picture in pictures)
    assert np.array_equal(pictures[2].pixels, patient_picture(draw_patient(3), 2, 192).pixels)


def test_about_half_of_the_patients_are_ill_and_none_is_near_the_border() -> None:
    patients = [draw_patient(seed) for seed in range(60)]
    assert 0.3 < np.mean([patient.infiltrated for patient in patients]) < 0.7
    assert all(abs(patient.degree - INFILTRATED) > 0.04 for patient in patients)
    assert all(patient.infiltrated == (patient.degree > 0.2) for patient in patients)


def test_grey_alone_does_not_tell_normal_from_infiltrated() -> None:
    """As on real devices: gain and person move the grey more than a slight infiltration does."""
    rows = [
        (patient.infiltrated, float(picture.pixels[picture.muscle > 0].mean()))
        for patient in (draw_patient(seed) for seed in range(24))
        for picture in [patient_picture(patient, 0, 128)]
    ]
    normal, ill = ([grey for infiltrated, grey in rows if infiltrated is kind] for kind in (False, True))
    assert np.mean(ill) > np.mean(normal)
    assert max(normal) > min(ill)


@pytest.mark.parametrize("motion", SWEEPS)
def test_the_cine_repeats_and_slides_only_when_told(motion) -> None:
    cine, again = (TissueCine(2, shape=(120, 160), motion=motion, degree=0.5) for _ in range(2))
    first, later = cine.picture(0.0), cine.picture(1.5)
    assert np.array_equal(again.picture(0.0).pixels, first.pixels)
    alike = np.corrcoef(first.pixels.ravel(), later.pixels.ravel())[0, 1]
    assert alike > 0.95 if motion == "still" else alike < 0.9
    assert cine.dark(0.0, LIVE_TISSUE).mean() < 10
