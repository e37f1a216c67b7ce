"""What a user asks of the probe of a run, by key, by another command or by a script: `depth=35 gain=-3`, `freeze`.

All of it goes through `ProbeControl`, one order after the other, which keeps what was done when.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from edge.sink.folder import sink_error
from firmware_bridge.errors import BridgeError
from firmware_bridge.host.parameters import Setting
from firmware_bridge.host.probe import Probe

FILE_NAME: Final = "control.jsonl"

ACTIONS: Final[Mapping[str, Callable[[Probe], None]]] = MappingProxyType(
    {
        "freeze": Probe.freeze,
        "unfreeze": Probe.unfreeze,
        "arm": Probe.arm,
        "disarm": Probe.disarm,
        "clear-fault": Probe.clear_fault,
    }
)


@dataclass(frozen=True, slots=True)
class Order:
    """One of ACTIONS, or changes of parameters that the probe takes all or none of."""

    text: str
    """As it is told and kept."""
    action: str = ""
    changes: Mapping[str, Setting] = field(default_factory=dict)
    """As `Probe.set` takes them."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who gave an order."""

    by: str
    """`key`, `command` or `script`."""
    line: int | None = None
    """Of the script."""
    planned_ns: int | None = None
    """When the script wanted it; monotonic, as all times here."""


class ProbeControl:
    """The probe of a run, for those who give it orders, from any thread."""

    def __init__(self, probe: Probe, folder: Path | None, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """folder: where `control.jsonl` is kept, made with the first order; None: nowhere."""
        self.probe = probe
        self._path = None if folder is None else folder / FILE_NAME
        self._now_ns = now_ns
        self._one_at_a_time = threading.Lock()
        self._encoder = msgspec.json.Encoder()

    def do(self, order: Order, sender: Sender) -> None:
        """Raises BridgeErrors, RefusedError with the probe's reason among them; SinkError where it cannot be kept."""
        with self._one_at_a_time:
            asked_ns = self._now_ns()
            try:
                epoch = self._carry_out(order)
            except BridgeError as error:
                self._keep(order, sender, asked_ns, None, str(error))
                raise
            self._keep(order, sender, asked_ns, epoch, "")

    def _carry_out(self, order: Order) -> int | None:
        if order.changes:
            return self.probe.set(**order.changes).epoch
        ACTIONS[order.action](self.probe)
        return None

    def _keep(self, order: Order, sender: Sender, asked_ns: int, epoch: int | None, refusal: str) -> None:
        if self._path is None:
            return
        row = {
            "planned_ns": sender.planned_ns,
            "asked_ns": asked_ns,
            "done_ns": self._now_ns(),
            "by": sender.by,
            "line": sender.line,
            "order": order.text,
            "epoch": epoch,
            "refusal": refusal,
        }
        try:
            with self._path.open("ab", buffering=0) as file:
                file.write(self._encoder.encode(row) + b"\n")
        except OSError as error:
            raise sink_error(error, self._path) from error
