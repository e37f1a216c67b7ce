"""What a page keeps open from one run to the next: the probe's line, the source, the model."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.app.composition import OpenModel, open_model, open_probed
from edge.app.settings import Settings
from edge.clock import Clock
from edge.closing import Closing
from edge.errors import SettingError, SonoedgeError
from edge.source.holding import HoldingSource
from edge.source.opening import open_source

if TYPE_CHECKING:
    from edge.app.probe_panel import ServedProbe


class Opened(Closing):
    """A model that is open, and what for."""

    def __init__(self, settings: Settings) -> None:
        self.of = _of(settings)
        self._opened = ExitStack()
        self.model = open_model(settings, self._opened)

    def close(self) -> None:
        self._opened.close()


@dataclass(frozen=True, slots=True)
class Following:
    """What the next run needs and the present one has not, opened while the present one goes on."""

    model: Opened | None = None
    source: HoldingSource | None = None

    def close(self) -> None:
        for one in (self.model, self.source):
            if one is not None:
                one.close()


class KeptOpen(Closing):
    """Each is opened when a run first needs it, and closed when one needs another."""

    def __init__(self, clock: Clock, tell: Callable[[str], None]) -> None:
        self._clock, self._tell = clock, tell
        self._source_of = ""
        self._model: Opened | None = None
        self.source: HoldingSource | None = None
        self.probe: ServedProbe | None = None

    @property
    def model(self) -> OpenModel | None:
        return None if self._model is None else self._model.model

    def for_run(self, settings: Settings, following: Following) -> tuple[HoldingSource, OpenModel]:
        """following: what was opened for these settings."""
        if following.source is not None:
            self.drop_source()
            self.source, self._source_of = following.source, settings.source
        if following.model is not None:
            self._replace_model(following.model)
        if settings.probe is not None and self.probe is None:
            from edge.app.probe_panel import ServedProbe

            self.probe = ServedProbe(settings.probe, self._tell)
        if self.source is None or self._source_of != settings.source:
            self.drop_source()
            self.source, self._source_of = self._open_source(settings), settings.source
        if self._model is None or self._model.of != _of(settings):
            self._replace_model(Opened(settings))
        assert self._model is not None
        return self.source, self._model.model.with_options(settings)

    def following(self, settings: Settings) -> Following:
        """What these settings need and is not open. What was never opened is left to the run."""
        # Another source is another body of the simulated probe, which can show two; a camera stays what it is.
        other_body = self.source is not None and self._source_of != settings.source
        other_model = self._model is not None and self._model.of != _of(settings)
        model = Opened(settings) if other_model else None
        return Following(model, self._open_source(settings) if other_body else None)

    def drop_source(self) -> None:
        source, self.source = self.source, None
        if source is not None:
            with suppress(SonoedgeError):
                source.close()

    def close(self) -> None:
        self.drop_source()
        for one in (self._model, self.probe):
            if one is not None:
                one.close()

    def _replace_model(self, model: Opened) -> None:
        before, self._model = self._model, model
        if before is not None:
            before.close()

    def _open_source(self, settings: Settings) -> HoldingSource:
        """Raises SettingError where it is not live."""
        with ExitStack() as opened:
            if (probe := self.probe) is not None:
                inner, _ = open_probed(settings, self._clock, lambda: probe.link, opened)
            else:
                inner = opened.enter_context(open_source(settings.source, fps=settings.fps, clock=self._clock))
            if not inner.live:
                raise SettingError(f"{settings.source} is recorded; measure it with: sonoedge run {settings.task.name}")
            opened.pop_all()
        return HoldingSource(inner)


def _of(settings: Settings) -> tuple[str, str]:
    return settings.task.name, settings.task.pathway(settings.pathway).name
