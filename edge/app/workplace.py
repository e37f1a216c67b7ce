"""What stands behind the page of `sonoedge serve`: one run after the other, as whoever is in control asks for them."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from edge.app.board import free_disk_mb, slowed_by
from edge.app.composition import compose, open_model, open_probed
from edge.app.exams import Exams
from edge.app.offer import as_text, offer
from edge.app.run_file import about_run
from edge.app.session import Session
from edge.app.settings import Settings, settings_of
from edge.app.wall_clock import moment
from edge.clock import MonotonicClock
from edge.closing import Closing
from edge.errors import (
    SettingError,
    SinkError,
    SonoedgeError,
    SourceBusyError,
    SourceLostError,
    SourceNotFoundError,
    SourceStalledError,
    UnknownNameError,
)
from edge.loop.statistics import Statistics
from edge.option import options_of
from edge.sink.contract import Sink
from edge.source.holding import HoldingSource, LentSource
from edge.source.opening import SIMULATED, open_source
from edge.task.table import anatomies, task_spec
from edge.viewer import messages
from edge.viewer.desk import point
from edge.viewer.edits import Edited
from edge.viewer.messages import CineState, DeskState, ExamFields, Offer, Trouble
from edge.viewer.pictures import Pictures, PicturesView
from firmware_bridge.errors import BridgeError, RefusedError

if TYPE_CHECKING:
    from edge.app.probe.orders import ProbeControl
    from edge.app.probe_link import Exposures, ProbeLink
    from edge.app.probe_panel import PanelReader

RETRY_S: Final = 1.0
TOLD_S: Final = 8.0
"""How long something that was told stays on the page."""
LOOKED_AT_S: Final = 2.0
"""How often disk and processor are looked at."""
LOW_DISK_MB: Final = 200
SIDE: Final = "side"


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


def _of(settings: Settings) -> tuple[str, str]:
    return settings.task.name, settings.task.pathway(settings.pathway).name


class Workplace:
    """The program behind the page (viewer.desk.Desk). `run` goes on, in the caller's thread, until `stop`."""

    def __init__(
        self,
        task: str,
        given: Mapping[str, Any],
        exams: Exams,
        pictures: Pictures,
        tell: Callable[[str], None],
        *,
        views: Mapping[str, Sink] = MappingProxyType({}),
    ) -> None:
        """given: settings by name; without a `source` the simulated probe shows what the task is for. views: sinks that
        show the annotated picture too; they stay open from run to run, and the caller closes them."""
        self._given = {name: value for name, value in given.items() if value is not None}
        self._own_source = "source" not in self._given
        self._exams, self.pictures, self._tell_user, self._views = exams, pictures, tell, views
        self._clock = MonotonicClock()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._asked = threading.Event()
        """Somebody wants something that the present run does not give."""
        pathway = self._given.pop("pathway", None)
        own = {one.name for one in options_of(task_spec(task).options)}
        self._options = {name: self._given.pop(name) for name in own & self._given.keys()}
        self._settings = self._settings_for(task, self._options, pathway)
        self._link: tuple[ProbeLink, Exposures] | None = None
        self._started = False
        self._control: ProbeControl | None = None
        self._panel: PanelReader | None = None
        self._source: HoldingSource | None = None
        self._source_of = ""
        self._model: Opened | None = None
        self._following = Following()
        self._session: Session | None = None
        self._statistics: Statistics | None = None
        self._exam = ExamFields()
        self._edited: Edited | None = None
        self._troubles: dict[str, tuple[str, float | None]] = {}
        self._looked_s = 0.0

    # ------------------------------------------------------------------------------------------------------- the runs
    def run(self) -> None:
        """One run after the other. What goes wrong is told on the page, and tried again. Raises SettingError,
        UnknownNameError where the first run cannot be as it was asked for."""
        try:
            while not self._ended.is_set():
                self._asked.clear()
                try:
                    self._one_run()
                except (SonoedgeError, BridgeError) as error:
                    if isinstance(error, SettingError | UnknownNameError) and self._statistics is None:
                        raise  # it was started wrongly: no waiting helps
                    code = trouble_code(error)
                    if code not in self._troubles:
                        self._tell_user(str(error))
                    self._trouble(code, str(error))
                    self._drop_source()
                    self._asked.wait(RETRY_S)
        finally:
            self._close()

    def stop(self, why: str) -> None:
        """From any thread, and in a signal handler."""
        self._ended.set()
        self._asked.set()
        if (session := self._session) is not None:
            session.stop(why)

    def _one_run(self) -> None:
        settings = self._settings
        self._open_link(settings)
        self._take_following(settings)
        if self._source is None or self._source_of != settings.source:
            self._drop_source()
            self._source, self._source_of = self._open_source(settings), settings.source
        if self._model is None or self._model.of != _of(settings):
            self._model = Opened(settings)
        source, model = self._source, self._model.model.with_options(settings)
        views = {"page": PicturesView(self.pictures, settings.task.terms), **self._views}
        chain = compose(
            settings,
            self._clock,
            self._told,
            LentSource(source),
            model,
            drawn=bool(self._views),
            views=views,
        )
        with Session(settings, chain, self._told) as session:
            self._session = session
            if self._asked.is_set():
                return
            try:
                self._start_probe(settings)
                for _ in session.results():
                    if self._troubles:
                        self._came()
            finally:
                self._statistics = session.statistics()
                self._session = None
        if not self._asked.is_set():
            raise SourceLostError(f"{settings.source} gives no more pictures")

    def _came(self) -> None:
        """A picture came: what was in its way is over."""
        for code in ("opening", "no probe", "no frames", "lost", "error"):
            self._troubles.pop(code, None)

    def _open_link(self, settings: Settings) -> None:
        if settings.probe is None or self._link is not None:
            return
        from edge.app.probe.opening import with_seed
        from edge.app.probe.orders import ProbeControl
        from edge.app.probe_link import open_link
        from edge.app.probe_panel import PanelReader

        # That transmit has ended stands on the page, with what to do; the terminal is told of its own keys.
        link = open_link(with_seed(settings.probe), self._tell_user)
        try:
            self._panel = PanelReader(link[0].probe)
        except BridgeError:
            link[0].close()
            raise
        self._link, self._control = link, ProbeControl(link[0].probe, None)

    def _start_probe(self, settings: Settings) -> None:
        """Once, when all is open: from now on it transmits only while frames are read."""
        if self._link is None or self._started:
            return
        self._started = True
        try:
            self._link[0].start(arm=settings.arm)
        except RefusedError as refused:
            self._trouble("refused", str(refused))

    def _take_following(self, settings: Settings) -> None:
        """What was opened for this run takes the place of what the one before had."""
        with self._lock:
            following, self._following = self._following, Following()
        if following.source is not None:
            self._drop_source()
            self._source, self._source_of = following.source, settings.source
        if following.model is not None:
            before, self._model = self._model, following.model
            if before is not None:
                before.close()

    def _open_source(self, settings: Settings) -> HoldingSource:
        """Raises SettingError where it is not live."""
        with ExitStack() as opened:
            if self._link is not None:
                link = self._link
                inner, _ = open_probed(settings, self._clock, lambda: link, opened)
            else:
                inner = opened.enter_context(open_source(settings.source, fps=settings.fps, clock=self._clock))
            if not inner.live:
                raise SettingError(f"{settings.source} is recorded; measure it with: sonoedge run {settings.task.name}")
            opened.pop_all()
        return HoldingSource(inner)

    def _drop_source(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            with suppress(SonoedgeError):
                source.close()

    def _close(self) -> None:
        self._drop_source()
        self._following.close()
        if self._model is not None:
            self._model.close()
        if self._panel is not None:
            self._panel.close()
        if self._link is not None:
            self._link[0].close()
        self._exams.end(self._statistics)

    def _settings_for(self, task: str, options: Mapping[str, Any], pathway: str | None = None) -> Settings:
        given = {**self._given, **options}
        if pathway is not None:
            given["pathway"] = pathway
        if not task_spec(task).pathway(pathway).network:
            # Said for all tasks, at the start; one without a network has no use for it.
            given = {name: value for name, value in given.items() if name not in ("runtime", "precision")}
        if self._own_source:
            given["source"] = f"{SIMULATED}:{_body_for(task)}"
        return settings_of(task, given)

    # ------------------------------------------------------------------------------------------------------- the page
    def offer(self) -> Offer:
        """See Desk."""
        return offer()

    def state(self) -> DeskState:
        """See Desk."""
        self._look_around()
        settings, session, shown = self._settings, self._session, self.pictures.shown()
        pointer = session.pointer if session is not None else None
        edited = self._edited
        ends = settings.task.ends
        panel = self._panel.panel() if self._panel is not None else None
        if panel is not None and panel.simulated and session is not None and self._link is not None:
            # Its pictures take this program's own time to make, longer than a probe waits for a sign of life on a busy
            # machine; and it emits nothing that a hang could leave on.
            self._link[0].probe.alive()
        folder = self._exams.open_folder
        return DeskState(
            task=settings.task.name,
            pathway=settings.task.pathway(settings.pathway).name,
            options={
                one.name: as_text(getattr(settings.options, one.name)) for one in options_of(settings.task.options)
            },
            ends=None if ends is None else ends(settings.options),
            pointing=settings.task.pointed is not None,
            pointed=len(pointer.pointed() or ()) if pointer is not None else 0,
            troubles=self._present_troubles(),
            frozen=self.pictures.frozen,
            cine=self.pictures.cine() if self.pictures.frozen else CineState(),
            probe=panel,
            edits=edited.edits if edited and shown and edited.number == shown.number else (),
            exam=self._exam,
            saved=self._exams.saves,
            folder="" if folder is None else str(folder),
        )

    def do(self, asked: messages.Asked, who: str) -> str:
        """See Desk."""
        try:
            return _DOERS[type(asked)](self, asked, who)
        except BridgeError as error:
            raise SettingError(str(error)) from error

    def _choose_task(self, asked: messages.ChooseTask, who: str) -> str:
        options = {name: value for name, value in asked.options.items() if value not in ("", [])}
        settings = self._settings_for(asked.task, self._with_side(asked.task, options), asked.pathway)
        return self._begin(settings, options)

    def _begin(self, settings: Settings, options: Mapping[str, Any]) -> str:
        """The next run, which begins once its model is open; the present one goes on until then."""
        self._trouble("opening", settings.task.name)
        # Another source is another body of the simulated probe, which can show two; a camera stays what it is.
        other_body = self._source is not None and self._source_of != settings.source
        other_model = self._model is not None and self._model.of != _of(settings)
        try:
            model = Opened(settings) if other_model else None
            source = self._open_source(settings) if other_body else None
        except SonoedgeError:
            self._troubles.pop("opening", None)
            raise
        with self._lock:
            left, self._following = self._following, Following(model, source)
            self._settings, self._options = settings, dict(options)
            self._asked.set()
            if (session := self._session) is not None:
                session.stop("something else is asked for")
        left.close()
        return ""

    def _freeze(self, asked: messages.Freeze, who: str) -> str:
        source, control = self._source, self._control
        if control is not None and control.probe.line.is_open:
            self._order("freeze" if asked.on else "unfreeze")
        elif source is not None:
            source.held = asked.on
        if not asked.on and source is not None:
            source.held = False
        return ""

    def _scroll(self, asked: messages.Scroll, who: str) -> str:
        if not self.pictures.scroll(asked.to):
            raise SettingError("the picture moves; freeze it first")
        return ""

    def _seek(self, asked: messages.Seek, who: str) -> str:
        if not self.pictures.seek(asked.sequence):
            raise SettingError("the picture moves; freeze it first")
        return ""

    def _set_probe(self, asked: messages.SetProbe, who: str) -> str:
        from edge.app.probe.orders import Order, Sender

        text = " ".join(f"{name}={value}" for name, value in asked.changes.items())
        self._needed_control().do(Order(text, changes=asked.changes), Sender("page"))
        return ""

    def _act(self, asked: messages.Act, who: str) -> str:
        from edge.app.probe.orders import ACTIONS

        if asked.action not in ACTIONS:
            raise SettingError(f"there is no '{asked.action}' here; there are: {', '.join(ACTIONS)}")
        self._order(asked.action)
        self._troubles.pop("refused", None)
        return ""

    def _order(self, action: str) -> None:
        from edge.app.probe.orders import Order, Sender

        self._needed_control().do(Order(action, action=action), Sender("page"))

    def _needed_control(self) -> "ProbeControl":
        if self._control is None:
            raise SettingError("no probe is connected that could be set; start with --probe ADDRESS")
        return self._control

    def _point(self, asked: messages.Point, who: str) -> str:
        session = self._session
        return point(session.pointer if session is not None else None, asked)

    def _edit(self, asked: messages.Edit, who: str) -> str:
        edited, frame, finding = self._worked_on()
        self._edited = edited.with_edit(asked, frame, finding, who, moment().wall_clock)
        return ""

    def _undo(self, asked: messages.Undo, who: str) -> str:
        if self._edited is not None:
            self._edited = self._edited.undone()
        return ""

    def _worked_on(self) -> tuple[Edited, Any, Any]:
        if not self.pictures.frozen:
            raise SettingError("the picture moves; freeze it first")
        found = self.pictures.original()
        assert found is not None
        picture, frame, finding = found
        edited = self._edited
        return edited if edited and edited.number == picture.number else Edited(picture.number), frame, finding

    def _set_exam(self, asked: messages.SetExam, who: str) -> str:
        side, self._exam = self._exam.side, asked.fields
        if asked.fields.side != side and SIDE in {one.name for one in options_of(self._settings.task.options)}:
            name = self._settings.task.name
            options = self._with_side(name, self._options)
            self._begin(self._settings_for(name, options, self._settings.pathway), self._options)
        return ""

    def _with_side(self, task: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """The side of the exam, where the task asks for one and knows it."""
        asked = next((one for one in offer().tasks if one.name == task), None)
        knows = asked is not None and any(one.name == SIDE and self._exam.side in one.choices for one in asked.options)
        return {**options, SIDE: self._exam.side} if knows else dict(options)

    def _new_exam(self, asked: messages.NewExam, who: str) -> str:
        self._exams.end(self._statistics)
        self._exam = ExamFields(examiner=self._exam.examiner)
        self._edited = None
        return ""

    def _save(self, asked: messages.Save, who: str) -> str:
        found = self.pictures.original()
        if found is None:
            raise SettingError("there is no picture yet")
        picture, frame, finding = found
        edits = self._edited.edits if self._edited and self._edited.number == picture.number else ()
        settings, model = self._settings, self._model
        runtime, reason, further = (
            (model.model.runtime, model.model.reason, model.model.further) if model else (None, "", None)
        )
        probe = self._link[0].probe if self._link is not None and self._link[0].probe.line.is_open else None
        try:
            folder = self._exams.save(
                frame,
                finding,
                settings.task.terms,
                lambda: about_run(settings, runtime, reason, probe, further),
                who=self._exam.examiner or who,
                fields=self._exam,
                edits=edits,
                before_newest_s=self.pictures.cine().before_end_s,
                panorama=self.pictures.panorama().mark,
            )
        except SinkError as error:
            self._trouble("disk", str(error))
            raise
        self._troubles.pop("disk", None)
        return str(folder)

    # ------------------------------------------------------------------------------------------------------ what is up
    def _told(self, text: str) -> None:
        self._tell_user(text)
        self._trouble("told", text, TOLD_S)

    def _trouble(self, code: str, text: str, seconds: float | None = None) -> None:
        """seconds: how long it is told. None: until it is over."""
        self._troubles[code] = text, None if seconds is None else time.monotonic() + seconds

    def _present_troubles(self) -> tuple[Trouble, ...]:
        now_s = time.monotonic()
        kept = {code: one for code, one in list(self._troubles.items()) if one[1] is None or one[1] > now_s}
        return tuple(Trouble(code, text) for code, (text, _) in kept.items())

    def _look_around(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOKED_AT_S:
            return
        self._looked_s = now_s
        if slowed := slowed_by().removeprefix("; "):
            self._trouble("slowed", slowed, 2 * LOOKED_AT_S)
        with suppress(OSError):
            there = next(path for path in (self._exams.folder, *self._exams.folder.parents) if path.exists())
            if (free_mb := free_disk_mb(there)) < LOW_DISK_MB:
                self._trouble("low disk", f"{free_mb} MB", 2 * LOOKED_AT_S)


_DOERS: Final[Mapping[type, Callable[[Workplace, Any, str], str]]] = MappingProxyType(
    {
        messages.ChooseTask: Workplace._choose_task,
        messages.Freeze: Workplace._freeze,
        messages.Scroll: Workplace._scroll,
        messages.Seek: Workplace._seek,
        messages.SetProbe: Workplace._set_probe,
        messages.Act: Workplace._act,
        messages.Point: Workplace._point,
        messages.Edit: Workplace._edit,
        messages.Undo: Workplace._undo,
        messages.SetExam: Workplace._set_exam,
        messages.NewExam: Workplace._new_exam,
        messages.Save: Workplace._save,
    }
)


def trouble_code(error: Exception) -> str:
    """What a page shows for an error that ended a run."""
    if isinstance(error, SourceStalledError):
        return "no frames"
    if isinstance(error, SourceLostError):
        return "lost"
    if isinstance(error, SourceNotFoundError | SourceBusyError | BridgeError):
        return "no probe"
    return "error"


def _body_for(task: str) -> str:
    """The anatomy that the simulated probe shows for a task: its own, or the first of all."""
    own = task_spec(task).anatomies
    return own[0].name if own else next(iter(anatomies()))


def exams_folder(given: Path | None) -> Path:
    """Where exams are kept. Raises SettingError where the user has no home and named none."""
    if given is not None:
        return given.expanduser()
    import platformdirs

    try:
        return platformdirs.user_data_path("sonoedge") / "exams"
    except RuntimeError as error:
        raise SettingError(f"there is no folder for exams ({error}); name one with --out FOLDER") from error
