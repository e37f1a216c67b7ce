"""How a recorded line is shown: one line a frame, counters at the end, for people and as JSON."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from edge.app.probe.fields import Plain, fields_of, tag_of
from edge.app.probe.traced import TracedFrame, WayTally
from edge.app.tables import plain_table
from edge.app.wording import counted
from firmware_bridge.line.link import Greeting
from firmware_bridge.line.transport.recorded import Direction

WAYS: Mapping[Direction, str] = {Direction.TO_PROBE: "to probe", Direction.FROM_PROBE: "from probe"}
_ARROWS: Mapping[Direction, str] = {Direction.TO_PROBE: "->", Direction.FROM_PROBE: "<-"}


def frame_text(frame: TracedFrame) -> Text:
    """`   0.123456 <- data    12  Telemetry battery=80% ...`: seconds, way, kind, sequence number, content."""
    line = Text(f"{frame.time_ns / 1e9:11.6f} ")
    line.append(_ARROWS[frame.direction], style="cyan" if frame.direction is Direction.TO_PROBE else "green")
    line.append(f" {kind_name(frame):7}", style="bold red" if frame.problem else "dim")
    line.append(f" {sequence_text(frame):>3}  ")
    line.append(content_text(frame))
    if frame.again:
        line.append("  (sent again)", style="yellow")
    if frame.problem:
        line.append(f"  {frame.problem}, {counted(frame.n_bytes, 'byte')}", style="bold red")
    return line


def kind_name(frame: TracedFrame) -> str:
    return frame.kind.name.lower() if frame.kind else "damaged" if frame.damaged else "unknown"


def sequence_text(frame: TracedFrame) -> str:
    """Its sequence number, where it has one."""
    return str(frame.sequence) if frame.message is not None else ""


def content_text(frame: TracedFrame) -> Text:
    if frame.message is not None:
        shown = Text(type(frame.message).__name__, style="bold")
        tag = tag_of(frame.message)
        shown.append(f" #{tag}" if tag else "", style="dim")
        shown.append("".join(f" {field.name}={field.text}" for field in fields_of(frame.message)), style="not bold")
        return shown
    if frame.greeting is not None:
        return Text(f"session {frame.session}: {greeting_text(frame.greeting)}")
    if frame.kind is None or frame.problem:
        return Text(frame.body[:16].hex())
    holds = f", holds {', '.join(map(str, frame.holds))}" if frame.holds else ""
    return Text(f"expects {frame.expects}{holds}" if frame.session else "I have no session", style="dim")


def greeting_text(greeting: Greeting) -> str:
    boot = f", boot 0x{greeting.boot_id:08x}" if greeting.boot_id else ""
    foreign = "" if greeting.fits else " (not this release's)"
    return f"protocol {greeting.version}, layout {greeting.digest.hex()}{boot}{foreign}"


def frame_plain(frame: TracedFrame) -> dict[str, Plain]:
    """What one line of JSON says of a frame."""
    return {
        "time_s": frame.time_ns / 1e9,
        "way": WAYS[frame.direction],
        "kind": kind_name(frame),
        "session": frame.session,
        "sequence": frame.sequence,
        "expects": frame.expects,
        "holds": frame.holds,
        "sent_again": frame.again,
        "message": type(frame.message).__name__ if frame.message is not None else None,
        "fields": {field.key: field.plain for field in fields_of(frame.message)} if frame.message is not None else {},
        "bytes": frame.n_bytes,
        "problem": frame.problem,
    }


def tally_view(tallies: Mapping[Direction, WayTally], duration_ns: int) -> RenderableType:
    """The counters of both ways side by side, then how often each message came."""
    ways = (Direction.TO_PROBE, Direction.FROM_PROBE)
    table = plain_table("", *(WAYS[way] for way in ways), left=("",))
    for name, counts in _counters(tallies):
        bad = name not in ("bytes", "frames") and any(counts)
        table.add_row(Text(name, style="yellow" if bad else ""), *(f"{count:,}" for count in counts))
    table.add_section()
    for name in sorted({name for tally in tallies.values() for name in tally.messages}):
        table.add_row(name, *(f"{n:,}" if (n := tallies[way].messages[name]) else "" for way in ways))
    return Group(Text(f"\n{duration_ns / 1e9:.3f} s recorded", style="bold"), table)


def tally_plain(tallies: Mapping[Direction, WayTally], duration_ns: int) -> dict[str, Plain]:
    """The last line of JSON."""
    ways: dict[str, Plain] = {
        WAYS[way]: {
            **{name.replace(" ", "_"): counts[k] for name, counts in _counters(tallies)},
            "messages": dict(tallies[way].messages),
        }
        for k, way in enumerate((Direction.TO_PROBE, Direction.FROM_PROBE))
    }
    return {"summary": {"duration_s": duration_ns / 1e9, **ways}}


def _counters(tallies: Mapping[Direction, WayTally]) -> list[tuple[str, tuple[int, int]]]:
    there, back = tallies[Direction.TO_PROBE], tallies[Direction.FROM_PROBE]
    return [
        ("bytes", (there.n_bytes, back.n_bytes)),
        ("frames", (there.n_frames, back.n_frames)),
        ("damaged", (there.n_damaged, back.n_damaged)),
        ("not understood", (there.n_problems, back.n_problems)),
        ("sent again", (there.n_again, back.n_again)),
        ("naks", (there.n_naks, back.n_naks)),
    ]
