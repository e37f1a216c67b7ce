"""Who takes part: bare inference of each runtime, sonoedge for every task and pathway, and the others, each on its best
settings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edge.option import options_of
from edge.runtime.manifest import load_manifest, model_folder
from edge.runtime.table import RUNTIMES
from edge.task.spec import Pathway, TaskSpec
from tools.bench import material
from tools.bench.plan import Plan
from tools.bench.process import ContenderError

Kind = Literal["bare", "ours", "peer"]
ROI = "210,140,120,60"
"""Of pictures of 640 x 480."""
FAST_FRAMES = 100
"""It takes so long for each that the whole clip would say no more."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to work through the clip."""

    name: str
    kind: Kind
    program: str
    """In tools/bench/contenders."""
    engine: str
    """`openvino int8`: whose bare inference it is held against. Empty: it runs no network."""
    given: Callable[[], dict[str, Any]]
    """What its program is given beside clip, frames and threads, or in their place. Raises ContenderError where that
    cannot be made."""
    environment: str = ""
    """The folder of its own environment; empty: the project's."""
    does: str = ""
    """What it leaves out of the whole: `mask only, nothing drawn`."""


def contenders(spec: TaskSpec, plan: Plan, display: Callable[[], dict[str, str]]) -> Iterator[Contender]:
    """Those for one task. display: variables for who needs an X display, started when first asked for."""
    networks = [way for way in spec.pathways if way.network]
    for way in networks[:1]:
        yield from _bare(way)
    for way in spec.pathways:
        yield from _ours(spec, way, plan)
    for way in networks[:1]:
        if gives_a_map(way.model):
            yield from _scripts(way.model)
            yield from _peers(way.model, plan, display)


def gives_a_map(model: str) -> bool:
    """Whether the network marks places in the picture, rather than say something of all of it."""
    rows, columns = load_manifest(model_folder(model)).outputs[0].shape[2:]
    return rows > 1 and columns > 1


def _bare(way: Pathway) -> Iterator[Contender]:
    for variant in load_manifest(model_folder(way.model)).variants:
        file = model_folder(way.model) / variant.files[0].name
        given = {"runtime": variant.runtime, "model": str(file)}
        name = f"{variant.runtime} {variant.precision}, inference alone"
        yield Contender(name, "bare", "bare", f"{variant.runtime} {variant.precision}", lambda given=given: given)


def _ours(spec: TaskSpec, way: Pathway, plan: Plan) -> Iterator[Contender]:
    def ours(name: str, engine: str, more: dict[str, Any], **settings: Any) -> Contender:
        def given() -> dict[str, Any]:
            asked = {"pathway": way.name, "depth_mm": plan.clip(spec).depth_mm} | settings
            return {"task": spec.name, "settings": asked} | more

        return Contender(f"sonoedge {way.name}{name}", "ours", "ours", engine, given)

    regions = [("", {})]
    if any(one.name == "roi" for one in options_of(spec.options)):
        regions.append((", region given", {"roi": ROI}))
    for region, own in regions:
        if not way.network:
            yield ours(region, "", {}, **own)
            continue
        for runtime in RUNTIMES:
            settings = {"runtime": runtime, "precision": "int8", **own}
            yield ours(f", {runtime} int8{region}", f"{runtime} int8", {}, **settings)
    if way.network:
        settings = {"runtime": "openvino", "precision": "int8", **regions[-1][1]}
        yield ours(", openvino int8, recording", "openvino int8", {"record": True}, **settings)


def _scripts(model: str) -> Iterator[Contender]:
    openvino = str(material.model_file(model, "openvino", "int8"))
    onnx = str(material.model_file(model, "onnx", "int8"))
    for script, engine, file in (
        ("tuned", "openvino int8", openvino),
        ("plain", "openvino int8", openvino),
        ("tutorial", "onnx int8", onnx),
    ):
        given = {"script": script, "model": file}
        yield Contender(
            f"{script} script, {engine}", "peer", "script", engine, lambda given=given: given, does="nothing measured"
        )


def _peers(model: str, plan: Plan, display: Callable[[], dict[str, str]]) -> Iterator[Contender]:
    drawn = "nothing measured"
    for precision in ("int8", "float"):
        yield Contender(
            f"MediaPipe ImageSegmenter, {precision}",
            "peer",
            "mediapipe_segmenter",
            f"tflite {precision}",
            lambda precision=precision: _file(
                material.mediapipe_file(model, precision, plan.build, python_of("mediapipe", plan))
            ),
            "mediapipe",
            does=drawn,
        )
    yield Contender(
        "OpenVINO model_api, int8",
        "peer",
        "model_api_segmenter",
        "openvino int8",
        lambda: _file(material.two_class_file(model, plan.build, three_channels=True)),
        "model_api",
        does=drawn,
    )
    yield Contender(
        "supervision MaskAnnotator, openvino int8",
        "peer",
        "supervision_masks",
        "openvino int8",
        lambda: _file(material.model_file(model, "openvino", "int8")),
        "supervision",
        does=drawn,
    )
    for overlay in (False, True):
        yield Contender(
            f"FAST, openvino int8, {'drawn' if overlay else 'mask only'}",
            "peer",
            "fast_pipeline",
            "openvino int8",
            lambda overlay=overlay: _file(
                material.two_class_file(model, plan.build, three_channels=False),
                frames=min(plan.frames, FAST_FRAMES),
                engine="OpenVINO",
                overlay=overlay,
                size=list(material.SIZE),
                display=display(),
            ),
            "fast",
            does=drawn if overlay else "nothing measured, nothing drawn",
        )


def _file(path: Path, **more: Any) -> dict[str, Any]:
    return {"model": str(path), **more}


def python_of(environment: str, plan: Plan) -> str:
    """The interpreter of a peer's environment. Raises ContenderError where it was not installed, with the reason."""
    python = plan.peers / environment / "bin" / "python"
    missing = plan.peers / f"{environment}.missing"
    if missing.exists():
        raise ContenderError(f"not installed: {missing.read_text().strip()}")
    if not python.exists():
        raise ContenderError("not installed: `make bench` does it")
    return str(python)
