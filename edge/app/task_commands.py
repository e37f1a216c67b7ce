"""Commands that have one subcommand per task: `sonoedge run NAME`, with the common options and the task's own.

The options come from settings records (edge.option): what a field says of itself is what `--help` shows.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from edge.errors import SettingError
from edge.option import Asked, NoOptions, options_of

if TYPE_CHECKING:
    from edge.task.spec import TaskSpec

HELPED = {"help_option_names": ["-h", "--help"]}
Body = Callable[["TaskSpec", Mapping[str, Any]], None]
"""Runs the command for a task with what the user gave, by name; what was not given is left out."""


def task_commands(
    help_text: str,
    body: Body,
    *,
    options: type = NoOptions,
    settings: Sequence[str] | None = None,
    argument: str = "",
    offered: "Callable[[TaskSpec], bool]" = lambda spec: True,
    first: bool = False,
) -> typer.Typer:
    """A command whose subcommands are the tasks that are `offered`.

    Each has the command's own `options` (a record), those `settings` of a run that it also takes (None: all), and the
    options of the task. Nothing of the tasks is imported before one of them, or help, is asked for. help_text: of the
    whole; an example in it says TASK for the task's name, and appears in each subcommand's help too. argument: the
    option that is written without its flag. first: where no task is named, the first one is meant.
    """

    class TaskGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            from edge.task.table import task_specs

            return [spec.name for spec in task_specs() if offered(spec)]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            from edge.task.table import TASKS, task_spec

            spec = task_spec(cmd_name) if cmd_name in TASKS else None
            if spec is None or not offered(spec):
                known = ", ".join(self.list_commands(ctx))
                raise SettingError(f"there is no task '{cmd_name}' here; there are: {known}")
            return _command(spec, help_text, body, _asked(options, settings), argument)

        def parse_args(self, ctx: Any, args: list[str]) -> Any:
            helped = bool(args) and args[0] in ("-h", "--help")
            if first and not helped and (not args or args[0].startswith("-")):
                args = [self.list_commands(ctx)[0], *args]
            return super().parse_args(ctx, args)

    app = typer.Typer(
        cls=TaskGroup, help=help_text, rich_markup_mode="rich", no_args_is_help=not first, subcommand_metavar="TASK ..."
    )
    # Typer makes a group only of what has a callback or commands; the tasks are found when they are asked for.
    app.callback()(_nothing)
    return app


def _nothing() -> None: ...


def _asked(options: type, settings: Sequence[str] | None) -> tuple[Asked, ...]:
    from edge.app.settings import common_options

    return (*options_of(options), *(one for one in common_options() if settings is None or one.name in settings))


def _command(spec: "TaskSpec", help_text: str, body: Body, common: Sequence[Asked], argument: str) -> Any:
    own = options_of(spec.options)

    def run(**given: Any) -> None:
        body(spec, {name: value for name, value in given.items() if value != left_out[name]})

    parameters = [_parameter(one, one.name == argument) for one in common]
    parameters += [_parameter(one, panel=f"Of {spec.name} alone") for one in own]
    left_out = {one.name: one.default for one in parameters}
    # Typer reads what a function asks for from its signature.
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    ways = "\n\n".join(f"  --pathway {one.name}: {one.sentence}" for one in spec.pathways)
    pathways = f"\n\n[bold]Pathways[/]\n\n{ways}" if len(spec.pathways) > 1 else ""
    shown = spec.sentence + pathways + _examples(help_text, spec.name)
    one = typer.Typer(add_completion=False, rich_markup_mode="rich", context_settings=HELPED)
    one.command(spec.name, help=shown, short_help=spec.sentence)(run)
    return typer.main.get_command(one)


def _examples(help_text: str, task: str) -> str:
    """The lines of the group's help that show the command, for one task."""
    lines = [line.strip() for line in help_text.splitlines() if line.strip().startswith("sonoedge ") and "TASK" in line]
    shown = "\n\n".join("  " + line.replace("TASK", task) for line in lines)
    return f"\n\n[bold]Examples[/]\n\n{shown}" if lines else ""


def _parameter(asked: Asked, as_argument: bool = False, panel: str | None = None) -> inspect.Parameter:
    option = asked.option
    help_text = option.help + (f" ({asked.span})" if asked.span and asked.span not in option.help else "")
    shown: Any
    if as_argument:
        shown = typer.Argument(help=help_text, metavar=option.metavar or asked.name.upper())
    else:
        flags = [asked.flag, *([option.short] if option.short else [])]
        if asked.kind is bool and asked.default:
            flags[0] += f"/--no-{asked.flag[2:]}"
        shown = typer.Option(*flags, help=help_text, metavar=option.metavar or None, rich_help_panel=panel)
    kind: Any = asked.kind if asked.kind in (int, float, bool, Path) else list[str] if option.repeated else str
    default = inspect.Parameter.empty if asked.required else None if kind is not bool else asked.default
    annotation: Any = Annotated[kind if asked.required or kind is bool else kind | None, shown]
    return inspect.Parameter(asked.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
