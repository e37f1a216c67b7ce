"""Our layout of the kernel's structures, against the C compiler's."""

import ctypes
import subprocess
from pathlib import Path

import pytest

from edge.source import v4l2_abi as abi

_STRUCTURES = {
    "v4l2_capability": (abi.Capability, ("card", "bus_info", "capabilities", "device_caps")),
    "v4l2_fmtdesc": (abi.FormatDescription, ("index", "type", "pixelformat")),
    "v4l2_frmsizeenum": (abi.FrameSize, ("index", "pixel_format", "type")),
    "v4l2_frmivalenum": (abi.FrameInterval, ("index", "pixel_format", "width", "height", "type")),
    "v4l2_pix_format": (
        abi.PixelFormat,
        ("width", "height", "pixelformat", "field", "bytesperline", "sizeimage", "colorspace", "quantization"),
    ),
    "v4l2_format": (abi.Format, ("type", "fmt")),
    "v4l2_streamparm": (abi.StreamParameters, ("type",)),
    "v4l2_cropcap": (abi.CropCapability, ("type", "bounds", "defrect")),
    "v4l2_requestbuffers": (abi.RequestBuffers, ("count", "type", "memory")),
    "v4l2_buffer": (
        abi.Buffer,
        ("index", "type", "bytesused", "flags", "field", "timestamp", "sequence", "memory", "m", "length"),
    ),
}
_RENAMED_OFFSETS = {
    ("v4l2_frmsizeenum", "discrete"): abi.FrameSize.numbers.offset,
    ("v4l2_frmivalenum", "discrete"): abi.FrameInterval.numbers.offset,
    ("v4l2_streamparm", "parm.capture.timeperframe.numerator"): abi.StreamParameters.numerator.offset,
    ("v4l2_cropcap", "pixelaspect.numerator"): abi.CropCapability.numerator.offset,
    ("v4l2_cropcap", "pixelaspect.denominator"): abi.CropCapability.denominator.offset,
}
_NUMBERS = ("QUERYCAP", "ENUM_FMT", "G_FMT", "S_FMT", "REQBUFS", "QUERYBUF", "QBUF", "DQBUF", "STREAMON", "STREAMOFF")
_NUMBERS += ("S_PARM", "CROPCAP", "ENUM_FRAMESIZES", "ENUM_FRAMEINTERVALS")
_CONSTANTS = {
    "V4L2_BUF_TYPE_VIDEO_CAPTURE": abi.CAPTURE,
    "V4L2_MEMORY_MMAP": abi.MMAP,
    "V4L2_CAP_VIDEO_CAPTURE": abi.CAP_CAPTURE,
    "V4L2_CAP_STREAMING": abi.CAP_STREAMING,
    "V4L2_CAP_DEVICE_CAPS": abi.CAP_DEVICE_CAPS,
    "V4L2_BUF_FLAG_ERROR": abi.FLAG_ERROR,
    "V4L2_BUF_FLAG_TIMESTAMP_MASK": abi.FLAG_CLOCK_MASK,
    "V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC": abi.FLAG_CLOCK_MONOTONIC,
    "V4L2_FRMSIZE_TYPE_DISCRETE": abi.DISCRETE,
    "V4L2_FRMIVAL_TYPE_DISCRETE": abi.DISCRETE,
    "V4L2_COLORSPACE_JPEG": abi.COLORSPACE_JPEG,
    "V4L2_QUANTIZATION_FULL_RANGE": abi.QUANTIZATION_FULL,
    "V4L2_QUANTIZATION_DEFAULT": abi.QUANTIZATION_DEFAULT,
}


def _ours() -> dict[str, int]:
    ours = {f"sizeof(struct {name})": ctypes.sizeof(kind) for name, (kind, _) in _STRUCTURES.items()}
    for name, (kind, fields) in _STRUCTURES.items():
        ours |= {f"offsetof(struct {name}, {field})": getattr(kind, field).offset for field in fields}
    ours |= {f"offsetof(struct {name}, {field})": offset for (name, field), offset in _RENAMED_OFFSETS.items()}
    ours |= {f"VIDIOC_{name}": getattr(abi, name) for name in _NUMBERS}
    return ours | _CONSTANTS


def test_the_layout_is_the_compilers(compiler: str, tmp_path: Path) -> None:
    ours = _ours()
    lines = "\n".join(f'  printf("%llu\\n", (unsigned long long)({expression}));' for expression in ours)
    (tmp_path / "abi.c").write_text(
        "#include <stddef.h>\n#include <stdio.h>\n#include <linux/videodev2.h>\nint main(void) {\n" + lines + "\n}\n"
    )
    built = subprocess.run([compiler, "abi.c", "-o", "abi"], cwd=tmp_path, capture_output=True, text=True)
    if "linux/videodev2.h" in built.stderr:
        pytest.skip("the kernel's headers are missing: apt-get install linux-libc-dev")
    assert built.returncode == 0, built.stderr
    told = subprocess.run([str(tmp_path / "abi")], capture_output=True, text=True).stdout.split()
    assert dict(zip(ours, map(int, told), strict=True)) == ours
