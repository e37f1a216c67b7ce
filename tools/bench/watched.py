"""How old pictures are when viewers of the page see them, and what viewers cost the loop."""

from collections.abc import Iterator
from pathlib import Path

from tools.bench.live import Row, watched_run
from tools.bench.plan import Plan
from tools.bench.tables import markdown, number

TITLE = "Viewers of the page"
FPS = 30.0
VIEWERS = (0, 1, 8)
SECONDS = 30.0
_SHARE_OF_PLAN = 0.05
"""Of the time that a plan gives its longest run: half a minute of ten."""
Result = dict[str, Row]
"""By the number of viewers."""


def measure(plan: Plan) -> Result:
    """The first of the plan's tasks, on all cores that a bench uses; the viewers run on the same cores."""
    seconds = min(SECONDS, max(10.0, plan.minutes * 60 * _SHARE_OF_PLAN))
    return {str(count): watched_run(plan, FPS, seconds, count) for count in VIEWERS}


def page(rows: Result, images: Path) -> Iterator[str]:
    yield (
        "Motion JPEG pictures of 640 x 480 come 30 times a second and are measured; the viewers take what they are "
        "sent as browsers do, on the same cores. Age at the viewer: from the exposure until the picture and its data "
        "have come, by the clock that the page's pings set; a browser draws it with its next refresh."
    )
    head = (
        "viewers",
        "measured/s",
        "lost",
        "CPU ms a frame",
        "pictures/s a viewer",
        "age at the viewer ms, median",
        "p99",
    )
    yield markdown(
        head,
        (
            (
                count,
                f"{one.frames / one.seconds:.1f}",
                str(sum(one.lost.values())),
                number(one.cpu_ms),
                f"{one.seen / one.seconds / int(count):.1f}" if one.seen else "",
                number(one.seen_ms["median"]) if one.seen_ms else "",
                number(one.seen_ms["p99"]) if one.seen_ms else "",
            )
            for count, one in rows.items()
        ),
    )
