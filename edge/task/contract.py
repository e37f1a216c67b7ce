"""What a task must do, and what it is made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.finding import Finding, Mark, Measurement, Verdict
from edge.frame import Frame

Seen = TypeVar("Seen")
Memory = TypeVar("Memory")
Options = TypeVar("Options")
Outputs = tuple[NDArray[np.float32], ...]
"""(1, channels, height, width) each, as the model's manifest says; empty where no network ran."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared(Generic[Seen]):
    """A frame on its way to a finding."""

    frame: Frame
    tensor: NDArray[np.uint8] | None = None
    """(1, 1, H, W) for the network. None: no network is needed."""
    seen: Seen | None = None
    """What was seen on the way, so that nothing is computed twice."""
    faults: tuple[str, ...] = ()
    """Why the gate refused the frame; it was not prepared then, and no network ran."""


@dataclass(frozen=True, slots=True, eq=False)
class Concluded(Generic[Memory]):
    """What a task says of one frame, and what it must remember to judge the next one."""

    finding: Finding
    memory: Memory | None = None


class Task(Protocol):
    """What is looked for, made as `TaskClass(given)` from a `Given`.

    No clock, file, socket, logger, random number or state: the same input, the same Finding on every machine.
    """

    def prepare(self, frame: Frame) -> Prepared[Any]:
        """The model's input from the frame's ultrasound region: of its picture, region and scale, and nothing else.
        Called only for a frame that passed the gate, and not again while these equal the last frame's."""
        ...

    def conclude(self, prepared: Prepared[Any], outputs: Outputs, memory: Any) -> Concluded[Any]:
        """What the outputs mean. memory: what `conclude` gave with the frame before, None with the first one.

        A frame with `faults` is refused for them; it may still change what is remembered.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A network that a task asks while it concludes, as often as it wants: what it asks depends on the frame before,
    which `prepare` does not know."""

    infer: Callable[[NDArray[np.uint8]], Outputs]
    """Its answer to a tensor, as its manifest states both; valid until the next call has ended."""
    figures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Of its manifest."""


@dataclass(frozen=True, slots=True)
class Given(Generic[Options]):
    """What a task is made from: the user's settings, and its model's figures and arrays."""

    options: Options
    figures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Thresholds and calibration figures of the model's manifest, by name."""
    arrays: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    """What the task reads beside the network, by file name; each was checked against the manifest."""
    digest: str | None = None
    """SHA-256 of the first of the arrays: the model where there is no network."""
    stages: bool = False
    """Whether every step on the way is to be marked."""
    asked: Asked | None = None
    """None: the pathway asks none."""


def finding_of(
    task: str,
    frame: Frame,
    verdict: Verdict,
    reasons: tuple[str, ...],
    measurements: tuple[Measurement, ...] = (),
    marks: tuple[Mark, ...] = (),
    *,
    notes: tuple[str, ...] = (),
) -> Finding:
    """The finding with what the frame itself tells: its number, exposure, scale and notes, then the `notes`."""
    return Finding(
        task,
        frame.sequence,
        frame.exposed_ns,
        verdict,
        reasons,
        measurements,
        marks,
        frame.spacing,
        (*frame.notes, *notes),
    )


def refused(task: str, frame: Frame, reasons: tuple[str, ...], marks: tuple[Mark, ...] = ()) -> Finding:
    """The finding of a frame that must not be measured."""
    return finding_of(task, frame, Verdict.REFUSED, reasons, marks=marks)
