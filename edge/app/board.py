"""What this machine is: read from the system's files, never asked of a network."""

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from edge.app.settings import usable_cores

_BOARD_FILES = (Path("/proc/device-tree/model"), Path("/sys/class/dmi/id/product_name"))
_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq")
_FIRMWARE = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
"""A Raspberry Pi's word on itself: hexadecimal, its lowest four bits for now, others for what has been."""
_FIRMWARE_BITS = ((1, "its power supply gives too little voltage"), (2 | 4 | 8, "its firmware slows it down"))
_SLOWED = 0.8
"""Share of the highest frequency: a core that may not run as fast as this was slowed down."""
HOT_C = 80.0
"""Most boards slow themselves down from here."""


@dataclass(frozen=True, slots=True)
class Board:
    """The machine at this moment."""

    name: str
    processor: str
    machine: str
    """`x86_64`, `aarch64`."""
    cores_usable: int
    """By this process; a container or `taskset` leaves fewer than the board has."""
    cores: int
    memory_mb: int | None
    free_memory_mb: int | None
    temperature_c: float | None
    python: str
    system: str


def read_board() -> Board:
    total_mb, free_mb = memory_mb(_text(Path("/proc/meminfo")))
    return Board(
        name=next((name for path in _BOARD_FILES if (name := _text(path))), "unknown board"),
        processor=processor_name(_text(Path("/proc/cpuinfo"))) or platform.processor() or "unknown processor",
        machine=platform.machine(),
        cores_usable=usable_cores(),
        cores=os.cpu_count() or 1,
        memory_mb=total_mb,
        free_memory_mb=free_mb,
        temperature_c=temperature_c(_text(_TEMPERATURE)),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()}",
    )


def memory_mb(meminfo: str) -> tuple[int | None, int | None]:
    """Total and available megabytes from the text of /proc/meminfo; None where it does not say."""
    found = {name: int(rest.split()[0]) // 1024 for name, _, rest in _fields(meminfo) if rest.split()[:1]}
    return found.get("MemTotal"), found.get("MemAvailable")


def processor_name(cpuinfo: str) -> str | None:
    """The processor's own name from the text of /proc/cpuinfo; an ARM core often gives none."""
    named = {name: rest.strip() for name, _, rest in _fields(cpuinfo)}
    return named.get("model name") or named.get("Model")


def temperature_c(text: str) -> float | None:
    """Degrees Celsius from a thermal zone's millidegrees."""
    return int(text) / 1000 if text.lstrip("-").isdigit() else None


def slowed_by() -> str:
    """What makes the processor slower than it can be, to be said after something else; empty where nothing is known.

    Its highest frequency as allowed at the moment tells, not the present one, which is low in every idle processor.
    """
    said = []
    allowed_khz, most_khz = (_text(_FREQUENCY / name) for name in ("scaling_max_freq", "cpuinfo_max_freq"))
    if allowed_khz.isdigit() and most_khz.isdigit() and int(allowed_khz) < _SLOWED * int(most_khz):
        said.append(f"it may run at {int(allowed_khz) // 1000} of {int(most_khz) // 1000} MHz")
    said += slowed_by_firmware(_text(_FIRMWARE))
    hot_c = temperature_c(_text(_TEMPERATURE))
    if hot_c is not None and hot_c >= HOT_C:
        said.append(f"it is at {hot_c:.0f} °C")
    return "; " + ", ".join(said) if said else ""


def slowed_by_firmware(text: str) -> list[str]:
    """What a Raspberry Pi's firmware says of this moment, in words; nothing for a text that it does not write."""
    try:
        bits = int(text, 16)
    except ValueError:
        return []
    return [words for mask, words in _FIRMWARE_BITS if bits & mask]


def free_disk_mb(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 2**20


def _fields(text: str) -> list[tuple[str, str, str]]:
    return [(name.strip(), colon, rest) for name, colon, rest in (line.partition(":") for line in text.splitlines())]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip("\0 \n")
    except OSError:
        return ""
