"""The errors of `edge`. Every message says what was wrong, what was expected and what to do.

SonoedgeError
├── SourceError                 frames cannot be had
│   ├── SourceNotFoundError     no such file, folder or device          (also FileNotFoundError)
│   ├── SourceFormatError       the file is not what its name says      (also ValueError)
│   ├── SourceBusyError         another program holds the camera
│   ├── SourceStalledError      connected, but no frame within the time (also TimeoutError)
│   └── SourceLostError         unplugged while reading                 (also ConnectionError)
├── ModelError                  a model folder is not as its manifest says
│   └── ModelDigestError        a file's SHA-256 differs: damaged or replaced
├── BackendUnavailableError     an optional library is not installed, or another distribution's part fails to load
│                                                                       (also ImportError)
├── UnknownNameError            no such source, task, runtime or sink   (also ValueError)
├── SettingError                an option's value is out of range       (also ValueError)
└── SinkError                   a result cannot be written              (also OSError)
"""


class SonoedgeError(Exception):
    """Base of all errors that this package raises on purpose. `str(error)` is fit to be shown to the user."""


class SourceError(SonoedgeError):
    """Frames cannot be had from a source."""


class SourceNotFoundError(SourceError, FileNotFoundError):
    """No such file, folder or device: a mistyped path, a camera that is not plugged in."""


class SourceFormatError(SourceError, ValueError):
    """The content cannot be read as what its name says: a text file named .png, a truncated video."""


class SourceBusyError(SourceError):
    """The camera exists, but another program holds it."""


class SourceStalledError(SourceError, TimeoutError):
    """The device is connected and sends no frames."""


class SourceLostError(SourceError, ConnectionError):
    """The device was unplugged while it was read."""


class ModelError(SonoedgeError):
    """A model folder is incomplete or its manifest does not fit what it holds."""


class ModelDigestError(ModelError):
    """A model file's SHA-256 is not the manifest's: the file was damaged or replaced."""


class BackendUnavailableError(SonoedgeError, ImportError):
    """An optional library is missing, or what another distribution brings cannot be loaded.

    The message names the extra to install, or that distribution.
    """


class UnknownNameError(SonoedgeError, ValueError):
    """No source, task, runtime or sink has this name; the message lists those that exist."""


class SettingError(SonoedgeError, ValueError):
    """A setting's value is out of its range or contradicts another."""


class SinkError(SonoedgeError, OSError):
    """A result cannot be written: disk full, folder not writable."""
