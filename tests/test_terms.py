"""What the names in a finding mean."""

from edge.terms import MarkTerm, MeasurementTerm, Role, Terms, sorted_by

TERMS = Terms(
    measurements=(
        MeasurementTerm("area", "mm2", curve=1),
        MeasurementTerm("mean_thickness", "mm", "Mean", decimals=2, lane=1, curve=0),
        MeasurementTerm("depth", "mm", detail=True, lane=0),
    ),
    marks=(
        MarkTerm("fascicle #", Role.FIBRE),
        MarkTerm("nerve # of #", Role.OUTLINE),
        MarkTerm("upper border", Role.UPPER_BORDER),
    ),
)


def test_a_measurement_without_scale_has_the_same_term():
    assert TERMS.measurement("mean_thickness_px") is TERMS.measurement("mean_thickness")
    assert TERMS.measurement("area").unit == "mm2"


def test_what_was_not_declared_has_a_plain_term():
    assert TERMS.measurement("sum_of_all_px") == MeasurementTerm("sum_of_all", "")
    assert TERMS.mark("stray 3") == MarkTerm("stray #")
    assert TERMS.mark("stray 3").role is Role.OTHER
    assert Terms().words("sum_of_all") == "Sum of all"


def test_words_are_those_declared_else_the_name():
    assert TERMS.words("mean_thickness_px") == "Mean"
    assert TERMS.words("area_px") == TERMS.words("area") == "Area"


def test_a_mark_of_any_number_has_one_role():
    assert TERMS.mark("fascicle 1").role is TERMS.mark("fascicle 27").role is Role.FIBRE
    assert TERMS.mark("nerve 2 of 3").role is Role.OUTLINE
    assert TERMS.mark("fascicle").role is Role.OTHER
    assert TERMS.mark("upper border").role is Role.UPPER_BORDER


def test_lanes_and_curves_come_in_their_declared_order():
    assert TERMS.lanes() == ("depth", "mean_thickness")
    assert TERMS.curves() == ("mean_thickness", "area")
    assert Terms().lanes() == Terms().curves() == ()
    assert [one.name for one in sorted_by(TERMS.measurements, "decimals")] == ["mean_thickness"]
