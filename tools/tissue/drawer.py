"""Patches of phantom muscle by seed, for comparing a model's files; and real ones for choosing int8 scales."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.task.tissue.kinds import INFILTRATED, JUDGED
from edge.task.tissue.phantom import draw_patient, patient_picture
from edge.task.tissue.region import patch_of
from tools.tissue.samples import MUSCLE, Scene, load_examples, regions


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What the network sees."""

    picture: NDArray[np.uint8]
    """(SIDE, SIDE) grey."""
    truth: NDArray[np.uint8]
    """(JUDGED, 1, 1)."""


def draw_phantom_patch(seed: int) -> Patch:
    """A region of a patient's muscle."""
    patient = draw_patient(seed)
    truth = np.array([kind == "muscle" or (kind == INFILTRATED and patient.infiltrated) for kind in JUDGED], np.uint8)
    number = 0
    while True:
        shown = patient_picture(patient, number, 320)
        scene = Scene(shown.pixels, {MUSCLE: shown.muscle}, seed, "phantom")
        for _, place in regions(scene, np.random.default_rng(seed)):
            return Patch(patch_of(place)[0, 0], truth[:, None, None])
        number += 1


def draw_real_patch(seed: int) -> Patch:
    """One that training saw."""
    examples = load_examples("train")
    row = int(np.random.default_rng(seed).integers(len(examples.group)))
    return Patch(examples.patches[row], (examples.truth[row] == 1).astype(np.uint8)[:, None, None])
