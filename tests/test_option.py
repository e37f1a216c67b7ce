"""Settings records: what each field takes, and what is said of what it does not take."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import SettingError
from edge.option import NoOptions, Option, made, options_of, taken


@dataclass(frozen=True)
class Box:
    """A type of a task's own."""

    side: int


def _box(text: str) -> Box:
    return Box(int(text))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


@dataclass(frozen=True, slots=True)
class Scan:
    """One field of each kind; `hidden` is nobody's to ask for."""

    name: Annotated[str, Option("What is scanned.", short="-n")]
    count: Annotated[int, Option("How many.", low=1, high=100)] = 7
    depth_mm: Annotated[float | None, Option("How deep.", flag="--depth", low=5, high=500)] = None
    rate: Annotated[float, Option("How fast.", low=0)] = 1.0
    most: Annotated[int | None, Option("At most.", high=9)] = None
    angle: Annotated[float | None, Option("Any angle.")] = None
    paced: Annotated[bool, Option("In real time.")] = True
    motion: Annotated[str, Option("What moves.", choices=("slide", "tilt", "still"))] = "slide"
    out: Annotated[Path | None, Option("A folder.")] = None
    box: Annotated[Box | None, Option("A region.", read=_box)] = None
    sinks: Annotated[tuple[str, ...], Option("Names.", read=_names)] = ()
    hidden: int = 3


def scan(**given: object) -> Scan:
    return made(Scan, {"name": "knee", **given}, "a scan")


def refusal(**given: object) -> str:
    with pytest.raises(SettingError) as caught:
        scan(**given)
    return str(caught.value)


def test_each_field_is_asked_for_as_it_says():
    asked = {one.name: one for one in options_of(Scan)}
    assert list(asked) == [
        *("name", "count", "depth_mm", "rate", "most", "angle", "paced", "motion", "out", "box", "sinks"),
    ]
    assert [one.name for one in asked.values() if one.required] == ["name"]
    assert (asked["count"].flag, asked["depth_mm"].flag) == ("--count", "--depth")
    assert (asked["depth_mm"].kind, asked["depth_mm"].default) == (float, None)
    assert (asked["sinks"].kind, asked["box"].kind, asked["out"].kind) == (tuple, Box, Path)
    assert options_of(NoOptions) == ()


def test_what_is_allowed_in_words():
    spans = {one.name: one.span for one in options_of(Scan)}
    assert spans["count"] == "from 1 to 100"
    assert spans["rate"] == "0 or more"
    assert spans["most"] == "9 or less"
    assert spans["motion"] == "slide, tilt or still"
    assert spans["angle"] == spans["paced"] == ""


