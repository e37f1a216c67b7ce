"""sonoedge as it is typed: from the start of the process to its first picture, and what it holds while it runs on."""

import sys
from functools import partial
from typing import Any

from tools.bench.contenders.laps import asked, peak_rss_mib, rss_mib


def main() -> None:
    given = asked()
    import json
    import time

    from edge.app import cli, run

    told: dict[str, Any] = {}

    def seen(_: object) -> None:
        if not told:
            told["start_s"] = (time.monotonic_ns() - given["spawned_ns"]) / 1e9
            told["start_cpu_s"] = time.process_time()
        told["rss_mib"] = rss_mib()

    run.follow = partial(run.follow, seen=seen)
    sys.argv = ["sonoedge", *given["command"]]
    try:
        cli.main()
    finally:
        print(json.dumps(told | {"peak_rss_mib": peak_rss_mib()}), flush=True)


if __name__ == "__main__":
    main()
