"""Recording what passes over the line to a probe."""

import time
from pathlib import Path

from rich.live import Live
from rich.text import Text

from edge.app.console import err, say
from edge.app.probe.opening import opened, start, stop_imaging
from edge.app.stopping import stopping_by_signal
from edge.app.wording import counted
from firmware_bridge.line.transport.recorded import RecordingTransport, TraceFile

REFRESH_S = 0.25


def record_line(address: str, path: Path, seconds: float | None, *, imaging: bool, arm: bool) -> None:
    """Records from the greeting on until Ctrl-C, or for so long; imaging, and transmit, where asked for.

    Raises TraceError where the file exists or cannot be made, and what opening a probe raises.
    """
    stopped = False

    def stop() -> None:
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