def test_without_anything_it_is_as_declared():
    assert scan() == Scan("knee")
    assert scan(count=None, paced=None, depth_mm=None) == Scan("knee"), "None is as if it were not given"
    assert made(Scan, {"name": "knee"}, "a scan", hidden=4).hidden == 4


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"count": "12"}, 12),
        ({"count": " 12 "}, 12),
        ({"count": np.int32(12)}, 12),
        ({"depth_mm": "40"}, 40.0),
        ({"depth_mm": 40}, 40.0),
        ({"depth_mm": np.float32(40)}, 40.0),
        ({"paced": "no"}, False),
        ({"paced": "Yes"}, True),
        ({"motion": "tilt"}, "tilt"),
        ({"out": "kept"}, Path("kept")),
        ({"out": "~/kept"}, Path.home() / "kept"),
        ({"out": Path("kept")}, Path("kept")),
        ({"box": "5"}, Box(5)),
        ({"box": Box(5)}, Box(5)),
        ({"sinks": "a,b"}, ("a", "b")),
        ({"sinks": ["a", "b"]}, ("a", "b")),
        ({"name": "42"}, "42"),
    ],
    ids=str,
)
def test_values_as_people_and_programs_give_them(given, value):
    (name,) = given
    found = getattr(scan(**given), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"count": 0}, "--count is 0; it must be from 1 to 100"),
        ({"count": 101}, "--count is 101; it must be from 1 to 100"),
        ({"count": "0"}, "--count is 0; it must be from 1 to 100"),
        ({"count": "many"}, "--count is 'many'; it must be a whole number from 1 to 100"),
        ({"count": "1.5"}, "--count is '1.5'; it must be a whole number"),
        ({"count": 1.5}, "--count is 1.5; it must be a whole number"),
        ({"count": True}, "--count is True; it must be a whole number"),
        ({"count": ""}, "--count is ''; it must be a whole number"),
        ({"depth_mm": 4.9999999}, "--depth is 4.9999999; it must be from 5 to 500"),
        ({"depth_mm": math.nan}, "--depth is nan; it must be from 5 to 500"),
        ({"depth_mm": "inf"}, "--depth is inf; it must be from 5 to 500"),
        ({"depth_mm": True}, "--depth is True; it must be a number"),
        ({"depth_mm": [40.0]}, "--depth is [40.0]; it must be a number"),
        ({"rate": -0.1}, "--rate is -0.1; it must be 0 or more"),
        ({"rate": math.inf}, "--rate is inf; it must be 0 or more"),
        ({"most": 10}, "--most is 10; it must be 9 or less"),
        ({"angle": "nan"}, "--angle is nan; it must be a finite number"),
        ({"paced": 1}, "--paced is 1; it must be yes or no"),
        ({"paced": "maybe"}, "--paced is 'maybe'; it must be yes or no"),
        ({"motion": "Slide"}, "--motion is 'Slide'; it must be one of: slide, tilt, still"),
        ({"name": 42}, "--name is 42; it must be text"),
        ({"out": 42}, "--out is 42; it must be a path"),
        ({"out": "~nobody-of-this-name/kept"}, "--out is '~nobody-of-this-name/kept'; it must be a path"),
        ({"box": "wide"}, "--box is 'wide'; it must be Box"),
        ({"box": 5}, "--box is 5; it must be Box"),
        ({"sinks": 5}, "--sinks is 5; it must be names"),
        ({"hidden": 4}, "a scan has no setting 'hidden'; there are: name, count"),
        ({"colour": 1}, "a scan has no setting 'colour'; there are: name, count"),
        ({"name": None}, "a scan needs --name: What is scanned."),
    ],
    ids=str,
)
def test_what_is_not_taken_is_told_with_what_is(given, told):
    assert told in refusal(**given)


def test_a_required_setting_that_is_missing_is_named():
    with pytest.raises(SettingError, match="a scan needs --name: What is scanned"):
        made(Scan, {}, "a scan")


def test_a_record_without_settings_says_that_there_are_none():
    with pytest.raises(SettingError, match="the task hip has no setting 'age'; there are: none"):
        made(NoOptions, {"age": 6}, "the task hip")


def test_a_reader_of_the_caller_serves_a_type():
    @dataclass(frozen=True)
    class Named:
        box: Annotated[Box | None, Option("One that is kept here.")] = None

    def find(name: str) -> Box:
        raise SettingError(f"there is no box '{name}'")

    assert made(Named, {"box": "3"}, "a box", {Box: _box}).box == Box(3)
    with pytest.raises(SettingError, match=r"^there is no box 'blue'$"):
        made(Named, {"box": "blue"}, "a box", {Box: find})


def test_own_settings_are_taken_out_of_all():
    mine, others = taken(Scan, {"name": "hip", "count": 3, "colour": "red", "age": None}, "a scan")
    assert mine == Scan("hip", count=3)
    assert others == {"colour": "red", "age": None}


@given(st.floats(5, 500))
def test_any_number_in_its_range_is_the_same_as_text(number):
    assert scan(depth_mm=repr(number)) == scan(depth_mm=number)
    assert scan(depth_mm=number).depth_mm == number


@given(st.integers())
def test_any_whole_number_is_taken_or_told_alike_as_text(number):
    if 1 <= number <= 100:
        assert scan(count=str(number)) == scan(count=number)
    else:
        assert refusal(count=str(number)) == refusal(count=number)


@given(st.text())
def test_any_text_is_a_number_or_told(text):
    try:
        found = scan(depth_mm=text).depth_mm
    except SettingError as error:
        assert str(error).startswith("--depth is ")
    else:
        assert 5 <= found <= 500
