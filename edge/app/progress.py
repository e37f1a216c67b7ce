"""What a terminal shows while a run goes on: two lines that stay in their place."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from edge.app.console import COLOURS, counted, err, say
from edge.finding import Finding
from edge.loop.statistics import Statistics
from edge.overlay.wording import value_text
from edge.terms import Terms

REFRESH_PER_S = 8
LOG_EVERY_S = 60.0
"""In a log or a pipe, where what takes hours says how far it is."""
BAR_SIGNS = 24


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


class RecordingsLine:
    """How far a batch is: a line that stays in its place on a terminal; elsewhere a new line every minute."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._counts: Counter[str] = Counter()
        self._live = Live(console=err(), refresh_per_second=REFRESH_PER_S, transient=True)
        self._began_s = self._told_s = time.monotonic()

    def count(self, outcome: str) -> None:
        self._counts[outcome] += 1

    def update(self, workers: int) -> None:
        now_s = time.monotonic()
        every_s = 1 / REFRESH_PER_S if self._live.is_started else LOG_EVERY_S
        if now_s - self._told_s < every_s:
            return
        self._told_s = now_s
        text = recordings_text(self._counts, self._total, now_s - self._began_s, workers)
        if self._live.is_started:
            text.truncate(err().width - 1, overflow="ellipsis")
            self._live.update(text)
        else:
            say(text.plain)

    @contextmanager
    def shown(self) -> Iterator["RecordingsLine"]:
        if not err().is_terminal:
            yield self
            return
        with self._live:
            yield self


def recordings_text(counts: Mapping[str, int], total: int, seconds: float, workers: int) -> Text:
    """`120 of 1000, 4.1/s, 3 min 35 s left, 2 workers: 100 measured, 20 refused`, behind a bar."""
    done = sum(counts.values())
    filled = BAR_SIGNS * done // max(1, total)
    pace = done / seconds if seconds > 0 else 0.0
    text = Text.assemble(("━" * filled, "green"), ("─" * (BAR_SIGNS - filled), "dim"), (f" {done} of {total}", "bold"))
    text.append(f", {pace:.1f}/s" if done else "")
    text.append(f", {span_text((total - done) / pace)} left" if pace and done < total else "")
    text.append(
        f", {counted(workers, 'worker')}" if workers else ", waiting for workers", style="" if workers else "yellow"
    )
    for index, (outcome, number) in enumerate(counts.items()):
        text.append(", " if index else ": ")
        text.append(f"{number} {outcome}", style=COLOURS.get(outcome, "red" if outcome == "error" else ""))
    return text


def span_text(seconds: float) -> str:
    """`45 s`, `3 min 35 s`, `2 h 5 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
