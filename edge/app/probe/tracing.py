"""`sonoedge probe trace`: the line to a probe recorded, and a recorded line taken apart and shown, damage included."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from edge.app.console import counted, err, out, say, stopping_by_signal
from edge.app.probe.fields import Plain, fields_of, tag_of
from edge.app.probe.opening import opened, start, stop_imaging
from edge.app.tables import plain_table
from firmware_bridge.errors import MessageError
from firmware_bridge.line.codec import LINK_HEADER_BYTES, decode
from firmware_bridge.line.framing import DELIMITER, Deframer
from firmware_bridge.line.link import FrameKind, Greeting, read_greeting
from firmware_bridge.line.messages import WINDOW_FRAMES
from firmware_bridge.line.packing import Message
from firmware_bridge.line.transport.recorded import (
    LineDirection,
    RecordingTransport,
    TraceEntry,
    TraceFile,
    read_trace,
)

_GREETINGS: Final = (FrameKind.HELLO, FrameKind.WELCOME)
_WITH_MESSAGE: Final = (FrameKind.DATA, FrameKind.PLAIN)
_ANSWERS: Final = (FrameKind.ACK, FrameKind.NAK)
_REMEMBERED: Final = 2 * WINDOW_FRAMES
"""Sequence numbers that can still be of a frame sent again."""
REFRESH_S: Final = 0.25
WAYS: Final[Mapping[LineDirection, str]] = {LineDirection.TO_PROBE: "to probe", LineDirection.FROM_PROBE: "from probe"}
_ARROWS: Final[Mapping[LineDirection, str]] = {LineDirection.TO_PROBE: "->", LineDirection.FROM_PROBE: "<-"}


def record_line(address: str, path: Path, seconds: float | None, *, imaging: bool, arm: bool) -> None:
    """Records from the greeting on until Ctrl-C, or for so long; imaging, and transmit, where asked for.

    Raises TraceError where the file exists or cannot be made, and what opening a probe raises.
    """
    stopped = False

    def stop(signal_name: str) -> None:
        nonlocal stopped
        stopped = True

    with TraceFile(path) as trace, stopping_by_signal(stop):
        try:
            with opened(address, wrap=lambda line: RecordingTransport(line, trace)) as probe:
                if imaging or arm:
                    start(probe, arm=arm)
                began_s = time.monotonic()
                with Live(console=err(), auto_refresh=False, transient=True) as live:
                    while not (stopped or trace.stopped or (seconds and time.monotonic() - began_s >= seconds)):
                        probe.alive()
                        line = probe.line.statistics().line
                        there_and_back = f"{line.bytes_written:,} bytes to the probe, {line.bytes_read:,} from it"
                        live.update(Text(f"recording: {there_and_back}; Ctrl-C ends"), refresh=err().is_terminal)
                        time.sleep(REFRESH_S)
                if imaging or arm:
                    stop_imaging(probe)
        finally:
            if trace.stopped:
                say(f"{trace.stopped}; {counted(trace.n_left_out, 'piece')} left out")
    say(f"recorded in {path}; show it: sonoedge probe trace {path}")


def show_trace(path: Path, *, json: bool) -> None:
    """Prints each frame of the file, then the counters; says where its last line was cut short."""
    tallies = {direction: DirectionTally() for direction in LineDirection}
    entries, last_ns = read_trace(path), 0
    for frame in frames_of(entries):
        tallies[frame.direction].add(frame)
        last_ns = frame.time_ns
        if json:
            typer.echo(msgspec.json.encode(frame_plain(frame)))
        else:
            out().print(frame_text(frame), soft_wrap=True)
    if json:
        typer.echo(msgspec.json.encode(tally_plain(tallies, last_ns)))
    else:
        out().print(tally_view(tallies, last_ns))
    if entries.cut is not None:
        say(entries.cut)


@dataclass(frozen=True, slots=True)
class TracedFrame:
    """One frame of the line."""

    time_ns: int
    """When its last byte was read or written, from the recording's first bytes."""
    direction: LineDirection
    n_bytes: int
    """On the line, delimiter included."""
    kind: FrameKind | None = None
    """None: damaged, so that nothing can be said of it, or of no kind that there is."""
    session: int = 0
    sequence: int = 0
    expects: int = 0
    """The sequence number that the sender waits for; it has all before."""
    holds: tuple[int, ...] = ()
    """Of an ACK or NAK: sequence numbers that are there already beyond the one waited for."""
    again: bool = False
    """A retransmission."""
    greeting: Greeting | None = None
    message: Message | None = None
    body: bytes = b""
    problem: str = ""
    """What is wrong with it; empty where it is well."""

    @property
    def damaged(self) -> bool:
        return self.kind is None and not self.body


@dataclass(slots=True)
class DirectionTally:
    """What went one way."""

    n_bytes: int = 0
    n_frames: int = 0
    """Undamaged."""
    n_problems: int = 0
    """Frames that are whole and say nothing that this release understands."""
    n_damaged: int = 0
    n_again: int = 0
    n_naks: int = 0
    messages: Counter[str] = field(default_factory=Counter)

    def add(self, frame: TracedFrame) -> None:
        self.n_bytes += frame.n_bytes
        self.n_damaged += frame.damaged
        self.n_frames += not frame.damaged
        self.n_problems += bool(frame.problem) and not frame.damaged
        self.n_again += frame.again
        self.n_naks += frame.kind is FrameKind.NAK
        if frame.message is not None:
            self.messages[type(frame.message).__name__] += 1


