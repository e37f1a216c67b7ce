"""`sonoedge reference`: healthy people's values on one device and preset, which a z-score needs."""

from pathlib import Path
from typing import Annotated

import typer

from edge.app.console import out, say
from edge.errors import SettingError

reference = typer.Typer(
    help="Record what healthy tissue looks like on your scanner, so that what is measured can have a z-score.\n\n"
    "A reference is made from one run (--out) of each of five healthy people or more.\n\n"
    "[bold]Examples[/]\n\n  sonoedge reference add biceps healthy-1 healthy-2 healthy-3 healthy-4 healthy-5 "
    "--kind KIND --device Lumify --preset msk\n\n  sonoedge reference list\n\n  sonoedge reference remove biceps",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@reference.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it, such as biceps.")],
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, one per healthy person.")],
    device: Annotated[str, typer.Option(help="The scanner that all were taken with.")],
    preset: Annotated[str, typer.Option(help="Its preset; the gain must have been the same too.")],
    kind: Annotated[str, typer.Option(help="The structure that the runs show.")],
) -> None:
    """Record a reference from the runs of five healthy people or more.

    [bold]Example[/]

      sonoedge reference add biceps run-1 run-2 run-3 run-4 run-5 --kind KIND --device Lumify --preset msk
    """
    from edge.app.references import add_reference, made_from, referenced_kinds

    for option, value in (("NAME", name), ("--device", device), ("--preset", preset)):
        if not value.strip():
            raise SettingError(f"{option} is empty; say what it is")
    known = referenced_kinds()
    if kind not in known:
        raise SettingError(f"--kind is '{kind}'; it must be one of: {', '.join(known)}")
    new = made_from(runs, name.strip(), device.strip(), preset.strip(), kind)
    path = add_reference(new)
    referenced = known[kind].referenced
    unit = referenced.unit if referenced else ""
    say(f"'{new.name}': {new.mean:.1f} ± {new.sd:.1f} {unit}, {new.people} people; kept in {path}")


@reference.command("list")
def list_all() -> None:
    """All references.

    [bold]Example[/]

      sonoedge reference list
    """
    from edge.app.references import load_references
    from edge.app.tables import plain_table

    known = load_references()
    if not known:
        out().print("no reference is recorded; sonoedge reference add --help says how")
        return
    text = ("reference", "device", "preset", "kind")
    table = plain_table(*text, "mean", "SD", "people", left=text)
    for one in known:
        table.add_row(one.name, one.device, one.preset, one.kind, f"{one.mean:.1f}", f"{one.sd:.1f}", str(one.people))
    out().print(table)


@reference.command()
def remove(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Forget a reference.

    [bold]Example[/]

      sonoedge reference remove biceps
    """
    from edge.app.references import remove_reference

    remove_reference(name)
    say(f"'{name}' is removed")
