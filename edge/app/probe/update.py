"""`sonoedge probe update`: new firmware."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.app.console import err, out, say
from edge.app.probe.address import Address

if TYPE_CHECKING:
    from firmware_bridge.host.update import UpdateProgress

KEY_FILE = "probe-key.pem"


def update(
    address: Address,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The signed image.", show_default=False)],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            help="Public key (PEM, Ed25519) of whoever signs the firmware. Without it: the one that you keep in "
            "~/.config/sonoedge/probe-key.pem.",
        ),
    ] = None,
) -> None:
    """Install new firmware: verify its signature, send it, restart the probe with it, test it, confirm it.

    The old firmware stays until the new one has passed its self-test.
    An update that was cut off goes on where it stopped when given again.

    [bold]Example[/]

      sonoedge probe update /dev/ttyACM0 probe-1.2.0.bin --key maker.pem
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from edge.app.probe.opening import opened
    from firmware_bridge.host import update as updating

    words = {
        updating.UpdateStage.SENDING: "sending",
        updating.UpdateStage.STARTING: "restarting the probe",
        updating.UpdateStage.TESTING: "the new firmware tests itself",
        updating.UpdateStage.DONE: "confirmed",
    }
    columns = (TextColumn("{task.description:30}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=err(), transient=True, disable=not err().is_terminal)
    task = bar.add_task("verifying", total=None)
    stage: updating.UpdateStage | None = None

    def show(progress: "UpdateProgress") -> None:
        nonlocal stage
        if progress.stage is not stage:
            stage = progress.stage
            _say_stage(words[stage], progress)
        bar.update(task, description=words[stage], completed=progress.sent_bytes, total=progress.size_bytes)

    def tell(sentence: str) -> None:
        if stage is not updating.UpdateStage.STARTING:  # the restart is a loss that was asked for
            say(sentence)

    trusted = key or default_key()
    with opened(address, tell=tell) as probe, bar:
        before = probe.identity()
        after = updating.update(probe, image, trusted, show)
    out().print(f"firmware {before.version} in bank {before.bank} -> {after.version} in bank {after.bank}, confirmed")


def default_key() -> Path:
    """The key that the user keeps. Raises KeyFileError where there is none."""
    import platformdirs

    from firmware_bridge.errors import KeyFileError

    path = platformdirs.user_config_path("sonoedge") / KEY_FILE
    if not path.is_file():
        raise KeyFileError(
            f"no key says whose firmware is trusted: add --key FILE, or keep the maker's public key as {path}"
        )
    return path


def _say_stage(text: str, progress: "UpdateProgress") -> None:
    """In a log each stage has its line; a terminal has the bar."""
    if err().is_terminal:
        return
    resumed = f", {progress.sent_bytes:,} of them are there already" if progress.sent_bytes > 0 else ""
    sending = f" {progress.size_bytes:,} bytes{resumed}" if text == "sending" else ""
    say(f"{text}{sending}")
