"""What the network marks in a picture of a hip: one channel for each structure.

Lines are marked as bands, points as spots.
"""

from typing import Final

LINES: Final = ("iliac line", "bony roof", "chondro-osseous border", "joint capsule")
AREAS: Final = ("femoral head", "labrum", "cartilage roof")
SPOTS: Final = ("bony rim", "lower limb", "synovial fold")
CHANNELS: Final = (*LINES, *AREAS, *SPOTS)
"""In the order of the network's output."""
