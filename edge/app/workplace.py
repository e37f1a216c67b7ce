"""What stands behind the page of `sonoedge serve`: one run after the other, as whoever is in control asks for them."""

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from edge.app.composition import compose
from edge.app.exam_desk import MOVES, ExamDesk
from edge.app.exams import Exams
from edge.app.kept_open import Following, KeptOpen
from edge.app.offer import as_text, offer
from edge.app.run_file import about_run
from edge.app.session import Session
from edge.app.settings import Settings, settings_of
from edge.app.troubles import TOLD_S, Troubles, trouble_code
from edge.clock import MonotonicClock
from edge.errors import SettingError, SinkError, SonoedgeError, SourceLostError, UnknownNameError
from edge.loop.statistics import Statistics
from edge.option import options_of
from edge.sink.contract import Sink
from edge.source.holding import LentSource
from edge.source.opening import SIMULATED
from edge.task.table import anatomies, task_spec
from edge.viewer import from_page
from edge.viewer.desk import point
from edge.viewer.pictures import Pictures, PicturesView
from edge.viewer.to_page import CineState, DeskState, Offer
from firmware_bridge.errors import BridgeError, RefusedError

if TYPE_CHECKING:
    from edge.app.probe_panel import ServedProbe

RETRY_S: Final = 1.0
SIDE: Final = "side"
DEPTH: Final = "depth_mm"


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
        self.pictures, self._tell_user, self._views = pictures, tell, views
        self._exam = ExamDesk(exams, pictures)
        self._troubles = Troubles(exams.folder)
        self._clock = MonotonicClock()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._asked = threading.Event()
        """Somebody wants something that the present run does not give."""
        pathway = self._given.pop("pathway", None)
        own = {one.name for one in options_of(task_spec(task).options)}
        self._options = {name: self._given.pop(name) for name in own & self._given.keys()}
        self._settings = self._settings_for(task, self._options, pathway)
        self._open = KeptOpen(self._clock, tell)
        self._following = Following()
        self._session: Session | None = None
        self._statistics: Statistics | None = None

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
                    self._troubles.add(code, str(error))
                    self._open.drop_source()
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
        with self._lock:
            settings, following, self._following = self._settings, self._following, Following()
        source, model = self._open.for_run(settings, following)
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
                    self._troubles.picture_came()
            finally:
                self._statistics = session.statistics()
                self._session = None
        if not self._asked.is_set():
            raise SourceLostError(f"{settings.source} gives no more pictures")

    def _start_probe(self, settings: Settings) -> None:
        if self._open.probe is None:
            return
        try:
            self._open.probe.start(arm=settings.arm)
        except RefusedError as refused:
            self._troubles.add("refused", str(refused))

    def _close(self) -> None:
        self._following.close()
        self._open.close()
        self._exam.close(self._statistics)

    def _settings_for(
        self, task: str, options: Mapping[str, Any], pathway: str | None = None, given: Mapping[str, Any] | None = None
    ) -> Settings:
        """given: in the place of those that every run has."""
        given = {**(self._given if given is None else given), **options}
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
        settings, session, probe = self._settings, self._session, self._open.probe
        pointer = session.pointer if session is not None else None
        ends = settings.task.ends
        panel = probe.panel() if probe is not None else None
        if probe is not None and panel is not None and panel.simulated and session is not None:
            # Its pictures take this program's own time to make, longer than a probe waits for a sign of life on a busy
            # machine; and it emits nothing that a hang could leave on.
            probe.probe.alive()
        return DeskState(
            task=settings.task.name,
            pathway=settings.task.pathway(settings.pathway).name,
            options={
                one.name: as_text(getattr(settings.options, one.name)) for one in options_of(settings.task.options)
            },
            ends=None if ends is None else ends(settings.options),
            pointing=settings.task.pointed is not None,
            pointed=len(pointer.pointed() or ()) if pointer is not None else 0,
            troubles=self._troubles.present(),
            frozen=self.pictures.frozen,
            cine=self.pictures.cine() if self.pictures.frozen else CineState(),
            probe=panel,
            depth_mm=settings.depth_mm,
            edits=self._exam.edits(),
            exam=self._exam.fields,
            saved=self._exam.saved,
            folder=self._exam.folder,
        )

    def do(self, asked: from_page.Asked, who: str) -> str:
        """See Desk."""
        try:
            return _DOERS[type(asked)](self, asked, who)
        except BridgeError as error:
            raise SettingError(str(error)) from error

    def _choose_task(self, asked: from_page.ChooseTask, who: str) -> str:
        options = {name: value for name, value in asked.options.items() if value not in ("", [])}
        known = [one.name for one in options_of(task_spec(asked.task).options)]
        if strange := sorted(options.keys() - set(known)):
            # The run's own settings, such as folders, are for who started the program alone.
            raise SettingError(f"{strange[0]} is no option of {asked.task}; there are: {', '.join(known)}")
        settings = self._settings_for(asked.task, self._with_side(asked.task, options), asked.pathway)
        return self._begin(settings, options)

    def _begin(self, settings: Settings, options: Mapping[str, Any]) -> str:
        """The next run, which begins once its model is open; the present one goes on until then."""
        self._troubles.add("opening", settings.task.name)
        try:
            following = self._open.following(settings)
        except SonoedgeError:
            self._troubles.over("opening")
            raise
        with self._lock:
            left, self._following = self._following, following
            self._settings, self._options = settings, dict(options)
            self._asked.set()
            if (session := self._session) is not None:
                session.stop("something else is asked for")
        left.close()
        return ""

    def _begin_again(self, given: Mapping[str, Any]) -> str:
        """The same task, with other settings or another side."""
        name = self._settings.task.name
        settings = self._settings_for(name, self._with_side(name, self._options), self._settings.pathway, given)
        return self._begin(settings, self._options)

    def _freeze(self, asked: from_page.Freeze, who: str) -> str:
        probe, source = self._open.probe, self._open.source
        by_probe = probe is not None and probe.is_open
        if probe is not None and by_probe:
            probe.order("freeze" if asked.on else "unfreeze")
        if source is not None and not (by_probe and asked.on):
            source.held = asked.on
        return ""

    def _scroll(self, asked: from_page.Scroll, who: str) -> str:
        if not self.pictures.scroll(asked.to):
            raise SettingError(MOVES)
        return ""

    def _seek(self, asked: from_page.Seek, who: str) -> str:
        if not self.pictures.seek(asked.sequence):
            raise SettingError(MOVES)
        return ""

    def _set_probe(self, asked: from_page.SetProbe, who: str) -> str:
        self._needed_probe().set(asked.changes)
        return ""

    def _set_depth(self, asked: from_page.SetDepth, who: str) -> str:
        if self._open.probe is not None:
            raise SettingError("the probe tells its own depth; set it at the probe")
        # A scale stated in mm per px would have the last word.
        given = {name: value for name, value in self._given.items() if name not in (DEPTH, "mm_per_px")}
        if asked.depth_mm is not None:
            given[DEPTH] = asked.depth_mm
        told = self._begin_again(given)
        self._given = given
        return told

    def _act(self, asked: from_page.Act, who: str) -> str:
        from edge.app.probe.orders import ACTIONS

        if asked.action not in ACTIONS:
            raise SettingError(f"there is no '{asked.action}' here; there are: {', '.join(ACTIONS)}")
        self._needed_probe().order(asked.action)
        self._troubles.over("refused")
        return ""

    def _needed_probe(self) -> "ServedProbe":
        if self._open.probe is None:
            raise SettingError("no probe is connected that could be set; start with --probe ADDRESS")
        return self._open.probe

    def _point(self, asked: from_page.Point, who: str) -> str:
        session = self._session
        return point(session.pointer if session is not None else None, asked)

    def _edit(self, asked: from_page.Edit, who: str) -> str:
        self._exam.edit(asked, who)
        return ""

    def _undo(self, asked: from_page.Undo, who: str) -> str:
        self._exam.undo()
        return ""

    def _set_exam(self, asked: from_page.SetExam, who: str) -> str:
        before, self._exam.fields = self._exam.fields, asked.fields
        if asked.fields.side != before.side and SIDE in {one.name for one in options_of(self._settings.task.options)}:
            self._begin_again(self._given)
        return ""

    def _with_side(self, task: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """The side of the exam, where the task asks for one and knows it."""
        asked = next((one for one in offer().tasks if one.name == task), None)
        side = self._exam.fields.side
        knows = asked is not None and any(one.name == SIDE and side in one.choices for one in asked.options)
        return {**options, SIDE: side} if knows else dict(options)

    def _new_exam(self, asked: from_page.NewExam, who: str) -> str:
        self._exam.new(self._statistics)
        return ""

    def _save(self, asked: from_page.Save, who: str) -> str:
        try:
            folder = self._exam.save(self._settings.task.terms, self._about, who)
        except SinkError as error:
            self._troubles.add("disk", str(error))
            raise
        self._troubles.over("disk")
        return str(folder)

    def _about(self) -> dict[str, Any]:
        """What is told of the run in an exam's folder."""
        model, probe = self._open.model, self._open.probe
        known = (None, "", None) if model is None else (model.runtime, model.reason, model.further)
        runtime, reason, further = known
        line = probe.probe if probe is not None and probe.is_open else None
        return about_run(self._settings, runtime, reason, line, further)

    def _told(self, text: str) -> None:
        self._tell_user(text)
        self._troubles.add("told", text, TOLD_S)


_DOERS: Final[Mapping[type, Callable[[Workplace, Any, str], str]]] = MappingProxyType(
    {
        from_page.ChooseTask: Workplace._choose_task,
        from_page.Freeze: Workplace._freeze,
        from_page.Scroll: Workplace._scroll,
        from_page.Seek: Workplace._seek,
        from_page.SetProbe: Workplace._set_probe,
        from_page.SetDepth: Workplace._set_depth,
        from_page.Act: Workplace._act,
        from_page.Point: Workplace._point,
        from_page.Edit: Workplace._edit,
        from_page.Undo: Workplace._undo,
        from_page.SetExam: Workplace._set_exam,
        from_page.NewExam: Workplace._new_exam,
        from_page.Save: Workplace._save,
    }
)


def _body_for(task: str) -> str:
    """The anatomy that the simulated probe shows for a task: its own, or the first of all."""
    own = task_spec(task).anatomies
    return own[0].name if own else next(iter(anatomies()))
