"""What the task `synovitis` declares."""

from dataclasses import dataclass
from typing import Annotated

from edge.option import Option

SIDES = ("distal on the right", "distal on the left")
JOINTS = ("MCP", "PIP")
HANDS = ("press", "tilt", "slide", "still")
PALETTES = ("amber", "magenta", "blue", "green", "velocity")


@dataclass(frozen=True, slots=True)
class SynovitisPhantomOptions:
    """Settings of `phantom:synovitis`."""

    joint: Annotated[str, Option("Which joint of the finger.", choices=JOINTS)] = JOINTS[0]
    grade: Annotated[int, Option("Of the hypertrophy in grey scale.", low=0, high=3)] = 2
    doppler: Annotated[int | None, Option("Grade of flow; with it the picture is in colour.", low=0, high=3)] = None
    effusion: Annotated[float, Option("Height of fluid over the hypertrophy, mm.", low=0, high=2.5)] = 0.0
    pressure: Annotated[float, Option("Of the probe: 1 empties the recess and stops the flow.", low=0, high=1)] = 0.0
    tilt: Annotated[float, Option("Of the probe along the finger, degrees.", low=-20, high=20)] = 0.0
    off: Annotated[float, Option("Beside the midline, mm.", low=0, high=5)] = 0.0
    erosion: Annotated[bool, Option("A notch in the bone's surface.")] = False
    osteophyte: Annotated[bool, Option("A spur at the joint's edge.")] = False
    bloom: Annotated[float, Option("By which colour reaches beyond what flows, mm.", low=0, high=1)] = 0.15
    flash: Annotated[bool, Option("A motion flashes in colour twice a second.")] = False
    palette: Annotated[str, Option("Colours of the flow, as makers choose them.", choices=PALETTES)] = PALETTES[0]
    motion: Annotated[str, Option("What the hand does.", choices=HANDS)] = HANDS[3]
