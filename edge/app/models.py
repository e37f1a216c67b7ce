"""`sonoedge models`: what models there are, whether their files are whole, what their cards say."""

from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import out
from edge.errors import ModelError

if TYPE_CHECKING:
    from edge.runtime.manifest import Manifest

models = typer.Typer(
    help="List the models, with a network or without; verify their files; show a model's card.\n\n"
    "[bold]Examples[/]\n\n  sonoedge models\n\n  sonoedge models verify\n\n  sonoedge models card NAME",
    invoke_without_command=True,
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Argument(help="Name of the model, as sonoedge models shows it.")]


@models.callback()
def list_all(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from rich.padding import Padding
    from rich.text import Text

    from edge.runtime.manifest import list_models, load_manifest, model_folder

    for name in list_models():
        manifest = load_manifest(model_folder(name))
        facts = f": version {manifest.version}, task {manifest.task}; {runs_on(manifest)}"
        out().print(Text(name, style="bold") + Text(facts))
        out().print(Padding(Text(manifest.intended_use), (0, 0, 0, 2)))


def runs_on(manifest: "Manifest") -> str:
    """Which runtimes open the model at which precisions, those with the same precisions together."""
    precisions: dict[str, list[str]] = {}
    for variant in manifest.variants:
        precisions.setdefault(variant.runtime, []).append(variant.precision)
    runtimes: dict[str, list[str]] = {}
    for runtime, known in precisions.items():
        runtimes.setdefault(" and ".join(known), []).append(runtime)
    return "; ".join(f"{known} with {', '.join(names)}" for known, names in runtimes.items()) or "no network"


@models.command()
def verify(name: Annotated[str | None, typer.Argument(help="One model; without it all.")] = None) -> None:
    """Compare every model file's SHA-256 with its manifest; exit code 1 where one differs.

    [bold]Example[/]

      sonoedge models verify NAME
    """
    from edge.runtime import manifest as manifests

    names = (name,) if name else manifests.list_models()
    damaged: list[str] = []
    for each in names:
        folder = manifests.model_folder(each)
        try:
            manifests.verify(folder, manifests.load_manifest(folder))
        except ModelError as error:
            damaged.append(str(error))
        else:
            out().print(f"{each}: every file is as its manifest says")
    if damaged:
        raise ModelError("; ".join(damaged))


@models.command()
def card(name: Name) -> None:
    """Show a model's card: what it is for, what it was trained on, how good it is, where it fails.

    [bold]Example[/]

      sonoedge models card NAME
    """
    from rich.markdown import Markdown

    from edge.runtime.manifest import model_folder

    path = model_folder(name) / "CARD.md"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(f"model '{name}' has no card ({path}: {error.strerror}); reinstall sonoedge") from error
    out().print(Markdown(text) if out().is_terminal else text)
