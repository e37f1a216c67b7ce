"""New firmware for a probe from the command line: whose firmware is trusted, and how far it is."""

from pathlib import Path
from typing import Final

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from edge.app.console import err, out, say
from edge.app.probe.opening import opened
from edge.app.user_folder import settings_folder
from firmware_bridge.errors import KeyFileError
from firmware_bridge.host.update import UpdateProgress, UpdateStage, update

KEY_FILE: Final = "probe-key.pem"
_WORDS: Final = {
    UpdateStage.SENDING: "sending",
    UpdateStage.STARTING: "restarting the probe",
    UpdateStage.TESTING: "the new firmware tests itself",
    UpdateStage.DONE: "confirmed",
}


def update_probe(address: str, image: Path, key: Path | None) -> None:
    """Installs the image, signed with `key` or the one that the user keeps. Raises what `host.update.update` raises."""
    columns = (TextColumn("{task.description:30}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=err(), transient=True, disable=not err().is_terminal)
    task = bar.add_task("verifying", total=None)
    stage: UpdateStage | None = None

    def show(progress: UpdateProgress) -> None:
        nonlocal stage
        if progress.stage is not stage:
            stage = progress.stage
            _say_stage(progress)
        bar.update(task, description=_WORDS[stage], completed=progress.sent_bytes, total=progress.size_bytes)

    def tell(sentence: str) -> None:
        if stage is not UpdateStage.STARTING:  # the restart is a loss that was asked for
            say(sentence)

    trusted = key or default_key()
    with opened(address, tell=tell) as probe, bar:
        before = probe.identity()
        after = update(probe, image, trusted, show)
    out().print(f"firmware {before.version} in bank {before.bank} -> {after.version} in bank {after.bank}, confirmed")


def default_key() -> Path:
    """The key that the user keeps. Raises KeyFileError where there is none, SettingError where there can be none."""
    path = settings_folder() / KEY_FILE
    if not path.is_file():
        raise KeyFileError(
            f"no key says whose firmware is trusted: add --key FILE, or keep the maker's public key as {path}"
        )
    return path


def _say_stage(progress: UpdateProgress) -> None:
    """In a log each stage has its line; a terminal has the bar."""
    if err().is_terminal:
        return
    resumed = f", {progress.sent_bytes:,} of them are there already" if progress.sent_bytes > 0 else ""
    sending = f" {progress.size_bytes:,} bytes{resumed}" if progress.stage is UpdateStage.SENDING else ""
    say(f"{_WORDS[progress.stage]}{sending}")
