"""Which machine made a DICOM file; nothing else is read of it, no person's name or number."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread


@dataclass(frozen=True, slots=True)
class Device:
    """As the file states it; empty: it does not."""

    manufacturer: str = ""
    model: str = ""
    station: str = ""

    @property
    def name(self) -> str:
        """`GE Healthcare LOGIQ E10, station US3`."""
        made = f"{self.manufacturer} {self.model}".strip()
        return ", ".join(part for part in (made, self.station and f"station {self.station}") if part)


def device_of(path: Path) -> Device:
    """Of the file; an empty one where that is damaged, which reading its pictures tells."""
    tags = {"manufacturer": "Manufacturer", "model": "ManufacturerModelName", "station": "StationName"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = dcmread(path, stop_before_pixels=True, force=True, specific_tags=list(tags.values()))
            found = {name: " ".join(str(header.get(tag) or "").split()) for name, tag in tags.items()}
    except Exception:  # pydicom raises what the damaged bytes lead it to
        return Device()
    return Device(**found)
