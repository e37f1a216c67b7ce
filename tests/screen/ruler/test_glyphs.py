import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from edge.screen.ruler.glyphs import read_glyph

# Pillow's own font is none of those that the templates were drawn from.


def drawn(text: str, size: int) -> np.ndarray:
    canvas = Image.new("L", (size * 4, size * 2))
    ImageDraw.Draw(canvas).text((size, size // 3), text, font=ImageFont.load_default(size), fill=255)
    return np.array(canvas.crop(canvas.getbbox()))


@pytest.mark.parametrize("size", [11, 14, 20, 32])
@pytest.mark.parametrize("text", [*"0123456789", "c", "m"])
def test_reads_a_font_it_never_saw(text, size):
    assert read_glyph(drawn(text, size))[0] == text


@pytest.mark.parametrize("text", ["k", "W", "%", "R"])
def test_other_signs_are_not_taken_for_digits(text):
    assert not read_glyph(drawn(text, 24))[0].isdigit()
