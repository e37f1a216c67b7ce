"""Fit and measure the pathway without a network: `python -m tools.synovitis.classical`; then `python -m tools.card
synovitis_classical`. Tables go to out/evaluate/synovitis_classical.md."""

from edge.runtime.manifest import read_arrays
from edge.task.contract import Given
from edge.task.synovitis.classical import ClassicalSynovitisTask
from edge.task.synovitis.seen import JointSeen
from edge.task.synovitis.spec import SPEC, SynovitisOptions
from tools.bundle import bundle, load_facts, record
from tools.evaluate import TABLES
from tools.lesson import MODELS
from tools.single_pictures import measured_by
from tools.synovitis.evaluation import evaluated
from tools.synovitis.fitting import fitted
from tools.synovitis.scenes import Scene

NAME = "synovitis_classical"


def look(scene: Scene) -> JointSeen | None:
    return ClassicalSynovitisTask().seen_in(scene.frame)


def main() -> None:
    folder = MODELS / NAME
    folder.mkdir(exist_ok=True)
    calibration = fitted(look, folder)
    bundle(folder, load_facts(NAME))
    manifest = record(folder, calibration=calibration)
    given = Given(SynovitisOptions(), manifest.figures(), read_arrays(folder, manifest))
    task = ClassicalSynovitisTask(given)
    found = evaluated(measured_by(task, SPEC.gate, None), "classical")
    record(folder, metrics=found.metrics)
    TABLES.mkdir(parents=True, exist_ok=True)
    (TABLES / f"{NAME}.md").write_text("\n".join(found.tables) + "\n")
    for number in found.metrics:
        print(f"{number.name:70} {number.value:8.3f}")
    print("\n".join(found.tables))


if __name__ == "__main__":
    main()
