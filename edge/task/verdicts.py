"""A task's words on a frame as a Finding."""

from edge.finding import Finding, Mark, Measurement, Verdict
from edge.frame import Frame


def finding_of(
    task: str,
    frame: Frame,
    verdict: Verdict,
    reasons: tuple[str, ...],
    measurements: tuple[Measurement, ...] = (),
    marks: tuple[Mark, ...] = (),
    *,
    notes: tuple[str, ...] = (),
    carried: object | None = None,
) -> Finding:
    """The finding with what the frame itself tells: its number, exposure, scale and notes, then the `notes`."""
    return Finding(
        task,
        frame.sequence,
        frame.exposed_ns,
        verdict,
        reasons,
        measurements,
        marks,
        frame.spacing,
        (*frame.notes, *notes),
        carried=carried,
    )
