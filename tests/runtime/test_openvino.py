"""What is OpenVINO's own; what every runtime must do is in tests/contract/test_runtime.py."""

import numpy as np

from edge.runtime import openvino as room
from edge.runtime.manifest import load_manifest
from edge.runtime.opening import open_runtime

LIBRARYS_CORE = room.openvino.Core


class CoreWithoutKernels:
    """As on an Arm core without the dot product: a layer's int8 kernel is missing."""

    def __init__(self):
        self.read_model = LIBRARYS_CORE().read_model

    def compile_model(self, model, device, options):
        if options.get("LP_TRANSFORMS_MODE") != "NO":
            raise RuntimeError("object is not initialized")
        return LIBRARYS_CORE().compile_model(model, device, options)


def test_where_a_kernel_is_missing_the_same_rounding_is_done_in_float(tiny_model, monkeypatch):
    def answer():
        runtime, _ = open_runtime("openvino", tiny_model, precision="int8", threads=1)
        with runtime:
            grey = np.random.default_rng(2).integers(0, 256, load_manifest(tiny_model).grey_input().shape, np.uint8)
            return runtime.infer(grey)[0].copy()

    usual = answer()
    monkeypatch.setattr(room.openvino, "Core", CoreWithoutKernels)
    assert ((answer() > 0) == (usual > 0)).mean() > 0.999
