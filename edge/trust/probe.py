"""What the probe's own word means for a measurement."""

from edge.frame import ProbeState

UNKNOWN_SCALE = "scale unknown: millimetres are withheld; state the depth or the mm per pixel"


def probe_faults(probe: ProbeState | None) -> tuple[str, ...]:
    """Reasons against any measurement; empty where there is none. A frozen picture was made while it transmitted."""
    if probe is None or probe.frozen or probe.transmitting is not False:
        return ()
    return (f"the probe does not transmit: {probe.transmit_off_reason}".removesuffix(": "),)


def missing_scale(probe: ProbeState | None) -> str:
    """Why there are no millimetres in a frame without spacing."""
    return f"scale withheld: {probe.doubt}" if probe is not None and probe.doubt else UNKNOWN_SCALE
