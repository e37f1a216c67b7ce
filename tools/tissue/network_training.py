"""The small network that looks at a region's patch, and what `python -m tools.train tissue` does."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from edge.task.tissue.classifiers import UNKNOWN, write_tissue_model
from edge.task.tissue.region import SIDE
from edge.task.tissue.spec import SPEC
from tools.lesson import MODELS, Recipe, load_recipe
from tools.network import export_float
from tools.tissue.classical_training import calibrated, train_classical
from tools.tissue.regions import RegionExamples, load_examples, weights_of
from tools.train import running_average

SHIFT_PX = 3
ARRAYS = "classical.npz"


class PatchNet(nn.Sequential):
    """(n, 1, 64, 64) 0 to 1 -> (n, classes, 1, 1) log odds; some 30 000 parameters."""

    def __init__(self, widths: tuple[int, ...], classes: int) -> None:
        layers: list[nn.Module] = []
        channels = 1
        for width in widths:
            layers += [nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
        super().__init__(*layers, nn.Dropout2d(0.2), nn.Conv2d(channels, classes, 64 >> len(widths)))


def train_tissue() -> None:
    """Draws or reads the regions; writes the network's float file and the arrays of the two older methods."""
    train, validation = load_examples("train"), load_examples("validation")
    folder = MODELS / SPEC.name
    folder.mkdir(parents=True, exist_ok=True)
    model = calibrated(train_classical(train), validation)
    (folder / ARRAYS).write_bytes(write_tissue_model(model))
    print(f"wrote {ARRAYS}: {len(model.vectors)} regions, {len(model.features)} features", flush=True)
    network = train_network(load_recipe(SPEC.name), train)
    print(f"{sum(np.prod(p.shape) for p in network.parameters())} parameters")
    export_float(network, folder / "model.onnx", SIDE)


def train_network(recipe: Recipe, examples: RegionExamples) -> PatchNet:
    """Each kind of example as often as the others; the weights are a running average."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    network = PatchNet(recipe.widths, recipe.classes)
    average = AveragedModel(network, avg_fn=running_average(recipe.average), use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, recipe.steps, pct_start=0.15)
    patches, truth = torch.from_numpy(examples.patches)[:, None], torch.from_numpy(examples.truth)
    weights = torch.from_numpy(weights_of(examples.truth, examples.group))
    for step in range(1, recipe.steps + 1):
        rows = torch.multinomial(weights, recipe.batch, replacement=True)
        loss = known_entropy(network(moved(patches[rows].float() / 255)), truth[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(network)
        if step % 250 == 0:
            print(f"step {step}/{recipe.steps}  loss {loss.item():.4f}", flush=True)
    averaged: PatchNet = average.module
    return averaged.eval()


def known_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy of each kind where it is known."""
    known = (truth != UNKNOWN).float()
    raw = logits.flatten(1)
    each = nn.functional.binary_cross_entropy_with_logits(raw, truth.clamp(min=0).float(), reduction="none")
    return (each * known).sum() / known.sum()


def moved(patches: Tensor) -> Tensor:
    """Mirrored, shifted, brighter or darker, with another grain."""
    if torch.rand(()) < 0.5:
        patches = patches.flip(3)
    down, across = torch.randint(-SHIFT_PX, SHIFT_PX + 1, (2,)).tolist()
    n = len(patches)
    gamma = torch.exp(0.25 * torch.randn(n, 1, 1, 1))
    gain = 1 + 0.15 * torch.randn(n, 1, 1, 1)
    grain = 0.06 * torch.rand(n, 1, 1, 1) * torch.randn_like(patches)
    changed = (patches.clamp(min=1e-4) ** gamma * gain + grain).clamp(0, 1)
    return torch.roll(changed, (down, across), (2, 3))


def logits_of(network: nn.Module, patches: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, classes)."""
    with torch.no_grad():
        parts = [network(part[:, None].float() / 255).flatten(1) for part in torch.from_numpy(patches).split(512)]
    return np.asarray(torch.cat(parts).numpy(), np.float32)
