"""How grey levels reach a TFLite file's input, against the quantization formula worked out in Fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("edge.runtime.tflite", reason="neither ai-edge-litert nor tflite-runtime is installed")

from edge.runtime.manifest import InputSpec
from edge.runtime.tflite import _without_chatter, storing


def spec(scale: float, offset: float = 0.0) -> InputSpec:
    return InputSpec(name="image", shape=(1, 1, 4, 64), scale=scale, offset=offset)


GREY = np.arange(256, dtype=np.uint8).reshape(1, 1, 4, 64)


def stored(spec: InputSpec, dtype: type, quantization: tuple[float, int]) -> np.ndarray:
    held = np.zeros(GREY.shape, dtype)
    storing(spec, dtype, quantization)(held, GREY)
    return held


def test_shipped_scale_maps_grey_0_to_255_onto_all_int8_levels():
    assert np.array_equal(stored(spec(1 / 255), np.int8, (1 / 255, -128)).ravel(), np.arange(-128, 128))


@given(st.floats(0.001, 0.1), st.floats(-2, 2), st.floats(0.002, 0.1), st.integers(-128, 127))
def test_any_quantization_is_within_half_a_step_or_at_an_end(scale, offset, step, zero):
    held = stored(spec(scale, offset), np.int8, (step, zero)).ravel()
    for grey in range(0, 256, 15):
        wanted = (Fraction(scale) * grey + Fraction(offset)) / Fraction(step) + zero
        nearest = min(max(wanted, Fraction(-128)), Fraction(127))
        assert abs(int(held[grey]) - nearest) <= Fraction(501, 1000)


def test_float_file_gets_scaled_greys():
    held = stored(spec(1 / 255, -0.5), np.float32, (0.0, 0))
    assert np.allclose(held.ravel(), np.arange(256) / 255 - 0.5, atol=1e-6)


def test_what_the_library_says_besides_its_usual_line_is_not_lost(capfd):
    import os

    with _without_chatter():
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\nERROR: something real\n")
    assert capfd.readouterr().err == "ERROR: something real\n"
