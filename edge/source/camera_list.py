"""The cameras that this machine has."""

from dataclasses import dataclass
from pathlib import Path

from edge.source.files import natural_key

_SYS = Path("/sys/class/video4linux")
_DEV = Path("/dev")


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One video device that may be opened as `camera:PATH`."""

    path: str
    """`/dev/video0`."""
    name: str
    """As the device names itself; empty where the kernel does not say."""


def list_cameras(sys_folder: Path = _SYS, dev_folder: Path = _DEV) -> tuple[CameraInfo, ...]:
    """Every camera in natural order, empty where there is none. Opens no device.

    A UVC camera has a second node for data about its pictures, which is left out.
    """
    nodes = sorted(dev_folder.glob("video[0-9]*"), key=lambda node: natural_key(node.name))
    return tuple(
        CameraInfo(str(node), _line(sys_folder / node.name / "name"))
        for node in nodes
        if _line(sys_folder / node.name / "index") in ("", "0")
    )


def cameras_in_words() -> str:
    """For a message: `cameras here: /dev/video0 (UVC Camera)`."""
    listed = ", ".join(f"{camera.path} ({camera.name or 'no name'})" for camera in list_cameras())
    return f"cameras here: {listed}" if listed else "this machine has no camera now"


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
