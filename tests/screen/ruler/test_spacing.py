import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.frame import PixelSpacing, SpacingOrigin
from edge.screen.ruler.spacing import choose_spacing, spacing_from_depth


def spacing(origin: SpacingOrigin, mm_per_px: float, uncertainty: float = 0.001) -> PixelSpacing:
    return PixelSpacing(mm_per_px, mm_per_px, origin, uncertainty)


def test_nothing_gives_nothing():
    assert choose_spacing([]) == (None, ())


@settings(deadline=None)
@given(st.permutations(list(SpacingOrigin)))
def test_trust_does_not_depend_on_the_order_given(origins):
    chosen, _ = choose_spacing([spacing(origin, 0.1) for origin in origins])
    assert chosen is not None
    assert chosen.origin is SpacingOrigin.USER


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ((SpacingOrigin.TICKS, SpacingOrigin.DEPTH, SpacingOrigin.DICOM), SpacingOrigin.DICOM),
        ((SpacingOrigin.TICKS, SpacingOrigin.DEPTH), SpacingOrigin.DEPTH),
        ((SpacingOrigin.TICKS,), SpacingOrigin.TICKS),
    ],
)
def test_order_of_trust(present, expected):
    chosen, notes = choose_spacing([spacing(origin, 0.1) for origin in present])
    assert chosen is not None
    assert chosen.origin is expected
    assert notes == ()


def test_a_disagreement_is_told_and_covered():
    chosen, doubts = choose_spacing([spacing(SpacingOrigin.TICKS, 0.085), spacing(SpacingOrigin.DICOM, 0.1)])
    assert chosen is not None
    assert doubts == ("the ticks say 0.0850 mm per px, DICOM says 0.1000 mm per px: 15 % apart; DICOM is used",)
    low = chosen.y_mm_per_px * (1 - chosen.relative_uncertainty)
    assert low <= 0.085 * (1 + 1e-9)


def test_two_percent_apart_is_no_disagreement():
    chosen, notes = choose_spacing([spacing(SpacingOrigin.DICOM, 0.1), spacing(SpacingOrigin.TICKS, 0.102)])
    assert notes == ()
    assert chosen is not None
    assert chosen.relative_uncertainty == 0.001


def test_a_conflict_is_told_for_both_axes():
    _, doubts = choose_spacing(
        [PixelSpacing(0.1, 0.1, SpacingOrigin.USER), PixelSpacing(0.12, 0.1, SpacingOrigin.DICOM)]
    )
    assert doubts == (
        "DICOM says 0.1200 mm per px across and 0.1000 down, you say 0.1000 mm per px: 20 % apart; your value is used",
    )


def test_a_depth_is_divided_by_its_extent():
    found = spacing_from_depth(40.0, 500.0)
    assert found.y_mm_per_px == pytest.approx(0.08)
    assert found.origin is SpacingOrigin.DEPTH
