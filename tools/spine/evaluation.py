"""What the spine network is worth: single frames of foreign phantoms, sweeps that are led badly, other body parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from edge.finding import Verdict
from edge.frame import Frame, PixelSpacing, Region, SpacingOrigin
from edge.runtime.contract import Runtime
from edge.runtime.manifest import Number, load_manifest, read_arrays
from edge.task.contract import Given
from edge.task.gate import admitted
from edge.task.spine.evidence import FILE
from edge.task.spine.levels import KINDS
from edge.task.spine.phantom import SpinePicture
from edge.task.spine.seen import Floats, SpineSeen
from edge.task.spine.spec import SPEC, VIEWS, SpineOptions
from edge.task.spine.task import SpineTask
from edge.trust.interval import COVERAGE, conformal_half_width
from tools.bundle import bundle, load_facts
from tools.lesson import MODELS, Evaluated
from tools.single_pictures import DATA, Measure, measured_by, outputs_for, real_frames
from tools.spine.pictures import LEAST_CONTACT, contact_at, draw_picture
from tools.spine.sweeps import FIRST_SEED, Told, case_of, rows_of, runners_for, told_of

HELD: Final = range(3_600_000, 3_600_400)
"""Kept back from training: intervals."""
FIT: Final = range(3_800_000, 3_800_500)
"""The same: the judge of kinds."""
RIDGE, RATE, STEPS = 0.01, 0.3, 4000
FRAMES: Final = range(4_600_000, 4_600_400)
SWEEPS: Final = 70
ALONG_SWEEPS: Final = 30
BORDER: Final = 0.9
"""Share of a plane's thickness that must show one kind for the frame to count."""
OTHERS: Final = (
    ("nerves", "nerve/images/*"),
    ("muscles", "muscle/images/*"),
    ("hips", "hip_planes/images/*"),
    ("handheld screens", "handheld_screens/*"),
    ("cartilage", "cartilage/*"),
)
OTHER_DEPTHS_MM: Final = (50.0, 75.0)


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A phantom's frame, and what was seen in it."""

    taken: SpinePicture
    seen: SpineSeen

    @property
    def legible(self) -> bool:
        return legible(self.taken)

    @property
    def shares(self) -> tuple[float, float, float]:
        return shares(self.taken)


def legible(taken: SpinePicture) -> bool:
    """Whether the array touches over what is to be read, and that lies in the picture."""
    middle = taken.midline_mm or 0.0
    half = taken.pixels.shape[1] * taken.mm_per_px / 2
    x = np.linspace(-half, half, 201)
    near = contact_at(taken, x)[np.abs(x - middle) < 6]
    return abs(middle) < 0.35 * 2 * half and near.size > 0 and float(near.min()) >= LEAST_CONTACT


def shares(taken: SpinePicture) -> tuple[float, float, float]:
    """By KINDS, how much of the plane's thickness shows what."""
    spine, s = taken.spine, np.array(taken.plane.s_mm)
    sacrum = float(spine.sacrum_share(s))
    bone = float(spine.bone_share(s)) * (1 - sacrum)
    return sacrum, bone, 1 - sacrum - bone


def frame_of(taken: SpinePicture) -> Frame:
    spacing = PixelSpacing(taken.mm_per_px, taken.mm_per_px, SpacingOrigin.USER)
    return Frame(taken.pixels, 0, 0, "phantom:spine", spacing, Region.whole(taken.pixels))


def looked_at(runtime: Runtime, seeds: Sequence[int], view: str, *, foreign: bool, title: str) -> list[Looked]:
    task = _taught(view)
    found = []
    for seed in track(seeds, description=title):
        taken = draw_picture(np.random.default_rng([818, seed]), foreign=foreign, along=view != VIEWS[0])
        prepared = admitted(frame_of(taken), SPEC.gate, task)
        seen = task.seen_in(prepared, outputs_for(prepared, runtime))
        if seen is not None:
            found.append(Looked(taken, seen))
    return found


def _taught(view: str) -> SpineTask:
    """With the judge that stands beside the network."""
    folder = MODELS / SPEC.name
    return SpineTask(Given(SpineOptions(plane=view), arrays=read_arrays(folder, load_manifest(folder))))


