"""The read-out: what was measured, how sure, and what was withheld; or that nothing was measured, and why."""

from functools import lru_cache
from typing import Final

from edge.finding import Finding, Verdict
from edge.overlay.card import Card, Row, columns, table_width
from edge.overlay.palette import BLACK, GREY, OLD, VERDICTS, WARNING, WHITE
from edge.overlay.text import BOLD, line_height, styled, wrapped
from edge.overlay.wording import fixed, plain, range_text, said
from edge.terms import Terms, plain_unit

_TITLES: Final = {Verdict.MEASURED: "MEASURED", Verdict.LIMITED: "LIMITED", Verdict.REFUSED: "NO MEASUREMENT"}
_PANEL_WIDTH_EM: Final = 18
_BANNER_WIDTH_EM: Final = 26
"""Width of wrapped reasons as a multiple of the font's size."""


def finding_card(
    finding: Finding,
    terms: Terms,
    age_s: float | None,
    old: bool,
    size: int,
    max_height: int,
    last: Card | None = None,
) -> Card:
    """The card of a finding, or `last` where that says the same. `old`: it belongs to an earlier frame, which is said
    first. `size`: of the font."""
    refused = finding.verdict is Verdict.REFUSED
    table = () if refused else _table(finding, terms, size)
    head = _head(finding.task, finding.verdict, "" if age_s is None else age_text(age_s), old, size, bool(table))
    room = max_height - (len(head) + len(table) + 2) * line_height(size)
    width = _reason_width(table, refused, size)
    below = _reasons(finding.reasons, finding.notes, refused, size, width, max(1, room // line_height(size)))
    body = (*table, (), *below) if table and below else (*table, *below)
    rows: tuple[Row, ...] = (*head, (), *body) if body else head
    if refused and not old:
        rows = (rows[0], (), *rows[1:])
    if old:
        rows = (rows[0], *(tuple(cell.dim() for cell in row) for row in rows[1:]))
    bar = OLD if old else VERDICTS[finding.verdict]
    look = bar, old or finding.verdict is Verdict.LIMITED, refused and not old
    if last is not None and rows == last.rows and look == (last.bar, last.broken_bar, last.banner):
        return last
    return Card(rows, *look)


def title_card(finding: Finding, size: int) -> Card:
    """The verdict alone, for pictures with no room for more."""
    title, colour = _TITLES[finding.verdict], VERDICTS[finding.verdict]
    return Card(((styled(title, size, colour, BOLD),),), colour)


@lru_cache(maxsize=64)
def _head(task: str, verdict: Verdict, age: str, old: bool, size: int, table: bool) -> tuple[Row, ...]:
    """Task and verdict (or that it is old), then the age and what the last column holds."""
    small = size - size // 8
    title, colour = _TITLES[verdict], VERDICTS[verdict]
    if old:
        first = styled(f"OLD {age}".strip(), size, WARNING, BOLD)
        second = [styled(title, small, colour)]
    elif verdict is Verdict.REFUSED:
        first = styled(title, size, BLACK, BOLD)
        second = [styled(f"{age} ago", small, GREY)] if age else []
    else:
        first = styled(title, size, colour, BOLD)
        second = [styled(f"{age} ago" if age else "", small, GREY)]
    if table:
        second.append(styled("90 % interval", small, GREY))
    name = styled(plain(task).capitalize(), size, first.colour if first.colour == BLACK else WHITE, BOLD)
    return ((name, first), tuple(second)) if any(cell.text for cell in second) else ((name, first),)


def age_text(age_s: float) -> str:
    """`0.06 s`, `0.4 s`, `12 s`."""
    return f"{age_s:.2f} s" if age_s < 0.1 else f"{age_s:.1f} s" if age_s < 10 else f"{age_s:.0f} s"


def _table(finding: Finding, terms: Terms, size: int) -> tuple[Row, ...]:
    rows = []
    for one in finding.measurements:
        name = said(terms, one.name, one.unit)
        if not name.detail:
            value, interval = fixed(one.value, name.decimals), range_text(one.low, one.high, name.decimals)
            written = (one.named, "", "") if one.named else (value, one.unit, interval)
            rows.append(_row(name.words, *written, size))
    return tuple(rows)


@lru_cache(maxsize=256)
def _row(words: str, value: str, unit: str, interval: str, size: int) -> Row:
    return (
        styled(words, size, WHITE),
        styled(value, size, WHITE, BOLD),
        styled(plain_unit(unit), size, GREY),
        styled(interval, size, GREY),
    )


def _reason_width(table: tuple[Row, ...], refused: bool, size: int) -> int:
    """Pixels that a line of reasons may take: at least as many as the table does."""
    least = (_BANNER_WIDTH_EM if refused else _PANEL_WIDTH_EM) * size
    return max(least, table_width(columns(table), size // 2)) if table else least


@lru_cache(maxsize=64)
def _reasons(
    reasons: tuple[str, ...], notes: tuple[str, ...], refused: bool, size: int, width: int, room: int
) -> tuple[Row, ...]:
    """Reasons, then notes, wrapped; as many lines as there is `room` for, the last one then ending in dots."""
    small = size - size // 8
    colour = WHITE if refused else WARNING
    rows: list[Row] = [(styled(line, size, colour),) for line in _lines(reasons, size, width)]
    rows += [(styled(line, small, GREY),) for line in _lines(notes, small, width)]
    if len(rows) > room:
        last = rows[room - 1][0]
        rows[room - 1 :] = [(styled(f"{last.text} …", last.size, last.colour),)]
    return tuple(rows)


def _lines(sentences: tuple[str, ...], size: int, width: int) -> list[str]:
    return [line for sentence in sentences for line in wrapped(sentence, size, width)]
