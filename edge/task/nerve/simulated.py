"""`phantom:nerve`: nerves beside vessels, and what a finding of them would say if it erred in nothing."""

from edge.finding import Finding
from edge.phantom.anatomy import Sizes
from edge.task.nerve.phantom import LIVE_NERVE, NerveCine
from edge.task.nerve.phantom_truth import TrueNerve
from edge.task.nerve.spec import NervePhantomOptions


class SimulatedNerve(NerveCine):
    """Nerves with their truth, of which the first is the one that is meant."""

    imaging = LIVE_NERVE

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        nerves = self.truth(t_s).nerves
        return true_sizes(nerves[0]) if nerves else {}


def true_sizes(nerve: TrueNerve) -> Sizes:
    return {
        "cross_sectional_area": nerve.area_mm2,
        "long_axis": nerve.long_axis_mm,
        "short_axis": nerve.short_axis_mm,
        "flattening_ratio": nerve.flattening_ratio,
        "depth_under_skin": nerve.depth_mm,
        "vessel_distance": nerve.nearest_vessel_mm,
        "outer_area": nerve.outer_area_mm2,
    }


def open_cine(seed: int, options: NervePhantomOptions) -> SimulatedNerve:
    return SimulatedNerve(seed, motion=options.motion, nerves=options.nerves)
