"""What `python -m tools.train tissue` does: the network's float file, and the arrays of the two older methods."""

import numpy as np

from edge.task.tissue.classifiers import write_tissue_model
from edge.task.tissue.region import SIDE
from tools.export import export_float
from tools.recipe import MODELS, load_recipe
from tools.tissue.classical_training import calibrated, train_classical
from tools.tissue.network import train_network
from tools.tissue.samples import load_examples

ARRAYS = "classical.npz"


def train_tissue() -> None:
    """Draws or reads the regions, trains both, writes to models/tissue."""
    train, validation = load_examples("train"), load_examples("validation")
    folder = MODELS / "tissue"
    folder.mkdir(parents=True, exist_ok=True)
    model = calibrated(train_classical(train), validation)
    (folder / ARRAYS).write_bytes(write_tissue_model(model))
    print(f"wrote {ARRAYS}: {len(model.vectors)} regions, {len(model.features)} features", flush=True)
    network = train_network(load_recipe("tissue"), train)
    print(f"{sum(np.prod(p.shape) for p in network.parameters())} parameters")
    export_float(network, folder / "model.onnx", SIDE)
