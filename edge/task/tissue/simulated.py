"""`phantom:tissue`: one patient's muscle under a moving probe."""

from edge.finding import Finding
from edge.phantom.anatomy import Sizes
from edge.task.tissue.phantom import LIVE_TISSUE, TissueCine
from edge.task.tissue.spec import TissuePhantomOptions


class SimulatedTissue(TissueCine):
    """A muscle that is infiltrated to the degree of its options."""

    imaging = LIVE_TISSUE

    def sizes(self, t_s: float, finding: Finding) -> Sizes:
        """None of its findings' values has a true one: a kind of tissue is no size."""
        return {}


def open_cine(seed: int, options: TissuePhantomOptions) -> SimulatedTissue:
    return SimulatedTissue(seed, motion=options.motion, degree=options.degree)
