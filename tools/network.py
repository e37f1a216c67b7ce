"""The networks' one shape: a small U-Net of plain 3 x 3 convolutions that three int8 runtimes run alike.

A stem of stride 2 works at half size; the last convolution gives four logits a half-size pixel, one for each of its
full-size pixels (sub-pixel convolution, Shi 2016), which the exported model rearranges.
"""

import torch
from torch import Tensor, nn


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class UNet(nn.Module):
    """(n, 1, H, W) grey 0 to 1 -> logits (n, 4 * classes, H / 2, W / 2). H and W are multiples of 32."""

    def __init__(self, widths: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.stem = block(1, widths[0], stride=2)
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
