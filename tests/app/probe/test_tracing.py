"""A recorded line read back: every frame, in order, with what was wrong on the way."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.app.probe.fields import fields_of
from edge.app.probe.tracing import frames_of
from firmware_bridge.line import messages as wire
from firmware_bridge.line.codec import encode
from firmware_bridge.line.framing import encode_frame
from firmware_bridge.line.link import FrameKind
from firmware_bridge.line.packing import Message
from firmware_bridge.line.transport.recorded import LineDirection, TraceEntry, TraceFile

SESSION = 7
TELEMETRY = wire.Telemetry(5_000_000, 80, 301, 355, 812, 300, 900, 120, 0, 0, 0)
DEPTH_AND_GAIN = bytes([0]) + (355).to_bytes(4, "little") + bytes([2]) + (-30).to_bytes(4, "little", signed=True)


def frame(kind: FrameKind, seq: int, body: bytes, expects: int = 0, session: int = SESSION) -> bytes:
    return encode_frame(bytes((kind << 5 | session, seq, expects)) + body)


def data(seq: int, message: Message) -> bytes:
    return frame(FrameKind.DATA, seq, encode(message))


def entries(*chunks: bytes, direction: LineDirection = LineDirection.FROM_PROBE) -> list[TraceEntry]:
    return [TraceEntry(1_000 + k, direction, chunk) for k, chunk in enumerate(chunks)]


def changed(wire_bytes: bytes) -> bytes:
    """One bit of a byte in its middle, in a place that does not become a delimiter."""
    at = next(k for k in range(5, len(wire_bytes) - 1) if wire_bytes[k] != 0x10)
    return wire_bytes[:at] + bytes((wire_bytes[at] ^ 0x10,)) + wire_bytes[at + 1 :]


@given(st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=30), st.integers(1, 40))
def test_frames_come_whole_and_in_order_however_the_line_was_cut(sent, chunk):
    """Reads and writes cut the line anywhere; what was damaged stands where it came."""
    frames = [data(k, wire.Echo(1, bytes((k, text)))) for k, (text, _) in enumerate(sent)]
    line = b"".join(changed(each) if damage else each for each, (_, damage) in zip(frames, sent, strict=True))
    found = list(frames_of(entries(*(line[k : k + chunk] for k in range(0, len(line), chunk)))))
    assert [each.damaged for each in found] == [damage for _, damage in sent]
    assert [each.message for each in found if not each.damaged] == [
        wire.Echo(1, bytes((k, text))) for k, (text, damage) in enumerate(sent) if not damage
    ]
    assert sum(each.n_bytes for each in found) == len(line)


def test_what_is_sent_again_is_marked_and_a_used_number_is_not():
    first, second = data(3, wire.Identify(1)), data(3, wire.SelfTest(1))
    assert [each.again for each in frames_of(entries(first, b"\0" + first, second))] == [False, True, False]


def test_an_answer_says_what_it_holds():
    (nak,) = frames_of(entries(frame(FrameKind.NAK, 0, bytes((0b101, 0)), expects=254)))
    assert (nak.expects, nak.holds) == (254, (254, 0))


def test_both_ways_keep_their_own_torn_frames():
    there, back = data(0, wire.Identify(1)), frame(FrameKind.PLAIN, 0, encode(TELEMETRY))
    found = list(
        frames_of(
            [
                TraceEntry(10, LineDirection.TO_PROBE, there[:4]),
                TraceEntry(20, LineDirection.FROM_PROBE, back[:9]),
                TraceEntry(30, LineDirection.TO_PROBE, there[4:]),
                TraceEntry(45, LineDirection.FROM_PROBE, back[9:]),
            ]
        )
    )
    assert [(each.time_ns, each.message) for each in found] == [(20, wire.Identify(1)), (35, TELEMETRY)]


def test_what_another_release_says_is_not_guessed_at():
    greeting = b"SONO" + (9).to_bytes(2, "little") + bytes(8) + bytes(4)
    hello, message = frame(FrameKind.HELLO, 0, greeting), data(0, wire.Identify(1))
    _, foreign = frames_of(entries(hello, message))
    assert foreign.message is None and "another release" in foreign.problem
    (unknown,) = frames_of(entries(frame(FrameKind.DATA, 0, b"\x7f\1\2")))
    assert unknown.message is None and unknown.problem and not unknown.damaged


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (wire.SetParameters(2, DEPTH_AND_GAIN), {"pairs": {"depth": 35.5, "gain": -3.0}}),
        (wire.SetParameters(2, b"\0\1"), {"pairs": "0001"}),
        (
            wire.SetResult(2, wire.Refusal.OUT_OF_RANGE, 0, 900, 150, 800, 4),
            {"refusal": "out_of_range", "parameter": "depth", "asked": 90.0, "low": 15.0, "high": 80.0, "epoch": 4},
        ),
        (
            wire.SetResult(2, wire.Refusal.MI_TOO_HIGH, 14, 1650, 0, 1500, 4),
            {
                "refusal": "mi_too_high",
                "parameter": "transmit_power",
                "asked": 1.65,
                "low": 0,
                "high": 1.5,
                "epoch": 4,
            },
        ),
        (
            wire.TransmitState(wire.ExposureFlag.IMAGING | wire.ExposureFlag.FROZEN, 4, 1_500_000),
            {"flags": ["frozen", "imaging"], "off": "frozen", "device_s": 1.5},
        ),
        (wire.Imaging(1, 4), {"action": "arm"}),
        (wire.Imaging(1, 77), {"action": "77"}),
        (wire.Refused(0, 1, 0x99), {"refusal": "unknown_message", "message": "0x99"}),
        (wire.GetParameter(1, 200), {"parameter": "parameter 200"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fields_are_told_in_units_and_names(message, shown):
    assert json.loads(json.dumps({field.key: field.plain for field in fields_of(message)})) == shown


def test_telemetry_is_told_in_degrees_and_indices():
    texts = {field.name: field.text for field in fields_of(TELEMETRY)}
    assert texts["probe_temperature"] == "30.1°C"
    assert (texts["mi"], texts["battery"], texts["device"]) == ("0.812", "80%", "5.000000s")


@pytest.mark.parametrize("kind", wire.MESSAGES.values(), ids=lambda kind: kind.__name__)
def test_every_message_can_be_shown(kind):
    """Zeros in every field: whatever the catalogue holds has words, one name a field."""
    text = b"" if kind.LAYOUT.size == 0 else bytes(kind.LAYOUT.size)
    shown = fields_of(kind.unpack(text))
    assert len({field.key for field in shown}) == len(shown)
    json.dumps({field.key: field.plain for field in shown})


@pytest.fixture
def recorded(tmp_path):
    """A line with a command, its answer, a damaged frame, and a frame sent again."""
    with TraceFile(tmp_path / "line.trace", clock_ns=iter(range(0, 10**12, 10**8)).__next__) as trace:
        trace.add(LineDirection.TO_PROBE, data(0, wire.Imaging(5, wire.Action.ARM)))
        trace.add(LineDirection.FROM_PROBE, changed(data(0, wire.Done(5, 0))))
        trace.add(LineDirection.TO_PROBE, frame(FrameKind.NAK, 0, b"\0\0"))
        trace.add(LineDirection.FROM_PROBE, data(0, wire.Done(5, 0)) + frame(FrameKind.PLAIN, 0, encode(TELEMETRY)))
        trace.add(LineDirection.TO_PROBE, data(0, wire.Imaging(5, wire.Action.ARM)))
    return tmp_path / "line.trace"


def test_a_recording_is_shown_line_by_line_with_counters(sonoedge, recorded):
    ended = sonoedge("probe", "trace", recorded)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert "Imaging #5 action=arm" in lines[0] and "->" in lines[0]
    assert "damaged" in lines[1] and "<-" in lines[1]
    assert "sent again" in lines[5]
    counts = {line.split("  ")[0]: line.split()[-2:] for line in lines[6:] if line.strip()}
    assert (counts["damaged"], counts["sent again"], counts["naks"]) == (["0", "1"], ["1", "0"], ["1", "0"])


def test_a_recording_as_json(sonoedge, recorded):
    ended = sonoedge("probe", "trace", recorded, "--json")
    *frames, last = (json.loads(line) for line in ended.out.splitlines())
    assert [each["kind"] for each in frames] == ["data", "damaged", "nak", "data", "plain", "data"]
    assert frames[4]["fields"]["mi"] == 0.812
    assert last["summary"]["to probe"]["messages"] == {"Imaging": 2}
    assert last["summary"]["from probe"]["damaged"] == 1


def test_a_recording_cut_by_a_power_cut_is_read_to_the_cut(sonoedge, recorded):
    recorded.write_bytes(recorded.read_bytes()[:-5])
    ended = sonoedge("probe", "trace", recorded)
    assert ended.code == 0
    assert "cut short" in ended.err and "telemetry" in ended.out.lower()


@pytest.mark.parametrize(("content", "said"), [(None, "nowhere"), ("bring milk", "first line")])
def test_what_is_no_recording(sonoedge, tmp_path, content, said):
    if content is not None:
        (tmp_path / "nowhere").write_text(content)
    ended = sonoedge("probe", "trace", "nowhere")
    assert ended.code == 1 and said in ended.error_line


def test_an_address_without_a_file_to_record_to(sonoedge):
    ended = sonoedge("probe", "trace", "sim:")
    assert ended.code == 2 and "--out" in ended.err
