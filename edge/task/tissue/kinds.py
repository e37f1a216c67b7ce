"""The kinds of tissue that are told apart."""

from typing import Final

KINDS: Final = ("nerve", "vessel", "muscle", "fascia")
"""Learned from real pictures."""
INFILTRATED: Final = "infiltrated"
"""Of muscle; learned from phantoms only."""
JUDGED: Final = (*KINDS, INFILTRATED)
"""In the order of the network's outputs."""
