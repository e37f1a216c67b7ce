"""When ONNX Runtime must be told to multiply bytes exactly."""

import pytest

pytest.importorskip("onnxruntime", reason="the runtime is not installed")

from edge.runtime.onnx import saturates


@pytest.mark.parametrize(
    ("machine", "words", "cut_off"),
    [
        ("x86_64", {"avx2", "avx512f"}, True),
        ("x86_64", {"avx2", "avx512f", "avx512_vnni"}, False),
        ("AMD64", {"avx2", "avx_vnni"}, False),
        ("x86_64", set(), True),
        ("aarch64", {"asimd"}, False),
    ],
)
def test_only_x86_without_vnni_cuts_products_off(machine, words, cut_off):
    assert saturates(machine, frozenset(words)) is cut_off
