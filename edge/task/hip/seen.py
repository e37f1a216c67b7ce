"""What the network marks in a picture of a hip: one channel for each structure, for three points, and for the plane.

Structures are areas or bands along a line; points are spots. What a plane is worth stands in the head's place.
"""

from typing import Final

LINES: Final = ("iliac line", "bony roof", "chondro-osseous border", "joint capsule")
AREAS: Final = ("femoral head", "labrum", "cartilage roof")
SPOTS: Final = ("bony rim", "lower limb", "synovial fold")
PLANE: Final = ("positive tilt", "negative tilt", "not standard")
CHANNELS: Final = (*LINES, *AREAS, *SPOTS, *PLANE)
"""In the order of the network's output."""
MOST_TILT_DEG: Final = 20.0
"""Tilt at which a channel of tilt says 1."""
