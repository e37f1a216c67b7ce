"""The network's judges and intervals fitted, and the network measured; called by `python -m tools.evaluate`."""

from collections.abc import Mapping, Sequence

from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number, load_manifest, read_arrays
from edge.task.contract import Given
from edge.task.gate import gate_faults
from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.spec import SPEC, SynovitisOptions
from edge.task.synovitis.task import SynovitisTask
from tools.bundle import bundle, load_facts
from tools.lesson import MODELS, Evaluated
from tools.single_pictures import measured_by, outputs_for
from tools.synovitis.evaluation import evaluated
from tools.synovitis.fitting import fitted
from tools.synovitis.scenes import Scene

NAME = "synovitis"


def calibrate(runtime: Runtime) -> Sequence[Number]:
    """Writes the judges beside the network, into the manifest too; returns the half-widths."""
    task, folder = SynovitisTask(), MODELS / NAME

    def look(scene: Scene) -> JointSeen | None:
        if gate_faults(scene.frame, SPEC.gate):
            return None
        prepared = task.prepare(scene.frame)
        return task.seen_in(prepared, outputs_for(prepared, runtime))

    figures = fitted(look, folder)
    bundle(folder, load_facts(NAME))
    return figures


def evaluate(runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    folder = MODELS / NAME
    arrays = read_arrays(folder, load_manifest(folder))
    task = SynovitisTask(Given(SynovitisOptions(), figures, arrays))
    return evaluated(measured_by(task, SPEC.gate, runtime), precision)
