"""A model's masks from each of its runtimes, for comparing them. Needs nothing but `edge`: it also runs on boards."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import BackendUnavailableError
from edge.runtime.manifest import Manifest, load_manifest
from edge.runtime.opening import open_runtime

Kind = tuple[str, str]
"""(runtime, precision)"""


def decide(outputs: NDArray[np.float32], classes: int) -> NDArray[np.uint8]:
    """Which class each logit decides for: its sign where each class has its own, the largest where they compete.

    outputs: (1, channels, height, width). Competing classes have one channel more, for none of them.
    """
    if outputs.shape[1] == classes + 1:
        return np.argmax(outputs, axis=1)[:, None].astype(np.uint8)
    return (outputs > 0).astype(np.uint8)


def masks_of(
    folder: Path, kind: Kind, pictures: NDArray[np.uint8], manifest: Manifest | None = None
) -> NDArray[np.uint8]:
    """The decisions of one runtime for (n, 1, H, W) uint8 pictures: (n, channels, height, width) uint8."""
    classes = len((manifest or load_manifest(folder)).classes)
    runtime, _ = open_runtime(kind[0], folder, precision=kind[1], threads=1)
    with runtime:
        return np.concatenate([decide(runtime.infer(picture[None])[0], classes) for picture in pictures])


def all_masks(folder: Path, pictures: NDArray[np.uint8]) -> dict[Kind, NDArray[np.uint8]]:
    """`masks_of` for each of the model's variants whose library is installed."""
    manifest, found = load_manifest(folder), {}
    for variant in manifest.variants:
        kind = variant.runtime, variant.precision
        try:
            found[kind] = masks_of(folder, kind, pictures, manifest)
        except BackendUnavailableError as error:
            print(f"left out: {error}")
    return found


def agreement_percent(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Share of decisions that are the same."""
    return float(100 * np.mean(one == other))


def dice(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Dice coefficient of what is not 0, over all pictures together; 1 where both are empty."""
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return float(2 * np.count_nonzero((one == other) & (one > 0)) / total) if total else 1.0
