"""The networks' one shape, the losses that tasks share, and the export to the float ONNX file.

The shape is a small U-Net of plain 3 x 3 convolutions that three int8 runtimes run alike. A stem of stride 2 works at
half size; the last convolution gives four logits per half-size pixel, one for each of its full-size pixels (sub-pixel
convolution, Shi 2016), which the exported model or its reader rearranges.
"""

import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

INPUT, OUTPUT = "image", "logits"
OPSET = 17
"""The newest that PyTorch's older exporter writes; the newer exporter gives the same operations and needs one more
library."""
IN_ALL_RUNTIMES = frozenset({"Conv", "Relu", "Clip", "Add", "MaxPool", "Resize", "Concat", "DepthToSpace", "Constant"})
"""Operations that every runtime runs in int8."""


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class UNet(nn.Module):
    """(n, planes, H, W) grey 0 to 1 -> logits (n, 4 * classes, H / 2, W / 2). H and W are multiples of 32."""

    def __init__(self, widths: tuple[int, ...], classes: int, planes: int = 1) -> None:
        super().__init__()
        self.stem = block(planes, widths[0], stride=2)
        self.down = nn.ModuleList(
            nn.Sequential(block(a, b), block(b, b)) for a, b in zip((widths[0], *widths), widths, strict=False)
        )
        self.up = nn.ModuleList(
            nn.Sequential(block(deep + skip, skip), block(skip, skip))
            for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        self.widen = nn.Upsample(scale_factor=2, mode="nearest")
        self.head = nn.Conv2d(widths[0], 4 * classes, 1)

    def forward(self, grey: Tensor) -> Tensor:
        x = self.stem(grey)
        skips: list[Tensor] = []
        for level, stage in enumerate(self.down):
            x = stage(x if level == 0 else self.pool(x))
            skips.append(x)
        skips.pop()
        for stage in self.up:
            x = stage(torch.cat((self.widen(x), skips.pop()), 1))
        return self.head(x)


def interleave(logits: Tensor) -> Tensor:
    """(n, 4 * classes, h, w) -> (n, classes, 2 h, 2 w)."""
    return nn.functional.pixel_shuffle(logits, 2)


def entropy(logits: Tensor, share: Tensor) -> Tensor:
    """Mean cross-entropy against the share of each pixel."""
    return nn.functional.binary_cross_entropy_with_logits(logits, share)


def weighted_entropy(logits: Tensor, share: Tensor, weight: Tensor) -> Tensor:
    """The same, each pixel by its weight."""
    each = nn.functional.binary_cross_entropy_with_logits(logits, share, reduction="none")
    return (each * weight).sum() / (weight.sum() + 1)


def dice_loss(share: Tensor, truth: Tensor) -> Tensor:
    """One minus the Dice coefficient, the mean over the pictures (n, channels, height, width)."""
    overlap, total = (share * truth).sum((1, 2, 3)), (share + truth).sum((1, 2, 3))
    return (1 - (2 * overlap + 1) / (total + 1)).mean()


def export_float(network: nn.Module, path: Path, side: int = 256, planes: int = 1) -> None:
    """Write `network`, (1, planes, side, side) float 0 to 1 -> logits, to `path`; batch normalisation goes into the
    weights.

    Raises ValueError where an operation is left that the int8 runtimes do not share.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    example = torch.zeros(1, planes, side, side)
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
    if strange := found - IN_ALL_RUNTIMES:
        raise ValueError(f"{path} has operations that not every runtime runs in int8: {', '.join(sorted(strange))}")