def errors_of(looks: Sequence[Looked], offset_mm: float = 0.0) -> dict[str, Floats]:
    """By measurement, mm: of legible frames of which it is told. offset_mm: taken from every depth."""
    legible = [one for one in looks if one.legible]
    midline = [
        one.seen.midline_mm - one.taken.midline_mm
        for one in legible
        if one.seen.midline_mm is not None and one.taken.midline_mm is not None
    ]
    depth = [
        one.seen.target_mm - offset_mm - one.taken.target_mm
        for one in legible
        if one.seen.target_mm is not None and one.seen.chances[2] >= 0.5
    ]
    return {"midline_offset": np.array(midline), "target_depth": np.array(depth)}


def calibrate(runtime: Runtime) -> Sequence[Number]:
    """Fits the judge of kinds and writes it beside the network, into the manifest too; returns half-widths, mm."""
    folder = MODELS / SPEC.name
    weights = np.stack([_fitted(runtime, view) for view in VIEWS])
    # Single precision is exact enough, and the file the same on every machine.
    np.savez(folder / FILE, weights=weights.astype(np.float32))
    bundle(folder, load_facts(SPEC.name))
    return intervals(runtime)


def intervals(runtime: Runtime) -> Sequence[Number]:
    """By how much depths are told too large, and half-widths that hold of foreign phantoms."""
    usual, foreign = (
        [
            look
            for view in VIEWS
            for look in looked_at(runtime, HELD, view, foreign=strange, title=f"{view} frames for intervals")
        ]
        for strange in (False, True)
    )
    depths = errors_of([*usual, *foreign])["target_depth"]
    offset = round(float(np.median(depths)), 3)
    note = f"median error of {depths.size} phantom frames, seeds from {HELD.start}"
    numbers = [Number(name="offset_target_depth", value=offset, unit="mm", note=note)]
    for name, errors in errors_of(foreign, offset).items():
        note = f"{COVERAGE:.0%} of {errors.size} phantom frames of foreign settings, seeds from {HELD.start}"
        half = round(conformal_half_width(errors), 3)
        numbers.append(Number(name=f"half_width_{name}", value=half, unit="mm", note=note))
    return numbers


