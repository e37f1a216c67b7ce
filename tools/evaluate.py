"""Calibrate a shipped model's intervals and measure it: `python -m tools.evaluate TASK`.

Calibrated on int8, then measured with both precisions, on the pictures that tools/TASK/evaluation.py takes. The figures
go to the manifest; tables, where there are any, to out/evaluate/TASK.md.
"""

import argparse
from pathlib import Path

from edge.runtime.manifest import Number, load_manifest
from edge.runtime.opening import open_runtime
from tools.bundle import record
from tools.lesson import MODELS, calibration_of, evaluation_of, lesson_of, lessons

TABLES = Path("out/evaluate")


def evaluate_task(name: str) -> tuple[Number, ...]:
    """Writes calibration, metrics and tables; returns the metrics."""
    folder, lesson = MODELS / name, lesson_of(name)
    metrics: list[Number] = []
    tables: list[str] = []
    for precision in ("int8", "float"):
        runtime, _ = open_runtime("onnx", folder, precision=precision, threads=1)
        with runtime:
            if precision == "int8":
                record(folder, calibration=calibration_of(lesson, runtime))
            evaluated = evaluation_of(lesson, runtime, load_manifest(folder).figures(), precision)
        metrics += evaluated.metrics
        tables += evaluated.tables
    record(folder, metrics=metrics)
    if tables:
        TABLES.mkdir(parents=True, exist_ok=True)
        (TABLES / f"{name}.md").write_text("\n".join(tables) + "\n")
        print("\n".join(tables))
    return tuple(metrics)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=lessons())
    for number in evaluate_task(parser.parse_args().task):
        print(f"{number.name:58} {number.value:8.4f} {number.unit}")


if __name__ == "__main__":
    main()
