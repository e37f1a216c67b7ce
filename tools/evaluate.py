"""Calibrate a shipped model's intervals and measure it: `python -m tools.evaluate TASK`.

What is done with which pictures: `evaluation.py` or `evaluate.py` in tools/TASK. All is written to the manifest.
"""

import argparse
from importlib import import_module

from edge.runtime.manifest import Number
from edge.runtime.opening import open_runtime
from tools.bundle import record
from tools.recipe import MODELS

STEPWISE = ("cartilage", "nerve", "tissue")
"""Calibrated on int8, then measured with both precisions. The muscle's evaluation goes its own way."""


def evaluate_stepwise(name: str) -> tuple[Number, ...]:
    """Writes calibration and metrics; returns the metrics."""
    # Only the task that is asked for: some need torch.
    folder, part = MODELS / name, import_module(f"tools.{name}.evaluation")
    metrics: list[Number] = []
    for precision in ("int8", "float"):
        runtime, _ = open_runtime("onnx", folder, precision=precision, threads=1)
        with runtime:
            if precision == "int8":
                calibration = part.calibrate(runtime)
                record(folder, calibration=calibration)
            known = {number.name: number.value for number in calibration}
            metrics += part.evaluate(runtime, known, precision)
    record(folder, metrics=metrics)
    return tuple(metrics)


def evaluate_task(name: str) -> tuple[Number, ...]:
    """Writes calibration and metrics; returns the metrics."""
    if name in STEPWISE:
        return evaluate_stepwise(name)
    from tools.muscle.evaluate import evaluate

    return evaluate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=(*STEPWISE, "muscle"))
    for number in evaluate_task(parser.parse_args().task):
        print(f"{number.name:58} {number.value:8.4f} {number.unit}")


if __name__ == "__main__":
    main()
