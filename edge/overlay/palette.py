"""Colours of the overlay, BGR. After Okabe and Ito (2008): told apart with any kind of colour vision."""

from types import MappingProxyType
from typing import Final

from edge.finding import Verdict
from edge.terms import Role

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
"""For lines whose role nobody declared, in their order."""

VERDICTS: Final = {Verdict.MEASURED: GREEN, Verdict.LIMITED: YELLOW, Verdict.REFUSED: VERMILLION}

ROLES: Final = MappingProxyType(
    {
        Role.UPPER_BORDER: UPPER,
        Role.LOWER_BORDER: LOWER,
        Role.OUTLINE: GREEN,
        Role.NEIGHBOUR: PURPLE,
        Role.INNER_EDGE: ICE,
        Role.FIBRE: WHITE,
        Role.EXTRAPOLATED: WHITE,
        Role.PROPOSAL: YELLOW,
        Role.ALTERNATIVE: WHITE,
        Role.REGION: SKY,
        Role.BEFORE: YELLOW,
        Role.AFTER: GREEN,
    }
)
"""Of lines."""
DASHED: Final = frozenset((Role.EXTRAPOLATED, Role.PROPOSAL, Role.ALTERNATIVE, Role.BEFORE))
"""Roles of lines that lie where nothing was seen, or that are not what was measured."""

DIM: Final = DASHED - {Role.PROPOSAL}
"""Of these, the ones that must not be looked at first."""


def mask_colour(label: int) -> Colour:
    return MASKS[(label - 1) % len(MASKS)]


def line_colour(role: Role, index: int) -> Colour:
    """By its role; a line without one takes its colour by `index` among the lines."""
    return ROLES.get(role) or LINES[index % len(LINES)]


def dimmed(colour: Colour) -> Colour:
    """Three quarters as bright: for what must not be read as a present measurement."""
    blue, green, red = (channel * 3 // 4 for channel in colour)
    return blue, green, red
