"""How pointing is written, and what is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SettingError
from edge.frame import Region
from edge.option import made
from edge.pointed import MOST_POINTED, Pointed
from edge.task.outline.spec import OutlineOptions
from edge.task.pointing import beside_faults, pointed_at, read_box, read_points, told_of

numbers = st.integers(-500, 5000).map(lambda value: value / 4)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_points_are_read_as_they_are_written(places):
    assert read_points(str(Pointed(tuple(places)))).inside == tuple(places)


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "1;2", "a,b", "nan,1", "1,2;3", "inf,2"])
def test_what_is_no_point_is_said(text):
    with pytest.raises(SettingError, match="pixels of the picture"):
        read_points(text)


@pytest.mark.parametrize("at", [5, True, {"x": 1}, [1.5, 2, 3], [[1, 2, 3]], [None]])
def test_what_a_program_gives_wrongly_is_said_too(at):
    with pytest.raises(SettingError, match="pixels of the picture"):
        made(OutlineOptions, {"at": at}, "outline")


@pytest.mark.parametrize("text", ["1,2,3", "1,2,0,4", "1,2,3,-1", "1,2,3,4,5", "x", "1,2,3,nan"])
def test_what_is_no_box_is_said(text):
    with pytest.raises(SettingError, match="pixels of the picture"):
        read_box(text)


@pytest.mark.parametrize(
    "given_at",
    [["210,140", "30,40"], [(210, 140), (30, 40)], ("210,140", (30.0, 40)), [Pointed(((210, 140),)), "30,40"]],
)
def test_several_structures_may_be_given_in_every_way(given_at):
    options = made(OutlineOptions, {"at": given_at}, "outline")
    assert options.at == (Pointed(((210, 140),)), Pointed(((30, 40),)))


def test_one_may_be_given_alone():
    for value in ("210,140", (210, 140), [210, 140]):
        assert made(OutlineOptions, {"at": value}, "outline").at == (Pointed(((210, 140),)),)
    assert made(OutlineOptions, {"at": "210,140;215,150"}, "outline").at == (Pointed(((210, 140), (215, 150))),)


def test_a_point_outside_is_said_of_the_nearest():
    found = pointed_at(
        [Pointed(((10, 10),))], [Pointed(((90, 95),)), Pointed(((20, 10),))], [Pointed(box=(80, 80, 30, 30))]
    )
    assert found == (
        Pointed(inside=((10, 10),), outside=((20, 10),)),
        Pointed(outside=((90, 95),), box=(80, 80, 30, 30)),
    )
    assert told_of(found) == "pointed at by a person: 10,10 and 80,80,30,30"


def test_too_many_and_nothing_but_outside_are_refused():
    with pytest.raises(SettingError, match="at most 5"):
        pointed_at([Pointed(((1, 1),))] * (MOST_POINTED + 1), [], [])
    with pytest.raises(SettingError, match="--not-at says where nothing is"):
        made(OutlineOptions, {"not_at": ["3,4"]}, "outline")


def test_points_beside_the_picture_are_named():
    region = Region(100, 50, 300, 200)
    asked = [Pointed(inside=((120, 60),)), Pointed(inside=((20, 60),)), Pointed(box=(380, 200, 10, 10))]
    (fault,) = beside_faults(asked, region)
    assert fault.startswith("20,60 lies beside the ultrasound picture, which is 100 to 400 across and 50 to 250 down")
    assert beside_faults([Pointed(box=(390, 200, 40, 10))], region)
