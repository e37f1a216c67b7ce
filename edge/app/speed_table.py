"""How fast this board runs each shipped model: every runtime, int8 and float, side by side."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from edge.app.console import counted
from edge.app.tables import plain_table
from edge.errors import BackendUnavailableError
from edge.runtime.choice import RuntimeTiming
from edge.runtime.manifest import list_models, load_manifest, model_folder
from edge.runtime.opening import installed, measure

_SLOWER = 1.02
"""Medians that differ by less say nothing."""


@dataclass(frozen=True, slots=True)
class ModelSpeed:
    """One model with so many threads."""

    model: str
    threads: int
    timings: tuple[RuntimeTiming, ...]

    def median_ms(self, runtime: str, precision: str) -> float | None:
        """None: the model has no such variant, or the runtime is not installed."""
        found = (one.median_ms for one in self.timings if (one.name, one.precision) == (runtime, precision))
        return next(found, None)


def model_speeds(threads: Sequence[int], tell: Callable[[str], None]) -> Iterator[ModelSpeed]:
    """Measures one model after the other; `tell` is called with what is measured next.

    Raises BackendUnavailableError where no runtime is installed.
    """
    usable = {runtime.name for runtime in installed() if runtime.problem is None}
    if not usable:
        raise BackendUnavailableError("no runtime is installed; install all of them with: pip install 'sonoedge[all]'")
    for name in list_models():
        manifest = load_manifest(model_folder(name))
        variants = [(one.runtime, one.precision) for one in manifest.variants if one.runtime in usable]
        for count in threads if variants else ():
            tell(f"measuring {name}, {counted(count, 'thread')}")
            yield ModelSpeed(name, count, measure(model_folder(name), manifest, variants, count))


def speed_view(speeds: Sequence[ModelSpeed]) -> Table:
    """Median milliseconds of a call, the quickest of a line in bold; 80 columns."""
    columns = sorted({(one.name, one.precision) for speed in speeds for one in speed.timings})
    table = plain_table("model", "threads", *("\n".join(column) for column in columns), left=("model",))
    for speed in speeds:
        medians = [speed.median_ms(*column) for column in columns]
        least = min(one for one in medians if one is not None)
        cells = (Text("-" if ms is None else f"{ms:.2f}", style="bold" if ms == least else "") for ms in medians)
        table.add_row(speed.model, str(speed.threads), *cells)
    return table


def slower_as_int8(speeds: Sequence[ModelSpeed]) -> tuple[str, ...]:
    """A line for each runtime that runs any model more slowly as int8 than as float: what was measured, what to do."""
    lines = []
    for runtime in sorted({one.name for speed in speeds for one in speed.timings}):
        slower = []
        for speed in speeds:
            int8_ms, float_ms = (speed.median_ms(runtime, precision) for precision in ("int8", "float"))
            if int8_ms is not None and float_ms is not None and int8_ms > _SLOWER * float_ms:
                threads = counted(speed.threads, "thread")
                slower.append(f"{speed.model} with {threads} {int8_ms:.2f} against {float_ms:.2f} ms")
        if slower:
            lines.append(
                f"{runtime} is slower with int8 than with float here ({'; '.join(slower)}): the processor or the "
                f"library lacks quick int8 products. With --runtime {runtime} take --precision float there, or leave "
                "the choice to auto, which measures"
            )
    return tuple(lines)
