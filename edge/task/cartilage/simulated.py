"""`phantom:cartilage`: a knee under a moving probe, and what a finding of it would say if it erred in nothing."""

import numpy as np

from edge.finding import Finding
from edge.option import NoOptions
from edge.phantom.anatomy import Sizes
from edge.task.cartilage.band import measure_band
from edge.task.cartilage.phantom import LIVE_CARTILAGE, CartilageCine
from edge.task.cartilage.phantom_anatomy import TrueBand
from edge.task.cartilage.spec import THIRDS


class SimulatedKnee(CartilageCine):
    """A knee with its truth."""

    imaging = LIVE_CARTILAGE

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        return true_sizes(self.band(t_s))


def true_sizes(band: TrueBand) -> Sizes:
    """The cartilage measured as the task measures what it saw; the phantom's left side is medial."""
    seen = np.isfinite(band.upper_mm) & np.isfinite(band.lower_mm)
    size = measure_band(band.x_mm[seen], band.upper_mm[seen], band.lower_mm[seen])
    named = {f"mean_thickness_{side}": value for side, value in zip(THIRDS, size.thirds, strict=True)}
    return {**named, "mean_thickness": size.mean, "area": size.area}


def open_cine(seed: int, options: NoOptions) -> SimulatedKnee:
    return SimulatedKnee(seed)
