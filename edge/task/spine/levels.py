"""Names of what a probe meets on its way from the sacrum to the twelfth thoracic vertebra."""

from typing import Final

KINDS: Final = ("sacrum", "bone", "interspinous")
"""What can lie under the probe's middle: the sacrum; a spinous process (transverse) or lamina (paramedian); a space."""
SEGMENTS: Final = (
    "sacrum",
    "L5-S1",
    "L5",
    "L4-L5",
    "L4",
    "L3-L4",
    "L3",
    "L2-L3",
    "L2",
    "L1-L2",
    "L1",
    "T12-L1",
    "T12",
)
"""From below: vertebrae at even places, spaces at odd ones."""
NEEDLE: Final = SEGMENTS.index("L3-L4")
"""Where a lumbar needle usually goes."""


def kind_of(segment: int) -> int:
    """Place in KINDS of a place in SEGMENTS."""
    return 0 if segment == 0 else 1 + segment % 2
