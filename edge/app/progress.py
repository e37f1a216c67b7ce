"""What a terminal shows while a run goes on: two lines that stay in their place."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from edge.app.console import COLOURS, err
from edge.finding import Finding
from edge.loop.statistics import Statistics
from edge.overlay.wording import value_text
from edge.terms import Terms

REFRESH_PER_S = 8


class ProgressLine:
    """Shown on standard error where that is a terminal; nothing is written to logs and pipes."""

    def __init__(self, console: Console, terms: Terms) -> None:
        self._console, self._terms = console, terms
        self._live = Live(console=console, refresh_per_second=REFRESH_PER_S, transient=True)
        self._shown_s = 0.0

    def update(self, statistics: Callable[[], Statistics], finding: Finding) -> None:
        """Asks for the counters only as often as the line changes: medians cost more than a frame should."""
        if not self._live.is_started or time.monotonic() - self._shown_s < 1 / REFRESH_PER_S:
            return
        self._shown_s = time.monotonic()
        self._live.update(progress_text(statistics(), finding, self._terms, self._console.width))

    @contextmanager
    def shown(self) -> Iterator["ProgressLine"]:
        if not self._console.is_terminal:
            yield self
            return
        with self._live:
            yield self


def progress_text(statistics: Statistics, finding: Finding, terms: Terms, width: int) -> Text:
    """Two lines: frames, pace, age, losses; then what the newest frame says."""
    age_ms = statistics.age_at_display.median_ms if statistics.age_at_display else 0.0
    counters = Text(
        f"{statistics.processed} frames  {statistics.frames_per_s:.1f}/s  {age_ms:.0f} ms old", style="bold"
    )
    counters.append(f"  {statistics.lost} lost" if statistics.lost else "", style="yellow")
    shown = [one for one in finding.measurements if not terms.measurement(one.name).detail]
    says = "; ".join((*([", ".join(value_text(one, terms) for one in shown)] if shown else []), *finding.reasons))
    newest = Text.assemble((finding.verdict.value, COLOURS[finding.verdict]), f"  {says}")
    for line in (counters, newest):
        line.truncate(width - 1, overflow="ellipsis")
    return Text("\n").join((counters, newest))


def progress_line(terms: Terms) -> ProgressLine:
    return ProgressLine(err(), terms)
