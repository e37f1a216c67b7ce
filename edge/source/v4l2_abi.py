"""The part of the kernel's Video4Linux2 interface that a camera needs: structures and ioctl numbers.

Laid out by ctypes as the C compiler would on this machine (linux/videodev2.h); a test compares both.
"""

import ctypes
from ctypes import Structure, Union, c_char, c_int32, c_long, c_uint8, c_uint32, c_ulong, c_void_p

CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE
MMAP = 1  # V4L2_MEMORY_MMAP
CAP_CAPTURE, CAP_STREAMING, CAP_DEVICE_CAPS = 0x1, 0x04000000, 0x80000000
FLAG_ERROR, FLAG_CLOCK_MASK, FLAG_CLOCK_MONOTONIC = 0x40, 0xE000, 0x2000
DISCRETE = 1
COLORSPACE_JPEG = 7
QUANTIZATION_DEFAULT, QUANTIZATION_FULL = 0, 1


class Capability(Structure):
    _fields_ = (
        ("driver", c_char * 16),
        ("card", c_char * 32),
        ("bus_info", c_char * 32),
        ("version", c_uint32),
        ("capabilities", c_uint32),
        ("device_caps", c_uint32),
        ("reserved", c_uint32 * 3),
    )


class FormatDescription(Structure):
    _fields_ = (
        ("index", c_uint32),
        ("type", c_uint32),
        ("flags", c_uint32),
        ("description", c_char * 32),
        ("pixelformat", c_uint32),
        ("mbus_code", c_uint32),
        ("reserved", c_uint32 * 3),
    )


class FrameSize(Structure):
    """`numbers`: width, height (discrete), or min width, max width, step, min height, max height, step."""

    _fields_ = (
        ("index", c_uint32),
        ("pixel_format", c_uint32),
        ("type", c_uint32),
        ("numbers", c_uint32 * 6),
        ("reserved", c_uint32 * 2),
    )


class FrameInterval(Structure):
    """`numbers`: numerator and denominator in seconds (discrete), or those of the shortest, longest and step."""

    _fields_ = (
        ("index", c_uint32),
        ("pixel_format", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("type", c_uint32),
        ("numbers", c_uint32 * 6),
        ("reserved", c_uint32 * 2),
    )


class PixelFormat(Structure):
    _fields_ = tuple(
        (name, c_uint32)
        for name in (
            *("width", "height", "pixelformat", "field", "bytesperline", "sizeimage"),
            *("colorspace", "priv", "flags", "ycbcr_enc", "quantization", "xfer_func"),
        )
    )


class _FormatUnion(Union):
    _fields_ = (("pix", PixelFormat), ("raw", c_uint8 * 200), ("aligned_as_a_pointer", c_void_p))


class Format(Structure):
    _fields_ = (("type", c_uint32), ("fmt", _FormatUnion))


class StreamParameters(Structure):
    _fields_ = (
        ("type", c_uint32),
        ("capability", c_uint32),
        ("capturemode", c_uint32),
        ("numerator", c_uint32),
        ("denominator", c_uint32),
        ("rest", c_uint8 * 184),
    )


class Rectangle(Structure):
    _fields_ = (("left", c_int32), ("top", c_int32), ("width", c_uint32), ("height", c_uint32))


class CropCapability(Structure):
    """`numerator` over `denominator`: height of a pixel over its width, where nothing is scaled."""

    _fields_ = (
        ("type", c_uint32),
        ("bounds", Rectangle),
        ("defrect", Rectangle),
        ("numerator", c_uint32),
        ("denominator", c_uint32),
    )


class RequestBuffers(Structure):
    _fields_ = (
        ("count", c_uint32),
        ("type", c_uint32),
        ("memory", c_uint32),
        ("capabilities", c_uint32),
        ("flags", c_uint8),
        ("reserved", c_uint8 * 3),
    )


class Timeval(Structure):
    _fields_ = (("seconds", c_long), ("microseconds", c_long))


class _BufferPlace(Union):
    _fields_ = (("offset", c_uint32), ("userptr", c_ulong), ("planes", c_void_p), ("fd", c_int32))


class Buffer(Structure):
    _fields_ = (
        ("index", c_uint32),
        ("type", c_uint32),
        ("bytesused", c_uint32),
        ("flags", c_uint32),
        ("field", c_uint32),
        ("timestamp", Timeval),
        ("timecode", c_uint32 * 4),
        ("sequence", c_uint32),
        ("memory", c_uint32),
        ("m", _BufferPlace),
        ("length", c_uint32),
        ("reserved2", c_uint32),
        ("request_fd", c_int32),
    )


def _number(direction: int, number: int, payload: type) -> int:
    return direction << 30 | ctypes.sizeof(payload) << 16 | ord("V") << 8 | number


_WRITE, _READ, _BOTH = 1, 2, 3
QUERYCAP = _number(_READ, 0, Capability)
ENUM_FMT = _number(_BOTH, 2, FormatDescription)
G_FMT = _number(_BOTH, 4, Format)
S_FMT = _number(_BOTH, 5, Format)
REQBUFS = _number(_BOTH, 8, RequestBuffers)
QUERYBUF = _number(_BOTH, 9, Buffer)
QBUF = _number(_BOTH, 15, Buffer)
DQBUF = _number(_BOTH, 17, Buffer)
STREAMON = _number(_WRITE, 18, ctypes.c_int)
STREAMOFF = _number(_WRITE, 19, ctypes.c_int)
S_PARM = _number(_BOTH, 22, StreamParameters)
CROPCAP = _number(_BOTH, 58, CropCapability)
ENUM_FRAMESIZES = _number(_BOTH, 74, FrameSize)
ENUM_FRAMEINTERVALS = _number(_BOTH, 75, FrameInterval)
