"""Measures, and writes docs/performance.md: `python -m tools.bench [SECTION ...]`.

Without sections all are measured. What each found is kept in docs/performance.json, and the page is made of all that is
in there; `--page` makes only the page. `--quick` sees in some minutes whether everything runs: few frames, one round;
what it found goes to build/bench.
"""

import argparse
import importlib
from pathlib import Path
from typing import Any

from tools.bench.page import SECTIONS, keep, write_page
from tools.bench.plan import BUILD, planned
from tools.bench.process import ROOT, ContenderError
from tools.bench.records import this_machine

DOCS = ROOT / "docs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"some of: {', '.join(SECTIONS)}")
    parser.add_argument("--only", action="append", default=[], metavar="TASK", help="these tasks; may be given again")
    parser.add_argument("--quick", action="store_true", help="few frames, one round; nothing in docs changes")
    parser.add_argument("--rounds", type=int, help="of turns; 3 without it")
    parser.add_argument("--frames", type=int, help="of the clip; 300 without it")
    parser.add_argument("--minutes", type=float, help="of the live measurement; 10 without it")
    parser.add_argument("--page", action="store_true", help="measure nothing, make the page of what is kept")
    asked = parser.parse_args()
    if strange := [name for name in asked.sections if name not in SECTIONS]:
        parser.error(f"there is no section {strange[0]}; there are: {', '.join(SECTIONS)}")
    folder = BUILD if asked.quick else DOCS
    try:
        plan = planned(
            quick=asked.quick, rounds=asked.rounds, frames=asked.frames, tasks=asked.only, minutes=asked.minutes
        )
    except ValueError as error:
        parser.error(str(error))
    failed = False
    for name in () if asked.page else asked.sections or SECTIONS:
        plan.tell(f"== {name}")
        machine = this_machine()
        section: Any = importlib.import_module(SECTIONS[name])
        try:
            keep(folder, name, machine, section.measure(plan))
        except ContenderError as error:
            failed = True
            plan.tell(f"{name} was not measured: {error}")
        write_page(folder)
    print(f"wrote {shown(write_page(folder))}")
    if failed:
        raise SystemExit(1)


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    main()
