"""A trained network as the float ONNX file that everything shipped is made from."""

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

INPUT, OUTPUT = "image", "logits"
OPSET = 17
"""The newest that PyTorch's older exporter writes; the newer exporter gives the same operations and needs one more
library."""


def export_float(network: nn.Module, path: Path, side: int = 256) -> None:
    """Write `network`, (1, 1, side, side) float 0 to 1 -> logits, to `path`; batch normalisation goes into the weights.

    Raises ValueError where an operation is left that the int8 runtimes do not share.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    example = torch.zeros(1, 1, side, side)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network.cpu().eval(),
            (example,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
        )
    found = {node.op_type for node in onnx.load(path).graph.node}
    if strange := found - {"Conv", "Relu", "MaxPool", "Resize", "Concat", "DepthToSpace", "Constant"}:
        raise ValueError(f"{path} has operations that not every runtime runs in int8: {', '.join(sorted(strange))}")
