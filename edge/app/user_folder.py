"""Where the user's own settings are kept, such as references and a maker's key, and the exams."""

from pathlib import Path

import platformdirs

from edge.errors import SettingError


def settings_folder() -> Path:
    """Not made yet, perhaps. Raises SettingError where the user has no home, as in some containers and services."""
    try:
        return platformdirs.user_config_path("sonoedge")
    except RuntimeError as error:
        raise SettingError(f"there is no folder for settings ({error})") from error


def exams_folder(given: Path | None) -> Path:
    """Where exams are kept. Raises SettingError where the user has no home and named none."""
    if given is not None:
        return given.expanduser()
    try:
        return platformdirs.user_data_path("sonoedge") / "exams"
    except RuntimeError as error:
        raise SettingError(f"there is no folder for exams ({error}); name one with --out FOLDER") from error
