"""What the tissue models learn: which kind of tissue a region's patch shows."""

import numpy as np
from numpy.typing import NDArray

from edge.task.tissue.phantom import draw_patient, patient_picture
from edge.task.tissue.region import patch_of
from edge.task.tissue.spec import INFILTRATED, JUDGED
from tools.lesson import Example, Lesson
from tools.tissue.regions import MUSCLE, MarkedScene, load_examples, regions


def phantom_example(seed: int) -> Example:
    """A region of a patient's muscle. Truth: (JUDGED, 1, 1)."""
    patient = draw_patient(seed)
    truth = np.array([kind == "muscle" or (kind == INFILTRATED and patient.infiltrated) for kind in JUDGED], np.uint8)
    number = 0
    while True:
        shown = patient_picture(patient, number, 320)
        scene = MarkedScene(shown.pixels, {MUSCLE: shown.muscle}, seed, "phantom")
        for _, place in regions(scene, np.random.default_rng(seed)):
            return Example(patch_of(place)[0, 0], truth[:, None, None])
        number += 1


def scales_picture(seed: int) -> NDArray[np.uint8]:
    """A real patch that training saw."""
    examples = load_examples("train")
    row = int(np.random.default_rng(seed).integers(len(examples.group)))
    return np.asarray(examples.patches[row], np.uint8)


LESSON = Lesson(
    phantom=phantom_example,
    scales=scales_picture,
    training="tools.tissue.network_training:train_tissue",
    calibrate="tools.tissue.evaluation:calibrate",
    evaluate="tools.tissue.evaluation:evaluate",
)
