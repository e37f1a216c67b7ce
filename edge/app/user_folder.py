"""Where the user's own settings are kept: references, a maker's key."""

from pathlib import Path

import platformdirs

from edge.errors import SettingError


def settings_folder() -> Path:
    """Not made yet, perhaps. Raises SettingError where the user has no home, as in some containers and services."""
    try:
        return platformdirs.user_config_path("sonoedge")
    except RuntimeError as error:
        raise SettingError(f"there is no folder for settings ({error})") from error
