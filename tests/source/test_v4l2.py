"""Which mode of a camera is taken."""

from edge.source.v4l2 import Mode, choose_mode

_GRABBER = (
    Mode("YUYV", 1920, 1080, 5.0),
    Mode("YUYV", 640, 480, 30.0),
    Mode("MJPG", 1920, 1080, 30.0),
    Mode("MJPG", 3840, 2160, 30.0),
    Mode("MJPG", 640, 480, 60.0),
    Mode("H264", 1920, 1080, 30.0),
)


def test_the_largest_fluent_picture_up_to_full_hd_is_taken() -> None:
    assert choose_mode(_GRABBER, None, None) == Mode("MJPG", 1920, 1080, 30.0)


def test_at_the_same_size_uncompressed_goes_first() -> None:
    assert choose_mode(_GRABBER, (640, 480), None) == Mode("YUYV", 640, 480, 30.0)


def test_a_rate_that_is_asked_for_goes_before_size() -> None:
    assert choose_mode(_GRABBER, None, 60.0) == Mode("MJPG", 640, 480, 60.0)


def test_where_no_mode_is_fast_enough_the_fastest_is_taken() -> None:
    slow = (Mode("GREY", 1280, 720, 5.0), Mode("GREY", 640, 480, 10.0))
    assert choose_mode(slow, None, None) == Mode("GREY", 640, 480, 10.0)


def test_a_size_that_is_not_offered_and_a_format_that_cannot_be_read() -> None:
    assert choose_mode(_GRABBER, (800, 600), None) is None
    assert choose_mode((Mode("H264", 1920, 1080, 30.0),), None, None) is None


def test_rate_unknown_counts_as_fluent() -> None:
    assert choose_mode((Mode("GREY", 320, 240, 30.0), Mode("GREY", 640, 480)), None, None) == Mode("GREY", 640, 480)
