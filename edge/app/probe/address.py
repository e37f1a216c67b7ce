"""The one way in which every command takes the address of a probe."""

from typing import Annotated

import typer

ADDRESSES = (
    "A serial port (/dev/ttyACM0, or serial:/dev/ttyACM0@115200 at another speed), "
    "socket://HOST:PORT, or sim: for the simulated probe."
)

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help=ADDRESSES, show_default=False)]
