"""What a finding's numbers are worth: the last look at them, by what the task declares of each."""

from dataclasses import replace

from edge.finding import CaliperMark, Finding, Measurement, SeriesMark, Verdict
from edge.frame import Frame
from edge.terms import CutOffs, Terms, plain_unit


def judged(frame: Frame, finding: Finding, terms: Terms) -> Finding:
    """The finding as it may be told. frame: the one that it was made on.

    Where a number is none that a living person has, the scale or the structure is wrong, and none is told. Where the
    frame's scale may be wrong, the finding is `limited` at best. Numbers that hold in simulated pictures alone are left
    out of a real one's, and a note says why. A number is set against its published cut-offs. An interval that is wider
    than its value, or holds a cut-off that is told, makes the finding `limited` at best.
    """
    if finding.verdict is Verdict.REFUSED:
        return finding
    impossible = tuple(reason for one in finding.measurements if (reason := _implausible(one, terms)))
    if impossible:
        seen = tuple(mark for mark in finding.marks if not isinstance(mark, CaliperMark | SeriesMark))
        return replace(finding, verdict=Verdict.REFUSED, reasons=impossible, measurements=(), marks=seen)
    held_back = () if frame.simulated else _simulated_only(finding, terms)
    kept = tuple(one for one in finding.measurements if not terms.measurement(one.name).simulated_only or not held_back)
    against = [(one, cuts) for one in kept if (cuts := _cut_offs(one, terms)) is not None]
    of_scale = frame.doubts if frame.spacing is not None else ()
    doubts = (
        *of_scale,
        *_too_wide(kept, terms),
        *(reason for one, cuts in against for reason in _undecided(one, cuts, terms)),
    )
    return replace(
        finding,
        verdict=Verdict.LIMITED if doubts else finding.verdict,
        reasons=(*finding.reasons, *doubts),
        measurements=kept,
        notes=(*finding.notes, *held_back, *(_told(one, cuts) for one, cuts in against)),
    )


def _implausible(one: Measurement, terms: Terms) -> str:
    """A reason to refuse, where the value lies outside what its term holds plausible; empty where it does not."""
    term = terms.measurement(one.name)
    if term.plausible is None or one.unit != term.unit or term.plausible[0] <= one.value <= term.plausible[1]:
        return ""
    (low, high), unit = term.plausible, plain_unit(one.unit)
    return (
        f"{terms.words(one.name)} would be {one.value:.3g} {unit}, outside {low:g} to {high:g} {unit} "
        f"({term.source}): the scale or the structure is wrong"
    )


def _simulated_only(finding: Finding, terms: Terms) -> tuple[str, ...]:
    """Why some of its numbers are not told, each reason once."""
    why = (terms.measurement(one.name).simulated_only for one in finding.measurements)
    return tuple(dict.fromkeys(reason for reason in why if reason))


def _too_wide(measurements: tuple[Measurement, ...], terms: Terms) -> tuple[str, ...]:
    about = [(one, terms.measurement(one.name)) for one in measurements]
    numbers = [(one, term) for one, term in about if not (term.signed or one.named)]
    wide = [(one, term) for one, term in numbers if one.high - one.low > abs(one.value)]
    named = [terms.words(one.name) for one, term in wide if not term.detail] or [
        terms.words(one.name) for one, _ in wide
    ]
    return (f"interval wider than the value: {', '.join(named)}",) if named else ()


def _cut_offs(one: Measurement, terms: Terms) -> CutOffs | None:
    """Those that are told of it."""
    term = terms.measurement(one.name)
    cuts = term.cut_offs
    if cuts is None or one.unit != term.unit or not cuts.between[0] <= one.value <= cuts.between[1]:
        return None
    return cuts


def _undecided(one: Measurement, cuts: CutOffs, terms: Terms) -> tuple[str, ...]:
    """A doubt, where the interval holds cut-offs."""
    held = [f"{value:g}" for value, _ in cuts.values if one.low <= value <= one.high]
    if not held:
        return ()
    plural = "cut-off" if len(held) == 1 else "cut-offs"
    return (f"{terms.words(one.name)}: its interval holds the {plural} {' and '.join(held)} {plain_unit(one.unit)}",)


def _told(one: Measurement, cuts: CutOffs) -> str:
    """What the value would mean by the cut-offs; never an answer."""
    said = [f"{_side(one, value)} {value:g} {plain_unit(one.unit)} ({worth})" for value, worth in cuts.values]
    return f"{cuts.condition}: {'; '.join(said)}; no diagnosis"


def _side(one: Measurement, cut_off: float) -> str:
    if one.low <= cut_off <= one.high:
        return "not to be told from the cut-off"
    return "above the cut-off" if one.value > cut_off else "below the cut-off"
