"""A live sweep is compared with the phantom that was scanned."""

from edge.task.spine.levels import SEGMENTS
from edge.task.spine.spec import SpinePhantomOptions
from tools.spine import live


def test_a_second_of_a_live_sweep_is_told_beside_the_truth(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "LONGEST_S", 1.5)
    told = live.swept_live(3, SpinePhantomOptions(speed=20.0), live.CLEAN, 5, tmp_path)
    assert len(told.s_mm) == len(told.levels) == len(told.verdicts) > 3
    assert told.s_mm[0] == told.case.cine.held(0.0).s_mm and told.s_mm[-1] > told.s_mm[0]
    assert set(told.levels) <= {None, SEGMENTS.index("sacrum")}, "the sweep has not left it yet"
