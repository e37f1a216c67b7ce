"""The wire layout has one source, and both sides are made from it."""

from struct import calcsize

import pytest

from firmware_bridge.line import messages
from tools.wire.__main__ import made
from tools.wire.layout import FieldLayout, load_layout

LAYOUT = load_layout()


@pytest.mark.parametrize(("path", "text"), made(LAYOUT).items(), ids=lambda value: getattr(value, "name", ""))
def test_made_files_are_up_to_date(path, text):
    assert path.read_text() == text, f"{path.name} is old; run: python -m tools.wire"


def test_digest_depends_on_the_content_and_not_on_comments(tmp_path):
    other = tmp_path / "messages.toml"
    source = (made.__globals__["BRIDGE"] / "line" / "messages.toml").read_text()
    other.write_text("# another comment\n" + source)
    assert load_layout(other).digest == LAYOUT.digest == messages.LAYOUT_DIGEST
    other.write_text(source.replace("mi_limit_milli = 1900", "mi_limit_milli = 2900"))
    assert load_layout(other).digest != LAYOUT.digest


def test_a_number_used_twice_is_refused(tmp_path):
    other = tmp_path / "messages.toml"
    source = (made.__globals__["BRIDGE"] / "line" / "messages.toml").read_text()
    other.write_text(source.replace("id = 0x02", "id = 0x01"))
    with pytest.raises(SystemExit, match="share an id"):
        load_layout(other)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ('[["values", "i32[2]"], ["device_us", "u32"]]', "array before a single value"),
        ('[["data", "bytes"], ["device_us", "u32"]]', "tail that is not its last"),
    ],
)
def test_an_order_of_fields_that_cannot_be_packed_is_refused(tmp_path, fields, reason):
    other = tmp_path / "messages.toml"
    source = (made.__globals__["BRIDGE"] / "line" / "messages.toml").read_text()
    other.write_text(f'{source}\n[[message]]\nname = "Odd"\nid = 0x7f\nfrom = "host"\nfields = {fields}\n')
    with pytest.raises(SystemExit, match=reason):
        load_layout(other)


@pytest.mark.parametrize("message", LAYOUT.messages, ids=lambda message: message.name)
def test_python_size_is_the_layouts(message):
    assert calcsize(messages.MESSAGES[message.number].LAYOUT.format) == message.fixed_size


def test_presets_start_within_their_ranges():
    for preset in messages.PRESETS:
        for row, value in zip(messages.PARAMETERS, preset.values, strict=True):
            assert row.minimum <= value <= row.maximum
            assert (value - row.minimum) % row.step == 0


def test_array_size():
    assert FieldLayout("values", "i32", 17).size == 68
