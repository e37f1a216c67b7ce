"""The read-out: what was measured, how sure, and what was withheld; or that nothing was measured, and why."""

from typing import Final

from edge.finding import Finding, Measurement, Verdict
from edge.overlay.card import Card, Row, Text
from edge.overlay.palette import BLACK, GREY, OLD, VERDICTS, WARNING, WHITE
from edge.overlay.text import BOLD, line_height, wrapped
from edge.overlay.wording import fixed, plain, range_text
from edge.terms import Terms, decimals_of, plain_unit

_TITLES: Final = {Verdict.MEASURED: "MEASURED", Verdict.LIMITED: "LIMITED", Verdict.REFUSED: "NO MEASUREMENT"}
_PANEL_WIDTH_EM: Final = 18
_BANNER_WIDTH_EM: Final = 26
"""Width of wrapped reasons as a multiple of the font's size."""


def finding_card(finding: Finding, terms: Terms, age_s: float | None, old: bool, size: int, max_height: int) -> Card:
    """The card of a finding; `old`: it belongs to an earlier frame, which is said first. `size`: of the font."""
    refused = finding.verdict is Verdict.REFUSED
    shown = (m for m in finding.measurements if not terms.measurement(m.name).detail)
    table = () if refused else tuple(_row(m, terms, size) for m in shown)
    head = _head(finding, age_s, old, size, bool(table))
    room = max_height - (len(head) + len(table) + 2) * line_height(size)
    said = _said(finding, size, _text_width(table, refused, size), room)
    body = (*table, (), *said) if table and said else (*table, *said)
    rows: tuple[Row, ...] = (*head, (), *body) if body else head
    if refused and not old:
        rows = (rows[0], (), *rows[1:])
    if old:
        rows = (rows[0], *(tuple(cell.dim() for cell in row) for row in rows[1:]))
    bar = OLD if old else VERDICTS[finding.verdict]
    return Card(rows, bar, broken_bar=old or finding.verdict is Verdict.LIMITED, banner=refused and not old)


def title_card(finding: Finding, size: int) -> Card:
    """The verdict alone, for pictures with no room for more."""
    return Card(((Text(_TITLES[finding.verdict], size, VERDICTS[finding.verdict], BOLD),),), VERDICTS[finding.verdict])


def _head(finding: Finding, age_s: float | None, old: bool, size: int, table: bool) -> tuple[Row, ...]:
    """Task and verdict (or that it is old), then the age and what the last column holds."""
    small = size - size // 8
    age = "" if age_s is None else age_text(age_s)
    title, colour = _TITLES[finding.verdict], VERDICTS[finding.verdict]
    if old:
        first = Text(f"OLD {age}".strip(), size, WARNING, BOLD)
        second = [Text(title, small, colour)]
    elif finding.verdict is Verdict.REFUSED:
        first = Text(title, size, BLACK, BOLD)
        second = [Text(f"{age} ago", small, GREY)] if age else []
    else:
        first = Text(title, size, colour, BOLD)
        second = [Text(f"{age} ago" if age else "", small, GREY)]
    if table:
        second.append(Text("90 % interval", small, GREY))
    task = Text(plain(finding.task).capitalize(), size, first.colour if first.colour == BLACK else WHITE, BOLD)
    return ((task, first), tuple(second)) if any(cell.text for cell in second) else ((task, first),)


def age_text(age_s: float) -> str:
    """`0.06 s`, `0.4 s`, `12 s`."""
    return f"{age_s:.2f} s" if age_s < 0.1 else f"{age_s:.1f} s" if age_s < 10 else f"{age_s:.0f} s"


def _row(measurement: Measurement, terms: Terms, size: int) -> Row:
    places = decimals_of(measurement.unit, terms.measurement(measurement.name))
    return (
        Text(terms.words(measurement.name), size, WHITE),
        Text(fixed(measurement.value, places), size, WHITE, BOLD),
        Text(plain_unit(measurement.unit), size, GREY),
        Text(range_text(measurement.low, measurement.high, places), size, GREY),
    )


def _text_width(table: tuple[Row, ...], refused: bool, size: int) -> int:
    """Pixels that a line of reasons may take: at least as many as the table does."""
    least = (_BANNER_WIDTH_EM if refused else _PANEL_WIDTH_EM) * size
    return max(least, Card(table, OLD).text_width) if table else least


def _said(finding: Finding, size: int, width: int, height: int) -> tuple[Row, ...]:
    """Reasons, then notes, wrapped; as many lines as `height` holds, the last one then ending in dots."""
    small = size - size // 8
    colour = WHITE if finding.verdict is Verdict.REFUSED else WARNING
    rows: list[Row] = [(Text(line, size, colour),) for line in _lines(finding.reasons, size, width)]
    rows += [(Text(line, small, GREY),) for line in _lines(finding.notes, small, width)]
    room = max(1, height // line_height(size))
    if len(rows) > room:
        last = rows[room - 1][0]
        rows[room - 1 :] = [(Text(f"{last.text} …", last.size, last.colour),)]
    return tuple(rows)


def _lines(sentences: tuple[str, ...], size: int, width: int) -> list[str]:
    return [line for sentence in sentences for line in wrapped(sentence, size, width)]
