"""Settings as people type them."""

import pytest

from edge.app.probe.setting import AskedSetting, changes_from, split_settings
from edge.errors import SettingError
from firmware_bridge.host.parameters import ParameterDescription

TABLE = (
    ParameterDescription("depth_mm", "depth", "mm", 15, 80, 0.5, 30, 30),
    ParameterDescription("tgc_3_db", "tgc_3", "dB", -20, 20, 1, 0, 0),
    ParameterDescription("frequency_mhz", "frequency", "MHz", 4, 15, 0.5, 10, 10),
    ParameterDescription("preset", "preset", "", 0, 3, 1, 0, 0),
)


@pytest.mark.parametrize(
    ("text", "keyword", "value"),
    [
        ("depth=35", "depth_mm", 35.0),
        ("depth=35mm", "depth_mm", 35.0),
        ("depth = 35.5 mm", "depth_mm", 35.5),
        ("DEPTH=+.5MM", "depth_mm", 0.5),
        ("tgc_3=-3", "tgc_3_db", -3.0),
        ("tgc-3=-3dB", "tgc_3_db", -3.0),
        ("frequency=7.mhz", "frequency_mhz", 7.0),
        ("preset=nerve", "preset", "nerve"),
        ("depth_mm=35", "depth_mm", 35.0),
        ("tgc_3_db=-3", "tgc_3_db", -3.0),
    ],
)
def test_what_is_understood(text, keyword, value):
    assert changes_from(split_settings([text]), TABLE) == {keyword: value}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["depth"], "NAME=VALUE"),
        (["depth="], "NAME=VALUE"),
        (["=3"], "NAME=VALUE"),
        (["depth=35", "depth=36"], "twice"),
        (["depth=35", "depth_mm=36"], "depth is asked for twice"),
        (["dept=35"], "did you mean depth?"),
        (["colour=35"], "depth, tgc_3, frequency, preset"),
        (["depth=deep"], "number in mm"),
        (["depth=nan"], "number in mm"),
        (["depth=3.5cm"], "not in 'cm'"),
        (["depth=1,5"], "number in mm, not '1,5'"),
        (["depth=--3"], "number in mm"),
    ],
)
def test_what_is_not_understood_changes_nothing(texts, said):
    with pytest.raises(SettingError, match="nothing was changed") as refused:
        changes_from(split_settings(texts), TABLE)
    assert said in str(refused.value)


def test_the_order_of_asking_is_kept():
    assert split_settings(["gain=1", "depth=2"]) == (AskedSetting("gain", "1"), AskedSetting("depth", "2"))
