"""`sonoedge models`: what models there are, whether their files are whole, what their cards say."""

from typing import Annotated

import typer

from edge.app.console import out
from edge.errors import ModelError

models = typer.Typer(
    help="List the models, verify their files, show a model's card.\n\n"
    "[bold]Examples[/]\n\n  sonoedge models\n\n  sonoedge models verify\n\n  sonoedge models card cartilage",
    invoke_without_command=True,
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Argument(help="Name of the model, such as cartilage.")]


@models.callback()
def list_all(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from edge.app.tables import plain_table
    from edge.runtime.manifest import list_models, load_manifest, model_folder

    table = plain_table(
        "model",
        "version",
        "task",
        "runs on",
        "intended use",
        left=("model", "version", "task", "runs on", "intended use"),
    )
    for name in list_models():
        manifest = load_manifest(model_folder(name))
        variants = ", ".join(f"{variant.runtime} {variant.precision}" for variant in manifest.variants) or "no network"
        table.add_row(name, manifest.version, manifest.task, variants, manifest.intended_use)
    out().print(table)


@models.command()
def verify(name: Annotated[str | None, typer.Argument(help="One model; without it all.")] = None) -> None:
    """Compare every model file's SHA-256 with its manifest; exit code 1 where one differs.

    [bold]Example[/]

      sonoedge models verify cartilage
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

      sonoedge models card cartilage
    """
    from rich.markdown import Markdown

    from edge.runtime.manifest import model_folder

    path = model_folder(name) / "CARD.md"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(f"model '{name}' has no card ({path}: {error.strerror}); reinstall sonoedge") from error
    out().print(Markdown(text) if out().is_terminal else text)
