"""Compare the shipped chain with a reference mask of a real picture.

    python -m tools.cartilage.reference_mask PICTURE REFERENCE

Prints Dice and how far each border lies from the reference's, in mm (positive: deeper than the reference).
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.app.session import open_session
from edge.finding import Finding, LineMark, MaskMark
from edge.sink.pictures import label_mask
from edge.task.cartilage.spec import SPEC
from tools.masks import dice


def border_offsets_px(finding: Finding, reference: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
    """Depth of each border less the reference's, column by column, where both have one."""
    columns = np.flatnonzero(reference.any(axis=0))
    edges = {
        "upper surface": reference[:, columns].argmax(axis=0) - 0.5,
        "lower surface": reference.shape[0] - 0.5 - reference[::-1, columns].argmax(axis=0),
    }
    offsets = {}
    for mark in finding.marks:
        if isinstance(mark, LineMark) and mark.name in edges:
            x, y = mark.points.T
            inside = (columns >= x[0]) & (columns <= x[-1])
            offsets[mark.name] = np.interp(columns[inside], x, y) - edges[mark.name][inside]
    return offsets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    parser.add_argument("reference", type=Path, help="mask; stretched to the picture's size")
    arguments = parser.parse_args()
    shape = cv2.imread(str(arguments.picture), cv2.IMREAD_GRAYSCALE).shape
    mask = cv2.imread(str(arguments.reference), cv2.IMREAD_GRAYSCALE)
    reference = cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    for runtime, precision in (("onnx", "int8"), ("onnx", "float"), ("openvino", "int8"), ("tflite", "int8")):
        with open_session(str(arguments.picture), task=SPEC.name, runtime=runtime, precision=precision) as session:
            (finding,) = session
        marked = label_mask(shape, tuple(mark for mark in finding.marks if isinstance(mark, MaskMark)))
        print(f"{runtime} {precision}: Dice {dice(marked, reference.astype(np.uint8)):.3f}")
        mm_per_px = finding.spacing.y_mm_per_px if finding.spacing else float("nan")
        for name, offset in border_offsets_px(finding, reference).items():
            low, middle, high = np.percentile(offset, (5, 50, 95)) * mm_per_px
            absolute = np.abs(offset).mean() * mm_per_px
            print(f"  {name}: median {middle:+.3f} mm (5 to 95 %: {low:+.3f} to {high:+.3f}), mean {absolute:.3f}")
        print(f"  {mm_per_px:.5f} mm per px; {finding.summary()}")


if __name__ == "__main__":
    main()
