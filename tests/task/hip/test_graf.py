"""Graf's table: types at its borders, with and without age, and what intervals leave open."""

import pytest

from edge.task.hip.graf import NEEDS_AGE, Pressed, graf_type, severity, types_within


@pytest.mark.parametrize(
    ("alpha", "beta", "age", "pressed", "name"),
    [
        (60, 54, None, None, "Ia"),
        (60, 55, None, None, "Ib"),
        (75, None, 3, None, "I"),
        (59.9, 60, None, None, NEEDS_AGE),
        (55, 60, 3, None, "IIa"),
        (51, 60, 3, None, "IIa"),
        (55, 60, 6, None, "IIa+"),
        (54.9, 60, 6, None, "IIa-"),
        (55, 60, 12.9, None, "IIa+"),
        (55, 60, 13, None, "IIb"),
        (50, 60, 20, None, "IIb"),
        (49.9, 76.9, None, None, "IIc"),
        (43, 77, 4, None, "D"),
        (45, None, 4, None, "IIc or D"),
        (42.9, 80, 4, None, "III or IV"),
        (42.9, 80, 4, Pressed.UP, "III"),
        (38, -10, 4, Pressed.DOWN, "IV"),
    ],
)
def test_the_table(alpha, beta, age, pressed, name) -> None:
    assert graf_type(alpha, beta, age, pressed) == name


def test_an_interval_around_a_border_holds_the_types_of_both_sides() -> None:
    assert types_within((57.0, 63.0), (50.0, 60.0), 6.0) == ("Ia", "Ib", "IIa+")
    assert types_within((48.0, 52.0), (60.0, 70.0), None) == (NEEDS_AGE, "IIc")
    assert types_within((62.0, 66.0), (40.0, 50.0), None) == ("Ia",)


def test_an_interval_holds_the_types_of_its_own_ends() -> None:
    for low in range(30, 80, 3):
        found = types_within((low, low + 7.0), (60.0, 61.0), 8.0)
        assert graf_type(low, 60.0, 8.0) in found and graf_type(low + 7.0, 60.0, 8.0) in found


def test_worse_hips_are_more_severe() -> None:
    order = ["Ia", NEEDS_AGE, "IIa+", "IIa-", "IIb", "IIc", "D", "III", "IV"]
    steps = [severity(name) for name in order]
    assert steps == sorted(steps) and steps[0] == 0 and steps[-1] == 4
