"""What a model's folder holds, and whether its files are the ones that were made.

A model is a folder with a `manifest.json` beside its files. The manifest is a `Manifest` record written as JSON. Its
fields are documented here and nowhere else; a field that is not here is an error, so that a misspelt one is found. A
file is opened only from bytes whose SHA-256 is the manifest's. A model without a network is a manifest without
variants: it has no input and no outputs, and what the task reads are its arrays.
"""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Self

import msgspec

from edge.errors import ModelDigestError, ModelError, UnknownNameError

SCHEMA_VERSION = 1
"""Rises when a reader of an older manifest would misunderstand a newer one."""
MANIFEST = "manifest.json"


class ModelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file in the folder."""

    name: str
    bytes: int
    """Length, so that a truncated download is told as such."""
    sha256: str
    """Hexadecimal."""

    @classmethod
    def of(cls, path: Path) -> Self:
        """What is to be known of a file as it is now. Raises OSError."""
        content = path.read_bytes()
        return cls(name=path.name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one runtime opens at one precision."""

    runtime: str
    """`onnx`, `openvino` or `tflite`."""
    precision: str
    """`int8` or `float`."""
    files: tuple[ModelFile, ...]
    """The first is opened and its digest stands for the model; the others (an IR's weights) belong to it."""


class InputSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one input: a grey picture, and what is pointed at in it where there is a second plane."""

    name: str
    shape: tuple[int, int, int, int]
    """(1, planes, height, width): NCHW, uint8 grey levels."""
    scale: float
    """The network was trained on grey * scale + offset; every runtime applies this itself."""
    offset: float = 0.0


class OutputSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One output."""

    name: str
    shape: tuple[int, int, int, int]
    """(1, channels, height, width): NCHW, float32 as the runtimes give it."""
    meaning: str
    """`logits`, and what a reader must do with them."""


class TrainingSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures that the weights or the thresholds were made from."""

    name: str
    licence: str
    """SPDX name where there is one."""
    attribution: str
    pictures: int | None = None


class Number(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named figure: a threshold, a part of an interval, a measured quality."""

    name: str
    value: float
    unit: str = ""
    note: str = ""
    """What it was measured on."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is known of a model without opening it."""

    schema_version: int = SCHEMA_VERSION
    name: str
    """The folder's name."""
    task: str
    version: str
    input: InputSpec | None = None
    """None, as `outputs` and `variants` are empty: the model has no network."""
    outputs: tuple[OutputSpec, ...] = ()
    classes: tuple[str, ...] = ()
    """Names of the label mask's values 1, 2, ..."""
    thresholds: tuple[Number, ...] = ()
    """Decision thresholds, in the outputs' own unit."""
    variants: tuple[Variant, ...] = ()
    arrays: tuple[ModelFile, ...] = ()
    """What a task reads beside the network or without one, such as the examples that a classifier remembers. Where
    there is no network the first one's digest stands for the model."""
    intended_use: str
    not_intended_for: str
    training_sets: tuple[TrainingSet, ...] = ()
    calibration: tuple[Number, ...] = ()
    """Figures that the task makes its intervals and refusals from."""
    metrics: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError, which the decoder turns into its own error."""
        if len({self.input is None, not self.outputs, not self.variants}) > 1:
            raise ValueError("a network has an input, outputs and variants; a model without one has none of the three")
        if not self.files():
            raise ValueError("there are neither variants nor arrays")

    def grey_input(self) -> InputSpec:
        """The network's input. Raises ModelError where the model has no network."""
        if self.input is None:
            raise ModelError(f"model '{self.name}' has no network, so no runtime opens it")
        return self.input

    def figures(self) -> dict[str, float]:
        """Every threshold and calibration figure by its name."""
        return {number.name: number.value for number in (*self.thresholds, *self.calibration)}

    def variant(self, runtime: str, precision: str) -> Variant:
        """Raises ModelError where the model has no files for this runtime at this precision."""
        for variant in self.variants:
            if (variant.runtime, variant.precision) == (runtime, precision):
                return variant
        self.grey_input()
        known = ", ".join(f"{v.runtime} {v.precision}" for v in self.variants)
        raise ModelError(f"model '{self.name}' has no files for {runtime} {precision}; it has: {known}")

    def files(self) -> tuple[ModelFile, ...]:
        """Each file once."""
        held = [file for variant in self.variants for file in variant.files]
        return tuple({file.name: file for file in (*held, *self.arrays)}.values())


def load_manifest(folder: Path) -> Manifest:
    """The manifest of a model's folder. Raises ModelError where it is missing, damaged or of a newer schema."""
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; a model is a folder with a {MANIFEST}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a manifest that this version reads: {error}") from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise ModelError(
            f"{path} has schema {manifest.schema_version}, this version reads {SCHEMA_VERSION}; update sonoedge"
        )
    return manifest


def models_folder() -> Path:
    """Where the shipped models are, in a wheel, an editable install or a checkout."""
    try:
        root = resources.files("edge.models")
    except ModuleNotFoundError:
        return Path(__file__).parents[2] / "models"
    return Path(str(root))


def list_models() -> tuple[str, ...]:
    """Names of the shipped models."""
    return tuple(sorted(path.parent.name for path in models_folder().glob(f"*/{MANIFEST}")))


def model_folder(name: str) -> Path:
    """The folder of a shipped model. Raises UnknownNameError."""
    if name not in list_models():
        known = ", ".join(list_models()) or "none, because none is installed"
        raise UnknownNameError(f"there is no model named '{name}'; there are: {known}")
    return models_folder() / name


def read_verified(folder: Path, file: ModelFile) -> bytes:
    """The content of a model's file, whose SHA-256 was checked: what is opened is what was checked.

    Raises ModelError where the file cannot be read and ModelDigestError where its content is another.
    """
    path = folder / file.name
    cure = "put the original file back or reinstall sonoedge"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read the model file {path}: {error.strerror}; {cure}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise ModelDigestError(
            f"{path} is damaged or was replaced: its SHA-256 is {found} ({len(content)} bytes), "
            f"the manifest expects {file.sha256} ({file.bytes} bytes); {cure}"
        )
    return content


def read_arrays(folder: Path, manifest: Manifest) -> dict[str, bytes]:
    """The content of each of a model's arrays by file name. Raises as `read_verified`."""
    return {file.name: read_verified(folder, file) for file in manifest.arrays}


def verify(folder: Path, manifest: Manifest) -> None:
    """Check every file of a model. Raises as `read_verified`."""
    for file in manifest.files():
        read_verified(folder, file)
