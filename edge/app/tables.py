"""Tables that end a run: what was found, and how the run went."""

from collections.abc import Mapping

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.app.console import COLOURS, counted
from edge.exam.summary import Summary
from edge.loop.statistics import Spread, Statistics
from edge.overlay.wording import fixed, range_text
from edge.terms import Terms, decimals_of, plain_unit

SHOWN_REASONS = 5
DROP_PLACES = {
    "source": "never read from the source",
    "mailbox": "replaced by a newer one while the loop was busy",
    "budget": "left out to keep to the budget",
}


def summary_view(summary: Summary, terms: Terms) -> RenderableType:
    """Verdicts, the middle of each measure, and the most frequent reasons."""
    parts: list[RenderableType] = [verdict_line(summary)]
    if summary.measures:
        parts.append(measure_table(summary, terms))
    if summary.unscaled:
        parts.append(Text(f"{counted(summary.unscaled, 'frame')} without a scale: pixels are left out", style="yellow"))
    if summary.reasons:
        parts.append(reason_lines(summary))
    return Group(*parts)


def verdict_line(summary: Summary) -> Text:
    line = Text(f"{counted(summary.frames, 'frame')}: ", style="bold")
    for index, (verdict, frames) in enumerate(summary.verdicts):
        line.append(", " if index else "")
        line.append(f"{frames} {verdict}", style=COLOURS.get(verdict, ""))
    return line


def outcome_line(outcomes: Mapping[str, int]) -> Text:
    """Recordings by the best verdict of their frames, and those without one."""
    line = Text(f"{counted(sum(outcomes.values()), 'recording')}: ", style="bold")
    for index, outcome in enumerate((*COLOURS, "error")):
        number = outcomes.get(outcome, 0)
        line.append(", " if index else "")
        shown = f"{number} {outcome}" if outcome in COLOURS else counted(number, outcome)
        line.append(shown, style=COLOURS.get(outcome, "bold red") if number else "")
    return line


def measure_table(summary: Summary, terms: Terms) -> Table:
    """Fits 80 columns: the width of a serial console."""
    table = plain_table("measure", "median", "unit", "90 % interval", "5 to 95 % of frames", left=("measure", "unit"))
    for measure in summary.measures:
        places = decimals_of(measure.unit, terms.measurement(measure.name))
        if measure.named:
            table.add_row(terms.words(measure.name), measure.named, "", "", "")
            continue
        interval, span = range_text(measure.low, measure.high, places), range_text(measure.p5, measure.p95, places)
        table.add_row(
            terms.words(measure.name), fixed(measure.median, places), plain_unit(measure.unit), interval, span
        )
    return table


def reason_lines(summary: Summary) -> RenderableType:
    lines = Table.grid(padding=(0, 1))
    lines.add_column(justify="right")
    for reason, frames in summary.reasons[:SHOWN_REASONS]:
        lines.add_row(f"  {frames} x", Text(reason), style="yellow")
    left = len(summary.reasons) - SHOWN_REASONS
    if left > 0:
        lines.add_row("and", Text(counted(left, "other reason")), style="yellow")
    return Group(Text("reasons:", style="yellow"), lines)


def run_view(statistics: Statistics) -> RenderableType:
    """Pace, age, losses and the time of each stage."""
    table = plain_table("stage", "median ms", "95 % under ms", left=("stage",))
    for spread in (*statistics.stages, *_age(statistics)):
        table.add_row(spread.name, f"{spread.median_ms:.2f}", f"{spread.p95_ms:.2f}")
    pace = f"{statistics.frames_per_s:.1f} frames/s, {statistics.grabbed} grabbed, {statistics.processed} worked on"
    return Group(Text(pace, style="bold"), *_drop_lines(statistics), table)


def plain_table(*columns: str, left: tuple[str, ...]) -> Table:
    """A table without frame; columns not in `left` hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in left else "right")
    return table


def _age(statistics: Statistics) -> tuple[Spread, ...]:
    age = statistics.age_at_display
    return () if age is None else (Spread("age at display", age.median_ms, age.p95_ms, age.samples),)


def _drop_lines(statistics: Statistics) -> list[Text]:
    return [
        Text(
            f"{counted(drop.frames, 'frame')} {DROP_PLACES.get(drop.place, f'not kept by {drop.place}')}",
            style="yellow",
        )
        for drop in statistics.dropped
        if drop.frames
    ]