class LineReader:
    """One direction of a line: bytes in, frames out. A piece without end at the end of the recording gives none."""

    def __init__(self, direction: LineDirection) -> None:
        self._direction = direction
        self._deframer = Deframer()
        self._n_waiting = 0
        self._sent: deque[tuple[int, int, bytes]] = deque(maxlen=_REMEMBERED)
        self._foreign = False

    def read(self, data: bytes, time_ns: int) -> Iterator[TracedFrame]:
        *ended, rest = data.split(DELIMITER)
        for piece in ended:
            n_bytes = self._n_waiting + len(piece) + len(DELIMITER)
            self._n_waiting = 0
            damaged = self._deframer.n_damaged
            for payload in self._deframer.feed(piece + DELIMITER):
                yield self._frame(payload, n_bytes, time_ns)
            if self._deframer.n_damaged > damaged:
                yield TracedFrame(time_ns, self._direction, n_bytes, problem="stuffing, length or CRC wrong")
        self._deframer.feed(rest)
        self._n_waiting += len(rest)

    def _frame(self, payload: bytes, n_bytes: int, time_ns: int) -> TracedFrame:
        kind = next((kind for kind in FrameKind if kind == payload[0] >> 5), None)
        if kind is None or len(payload) < LINK_HEADER_BYTES:
            return TracedFrame(
                time_ns, self._direction, n_bytes, body=payload, problem="whole, but no frame of this link"
            )
        session, sequence, expects, body = payload[0] & 0x1F, payload[1], payload[2], payload[LINK_HEADER_BYTES:]
        greeting, message, problem = self._content(kind, body)
        return TracedFrame(
            time_ns,
            self._direction,
            n_bytes,
            kind,
            session,
            sequence,
            expects,
            holds=_holds(expects, body) if kind in _ANSWERS else (),
            again=kind is FrameKind.DATA and self._is_again((session, sequence, body)),
            greeting=greeting,
            message=message,
            body=body,
            problem=problem,
        )

    def _content(self, kind: FrameKind, body: bytes) -> tuple[Greeting | None, Message | None, str]:
        if kind in _GREETINGS:
            greeting = read_greeting(body)
            self._foreign = greeting is not None and not greeting.fits
            return greeting, None, "" if greeting else "no greeting of this link"
        if kind not in _WITH_MESSAGE:
            return None, None, ""
        if self._foreign:
            return None, None, "of another release's layout"
        try:
            return None, decode(body), ""
        except MessageError as error:
            return None, None, str(error)

    def _is_again(self, sent: tuple[int, int, bytes]) -> bool:
        if sent in self._sent:
            return True
        self._sent.append(sent)
        return False


def frames_of(entries: Iterable[TraceEntry]) -> Iterator[TracedFrame]:
    """The frames of a recorded line, in the order in which they were complete."""
    readers = {direction: LineReader(direction) for direction in LineDirection}
    start_ns: int | None = None
    for entry in entries:
        start_ns = entry.time_ns if start_ns is None else start_ns
        yield from readers[entry.direction].read(entry.data, entry.time_ns - start_ns)


def _holds(expects: int, body: bytes) -> tuple[int, ...]:
    bits = int.from_bytes(body[:2], "little")
    return tuple((expects + k) % 256 for k in range(WINDOW_FRAMES) if bits >> k & 1)


def frame_text(frame: TracedFrame) -> Text:
    """`   0.123456 <- data    12  Telemetry battery=80% ...`: seconds, way, kind, sequence number, content."""
    line = Text(f"{frame.time_ns / 1e9:11.6f} ")
    line.append(_ARROWS[frame.direction], style="cyan" if frame.direction is LineDirection.TO_PROBE else "green")
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


def tally_view(tallies: Mapping[LineDirection, DirectionTally], duration_ns: int) -> RenderableType:
    """The counters of both ways side by side, then how often each message came."""
    ways = (LineDirection.TO_PROBE, LineDirection.FROM_PROBE)
    table = plain_table("", *(WAYS[way] for way in ways), left=("",))
    for name, counts in _counters(tallies):
        bad = name not in ("bytes", "frames") and any(counts)
        table.add_row(Text(name, style="yellow" if bad else ""), *(f"{count:,}" for count in counts))
    table.add_section()
    for name in sorted({name for tally in tallies.values() for name in tally.messages}):
        table.add_row(name, *(f"{n:,}" if (n := tallies[way].messages[name]) else "" for way in ways))
    return Group(Text(f"\n{duration_ns / 1e9:.3f} s recorded", style="bold"), table)


def tally_plain(tallies: Mapping[LineDirection, DirectionTally], duration_ns: int) -> dict[str, Plain]:
    """The last line of JSON."""
    ways: dict[str, Plain] = {
        WAYS[way]: {
            **{name.replace(" ", "_"): counts[k] for name, counts in _counters(tallies)},
            "messages": dict(tallies[way].messages),
        }
        for k, way in enumerate((LineDirection.TO_PROBE, LineDirection.FROM_PROBE))
    }
    return {"summary": {"duration_s": duration_ns / 1e9, **ways}}


def _counters(tallies: Mapping[LineDirection, DirectionTally]) -> list[tuple[str, tuple[int, int]]]:
    there, back = tallies[LineDirection.TO_PROBE], tallies[LineDirection.FROM_PROBE]
    return [
        ("bytes", (there.n_bytes, back.n_bytes)),
        ("frames", (there.n_frames, back.n_frames)),
        ("damaged", (there.n_damaged, back.n_damaged)),
        ("not understood", (there.n_problems, back.n_problems)),
        ("sent again", (there.n_again, back.n_again)),
        ("naks", (there.n_naks, back.n_naks)),
    ]
