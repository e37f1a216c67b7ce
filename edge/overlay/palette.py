"""Colours of the overlay, BGR. After Okabe and Ito (2008): told apart with any kind of colour vision."""

from typing import Final

from edge.finding import Verdict

Colour = tuple[int, int, int]

BLACK: Final[Colour] = (10, 10, 10)
WHITE: Final[Colour] = (240, 240, 240)
GREY: Final[Colour] = (170, 170, 170)
SKY: Final[Colour] = (233, 180, 86)
ORANGE: Final[Colour] = (40, 165, 245)
GREEN: Final[Colour] = (140, 190, 50)
YELLOW: Final[Colour] = (90, 228, 245)
PURPLE: Final[Colour] = (190, 140, 220)
VERMILLION: Final[Colour] = (75, 95, 240)
ICE: Final[Colour] = (255, 225, 190)

UPPER: Final = SKY
LOWER: Final = ORANGE
CALIPER: Final = YELLOW
OLD: Final = GREY
WARNING: Final = YELLOW

MASKS: Final = (GREEN, PURPLE, SKY, ORANGE, VERMILLION)
"""By label: 1 is the first."""
LINES: Final = (UPPER, LOWER, PURPLE, GREEN)
"""For lines that are neither an upper nor a lower border, in their order."""

VERDICTS: Final = {Verdict.MEASURED: GREEN, Verdict.LIMITED: YELLOW, Verdict.REFUSED: VERMILLION}

_UPPER_WORDS: Final = ("upper", "superficial", "top")
_LOWER_WORDS: Final = ("lower", "deep", "bottom", "bone")


def mask_colour(label: int) -> Colour:
    return MASKS[(label - 1) % len(MASKS)]


def line_colour(name: str, index: int) -> Colour:
    """Upper and lower borders have a colour each; other lines take theirs by `index`."""
    words = name.replace("_", " ").lower().split()
    if "fascicle" in words:
        return WHITE
    if words[:2] == ["other", "candidate"]:
        return WHITE
    if "rim" in words:
        return ICE
    if "nerve" in words:
        return GREEN
    if "vessel" in words:
        return PURPLE
    if any(word in words for word in _UPPER_WORDS):
        return UPPER
    if any(word in words for word in _LOWER_WORDS):
        return LOWER
    return LINES[index % len(LINES)]


def dimmed(colour: Colour) -> Colour:
    """Three quarters as bright: for what must not be read as a present measurement."""
    blue, green, red = (channel * 3 // 4 for channel in colour)
    return blue, green, red
