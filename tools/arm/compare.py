"""Runs on the emulated board: `python -m tools.arm.compare MODEL_FOLDER MASKS.npz` prints one JSON line.

MASKS.npz holds the pictures and, for each runtime and precision, the masks that the x86 host made of them.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np

from edge.runtime import checked
from tools.masks import agreement_percent, masks_of


def main() -> None:
    # It serves the latencies alone, and takes as long as the pictures where a call takes seconds.
    checked.WARM_UP_CALLS = 0
    folder, stored = Path(sys.argv[1]), np.load(sys.argv[2])
    kinds = [tuple(name.split()) for name in stored.files if name != "pictures"]
    alike = {
        f"{runtime} {precision}": agreement_percent(
            masks_of(folder, (runtime, precision), stored["pictures"]), stored[f"{runtime} {precision}"]
        )
        for runtime, precision in kinds
    }
    print(json.dumps({"machine": platform.machine(), "alike_percent": alike}))


if __name__ == "__main__":
    main()
