"""A run from Python.

from edge.app.session import open_session

with open_session("clip.mkv", task=NAME, out="results") as session:
    for finding in session:
        print(finding.summary())
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from edge.app.composition import Chain, compose
from edge.app.settings import Settings, settings_of
from edge.errors import SourceError, SourceFormatError
from edge.exam.summary import FindingTally, Summary
from edge.finding import Finding
from edge.loop.capture import ignore
from edge.loop.statistics import Statistics
from edge.loop.step import Result

if TYPE_CHECKING:
    from edge.source.arrays import Pictures


class Session:
    """An open chain; a context manager, to be iterated once.

    Iterating gives findings; `results` gives them with the frame and the picture that shows them. Both raise what the
    source or a sink raises (errors.SourceError, errors.SinkError); leaving the context lets every sink finish its files
    first.
    """

    def __init__(self, settings: Settings, chain: Chain) -> None:
        self.settings = settings
        self.runtime = chain.runtime_label
        """`openvino int8, 2 threads`."""
        self.runtime_reason = chain.runtime_reason
        """Why that one; empty where the settings named it."""
        self.page_url = chain.page_url
        self._chain = chain
        self._tally = FindingTally()
        self._stopped = False

    def __iter__(self) -> Iterator[Finding]:
        return (result.finding for result in self.results())

    def results(self) -> Iterator[Result]:
        """Frame, finding and picture of one exposure together, as they come. A probe starts with the first."""
        if self._chain.probe is not None:
            self._chain.probe.start(arm=self.settings.arm)
        for result in self._chain.loop:
            self._tally.add(result.finding)
            yield result
        if not self._stopped:
            self._check_whole()

    def stop(self) -> None:
        """Ends the iteration after the present frame; safe in a signal handler."""
        self._stopped = True
        self._chain.loop.stop()

    def statistics(self) -> Statistics:
        return self._chain.loop.statistics()

    def summary(self) -> Summary:
        return self._tally.summary()

    def close(self) -> None:
        self._chain.opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._chain.opened.__exit__(kind, error, trace)

    def _check_whole(self) -> None:
        """A source that left something out says so at the end, when all the rest is measured and kept."""
        source = self.settings.source
        skipped: tuple[str, ...] = getattr(self._chain.source, "skipped", ())
        if skipped:
            raise SourceError(f"{len(skipped)} files of {source} were passed over: {'; '.join(skipped)}")
        if self._tally.summary().frames == 0:
            raise SourceFormatError(f"{source} ended without one frame; expected a recording with pictures")


def open_session(
    source: "str | Path | Pictures", *, task: str, tell: Callable[[str], None] = ignore, **settings: Any
) -> Session:
    """An open chain from `source` to the folder `out`.

    source: what `sonoedge run --source` takes, or pictures of the caller's own: an array (height, width) uint8 grey or
    (height, width, 3) uint8 BGR, a stack of them, or an iterator that gives them one by one. task: its
    name, one of `sonoedge run --help`.
    settings: the fields of edge.app.settings.Settings by name, and the task's own (`sonoedge run TASK --help`).
    `tell` is called, from another thread, with what a user should know meanwhile: a probe unplugged, or back again.
    A `probe` images, and transmits unless `arm` is False, from the first finding that is asked for until it is closed.

    Raises errors.SonoedgeError, or firmware_bridge.errors.BridgeError for the probe's line, where anything cannot be
    opened; nothing stays open then.
    """
    if isinstance(source, str | Path):
        asked = settings_of(task, {"source": str(source), **settings})
        return Session(asked, compose(asked, tell=tell))
    from edge.source.arrays import ArraySource

    asked = settings_of(task, {"source": "arrays", **settings})
    return Session(asked, compose(asked, tell=tell, source=ArraySource(source, fps=asked.fps)))