def _fitted(runtime: Runtime, view: str) -> Floats:
    """(FEATURES + 1, kinds) of the judge of a view."""
    task = SpineTask(Given(SpineOptions(plane=view)))
    evidence, kinds = [], []
    for seed in track(FIT, description=f"{view} frames to fit on"):
        taken = draw_picture(np.random.default_rng([818, seed]), along=view != VIEWS[0])
        prepared = admitted(frame_of(taken), SPEC.gate, task)
        outputs = outputs_for(prepared, runtime)
        seen = task.seen_in(prepared, outputs)
        look = None if seen is None else Looked(taken, seen)
        if (
            look is not None
            and look.legible
            and max(look.shares) >= BORDER
            and not taken.spine.wings_at(taken.held.s_mm)
        ):
            spoken = task.spoken(outputs).evidence
            evidence.append(spoken[:, spoken.shape[1] // 2])
            kinds.append(int(np.argmax(look.shares)))
    return multinomial(np.stack(evidence), np.array(kinds))


def multinomial(evidence: Floats, kinds: NDArray[np.intp]) -> Floats:
    """(features + 1, kinds) by gradient descent, with a ridge on standardised features."""
    mean, deviation = evidence.mean(axis=0), evidence.std(axis=0) + 1e-6
    x = np.concatenate(((evidence - mean) / deviation, np.ones((len(evidence), 1))), axis=1)
    truth = np.eye(len(KINDS))[kinds]
    weights = np.zeros((x.shape[1], len(KINDS)))
    ridge = np.full((x.shape[1], 1), RIDGE)
    ridge[-1] = 0
    for _ in range(STEPS):
        odds = x @ weights
        power = np.exp(odds - odds.max(axis=1, keepdims=True))
        weights -= RATE * (x.T @ (power / power.sum(axis=1, keepdims=True) - truth) / len(x) + ridge * weights)
    plain = weights[:-1] / deviation[:, None]
    return np.concatenate((plain, weights[-1:] - mean[None] @ plain))


def frame_figures(looks: Sequence[Looked], figures: Mapping[str, float], view: str) -> dict[str, float]:
    """Kinds told right, and errors, of legible frames that show one kind alone."""
    some = [one for one in looks if one.legible and max(one.shares) >= BORDER]
    true = np.array([int(np.argmax(one.shares)) for one in some])
    said = np.array([int(one.seen.chances.argmax()) for one in some])
    found = {"frames_kind_right": float(np.mean(true == said))}
    two = (true > 0) & (said > 0)
    found["frames_bone_or_space_right"] = float(np.mean(true[two] == said[two]))
    found["legible_taken_for_illegible"] = float(np.mean([one.seen.clear < 0.5 for one in some]))
    lost = [one for one in looks if not one.legible]
    found["illegible_taken_for_legible"] = float(np.mean([one.seen.clear >= 0.5 for one in lost])) if lost else 0.0
    right_view = [(one.seen.transverse >= 0.5) == (view == VIEWS[0]) for one in some]
    found["view_right"] = float(np.mean(right_view))
    for name, errors in errors_of(looks, figures.get("offset_target_depth", 0.0)).items():
        if errors.size:
            found[f"{name}_mean_absolute_error_mm"] = float(np.abs(errors).mean())
            found[f"{name}_bias_mm"] = float(errors.mean())
            half = figures.get(f"half_width_{name}", 3.0)
            found[f"{name}_interval_coverage"] = float(np.mean(np.abs(errors) <= half))
    return found


def others_refused(measure: Measure) -> tuple[list[str], float]:
    """Real pictures of other body parts, as if each were this deep."""
    rows, refused, total = ["| pictures | n | refused |", "|---|---|---|"], 0, 0
    for name, pattern in OTHERS:
        told = []
        for depth in OTHER_DEPTHS_MM:
            for frame in real_frames(pattern, 60):
                mm = depth / frame.ultrasound.height
                shown = frame.with_screen(frame.region, PixelSpacing(mm, mm, SpacingOrigin.USER))
                told.append(measure(shown).verdict is Verdict.REFUSED)
        if told:
            rows.append(f"| {name} | {len(told)} | {100 * np.mean(told):.0f} % |")
            refused, total = refused + sum(told), total + len(told)
    return rows, refused / max(total, 1)


def evaluate(runtime: Runtime, figures: Mapping[str, float], precision: str) -> Evaluated:
    numbers: list[Number] = []
    tables: list[str] = []
    for name, foreign in (("foreign", True), ("usual", False)):
        for view in VIEWS:
            looks = looked_at(runtime, FRAMES, view, foreign=foreign, title=f"{name}, {view}, {precision}")
            note = f"{precision}; {len(looks)} phantom frames of {name} settings, {view}, seeds from {FRAMES.start}"
            for key, value in frame_figures(looks, figures, view).items():
                numbers.append(Number(name=f"{key}_{view}_{name}_{precision}", value=round(value, 3), note=note))
    if precision != "int8":
        return Evaluated(numbers)
    if DATA.is_dir():
        rows, share = others_refused(measured_by(SpineTask(), SPEC.gate, runtime))
        note = "int8; real pictures of other body parts, each as if 50 and 75 mm deep"
        numbers.append(Number(name="other_body_parts_refused", value=round(share, 3), note=note))
        tables += ["Other body parts", "", *rows, ""]
    for view, count in ((VIEWS[0], SWEEPS), (VIEWS[1], ALONG_SWEEPS)):
        found = _sweeps(runtime, view, count)
        for name, results in found.items():
            tables += [f"{name}, {view} sweeps of foreign phantoms", "", *rows_of(results), ""]
            key, n = f"{name.replace(', ', '_').replace(' ', '_')}_{view}", len(results)
            note = f"{precision}; {n} foreign sweeps, most led badly, seeds from {FIRST_SEED}"
            shares = {
                "all_levels_right": [one.all_right for one in results],
                "needle_right": [one.needle_right for one in results],
                "told_beside": [one.beside for one in results],
                "told_too_low": [one.too_low for one in results],
                "told_too_high": [one.too_high for one in results],
                "frames_told": [one.told_share for one in results],
            }
            for what, values in shares.items():
                numbers.append(Number(name=f"sweeps_{what}_{key}", value=round(float(np.mean(values)), 3), note=note))
    return Evaluated(numbers, tables)


def _sweeps(runtime: Runtime, view: str, count: int) -> dict[str, list[Told]]:
    results: dict[str, list[Told]] = {}
    for number in track(range(count), description=f"{view} sweeps"):
        runners = runners_for(view, runtime, classical=view == VIEWS[0])
        for name, told in told_of(case_of(number, view=view), runners).items():
            results.setdefault(name, []).append(told)
    return results
