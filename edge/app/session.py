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
from edge.errors import SinkError, SonoedgeError, SourceError, SourceFormatError
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

    def __init__(self, settings: Settings, chain: Chain, tell: Callable[[str], None] = ignore) -> None:
        self.settings = settings
        self._tell = tell
        self.runtime = chain.runtime_label
        """`openvino int8, 2 threads`."""
        self.runtime_reason = chain.runtime_reason
        """Why that one; empty where the settings named it."""
        self.pointer = chain.pointer
        """For who points at something in the picture; None where the task has nothing to point at."""
        self.page_url = chain.page.invitation() if chain.page is not None else None
        """The live page's address, with the code that lets in."""
        self.control = chain.control
        """For who gives the probe orders; None without a probe."""
        self._chain, self._run_file = chain, chain.run_file
        self._tally = FindingTally()
        self._stopped = False
        self._reason = "it was closed before the source ended"

    def __iter__(self) -> Iterator[Finding]:
        return (result.finding for result in self.results())

    def results(self) -> Iterator[Result]:
        """Frame, finding and picture of one exposure together, as they come. A probe starts with the first."""
        if self._chain.probe is not None:
            self._chain.probe.start(arm=self.settings.arm)
        if self._chain.script is not None:
            self._chain.script.start()
        for result in self._chain.loop:
            self._tally.add(result.finding)
            yield result
        if not self._stopped:
            asked = self.settings.max_frames
            reached = asked is not None and self._tally.summary().frames >= asked
            self._reason = f"the {asked} frames that were asked for" if reached else "the source ended"
            self._check_whole()
        elif failure := self._script_failure():
            self._tell(failure)

    def stop(self, why: str = "stopped by the program") -> None:
        """Ends the iteration after the present frame; safe in a signal handler. why: stands in run.json."""
        self._stopped, self._reason = True, why
        self._chain.loop.stop()

    def statistics(self) -> Statistics:
        return self._chain.loop.statistics()

    def summary(self) -> Summary:
        return self._tally.summary()

    def close(self) -> None:
        self.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._chain.opened.__exit__(kind, error, trace)
        except BaseException as late:
            self._tell_end(late)
            raise
        self._tell_end(error)

    def _tell_end(self, error: BaseException | None) -> None:
        """Once, and after all files are finished. Where an error ended the run, one more is only noted on it."""
        run_file, self._run_file = self._run_file, None
        if run_file is None:
            return
        reason = self._reason if error is None else f"{type(error).__name__}: {error}"
        try:
            run_file.end(reason, dict(self._tally.summary().verdicts), self.statistics())
        except SinkError as late:
            if error is None:
                raise
            error.add_note(str(late))

    def _script_failure(self) -> str:
        script = self._chain.script
        if script is None:
            return ""
        script.close()
        return script.failure()

    def _check_whole(self) -> None:
        """A source or a script that left something out says so at the end, when all the rest is measured and kept."""
        if failure := self._script_failure():
            raise SonoedgeError(failure)
        source = self.settings.source
        skipped: tuple[str, ...] = getattr(self._chain.source, "skipped", ())
        if skipped:
            raise SourceError(f"{len(skipped)} passed over in {source}: {'; '.join(skipped)}")
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
        return Session(asked, compose(asked, tell=tell), tell)
    from edge.source.arrays import ArraySource

    asked = settings_of(task, {"source": "arrays", **settings})
    return Session(asked, compose(asked, tell=tell, source=ArraySource(source, fps=asked.fps)), tell)
