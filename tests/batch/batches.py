"""Batches of made-up numbers."""

from pathlib import Path

import pyarrow as pa

from edge.batch.results import Results
from edge.batch.tables import Measured, frame_schema
from edge.terms import MeasurementTerm, Terms

TERMS = Terms((MeasurementTerm("length", "mm"), MeasurementTerm("angle", "deg", signed=True)))


def about(version: str = "1", **settings: object) -> dict[str, object]:
    told = {"task": "fake", "source": "archive", "fps": None} | settings
    return {"sonoedge": version, "settings": told, "model": {"sha256": {"m.onnx": "f" * 64}}, "runtime": None}


def measured(
    recording: str,
    value: float | None = 1.0,
    *,
    frames: int = 2,
    digest: str = "d",
    terms: Terms = TERMS,
    **cells: object,
):
    row = {
        "recording": recording,
        "device": "Alpha",
        "outcome": "measured" if frames else "error",
        "error": "" if frames else "it is damaged",
        "frames": frames,
        "length_mm": value,
        "sha256": digest,
        "bytes": 10,
        "modified_ns": 7,
    } | cells
    rows = [{"recording": recording, "sequence": number, "length_mm": value} for number in range(frames)]
    return Measured(recording, row, pa.Table.from_pylist(rows, schema=frame_schema(terms)))


def write_batch(path: Path, *rows: Measured, terms: Terms = TERMS, **settings: object) -> Path:
    with Results(path, about(**settings), terms) as results:
        results.write(rows)
    return path
