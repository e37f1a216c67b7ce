"""Graf's type of an infant's hip from its two angles and the infant's age.

The table is Graf's as radiology references give it (Graf R, Hip Sonography, 2nd ed. 2006): I from 60 degrees of alpha
on, II from 50, IIc and D from 43, III and IV below. Where the angles alone do not tell, what does is the direction in
which the cartilage roof is pressed.
"""

from enum import StrEnum
from itertools import product
from typing import Final

MATURE_DEG: Final = 60.0
STABLE_DEG: Final = 50.0
CRITICAL_DEG: Final = 43.0
MATURING_DEG: Final = 55.0
"""Least alpha at six weeks of a hip that matures as it should (IIa+)."""
BROAD_BETA_DEG: Final = 55.0
"""Of type I: Ia below it, Ib above."""
DECENTRING_BETA_DEG: Final = 77.0
"""Of an alpha from 43 to 49: IIc below it, D above."""
SIX_WEEKS: Final = 6.0
THREE_MONTHS_WEEKS: Final = 13.0
NEEDS_AGE: Final = "II, age needed"


class Pressed(StrEnum):
    """Where a displaced head presses the cartilage roof to."""

    UP = "up"
    DOWN = "down"


def graf_type(alpha_deg: float, beta_deg: float | None, age_weeks: float | None, pressed: Pressed | None = None) -> str:
    """`Ia`, `IIa+`, `II, age needed`, `III or IV`, ... Without beta what it would tell stays open: `I`, `IIc or D`."""
    if alpha_deg >= MATURE_DEG:
        return "I" if beta_deg is None else "Ia" if beta_deg < BROAD_BETA_DEG else "Ib"
    if alpha_deg >= STABLE_DEG:
        return _second(alpha_deg, age_weeks)
    if alpha_deg >= CRITICAL_DEG:
        return "IIc or D" if beta_deg is None else "IIc" if beta_deg < DECENTRING_BETA_DEG else "D"
    return {Pressed.UP: "III", Pressed.DOWN: "IV", None: "III or IV"}[pressed]


def _second(alpha_deg: float, age_weeks: float | None) -> str:
    if age_weeks is None:
        return NEEDS_AGE
    if age_weeks >= THREE_MONTHS_WEEKS:
        return "IIb"
    if age_weeks < SIX_WEEKS:
        return "IIa"
    return "IIa+" if alpha_deg >= MATURING_DEG else "IIa-"


def types_within(
    alpha_deg: tuple[float, float],
    beta_deg: tuple[float, float] | None,
    age_weeks: float | None,
    pressed: Pressed | None = None,
) -> tuple[str, ...]:
    """All types that intervals (low, high) of both angles hold, the mildest first."""
    steps = (alpha_deg[1], *(edge for edge in _EDGES if alpha_deg[0] <= edge < alpha_deg[1]), alpha_deg[0])
    alphas = sorted({*steps, *(edge - 1e-9 for edge in _EDGES if alpha_deg[0] < edge <= alpha_deg[1])}, reverse=True)
    betas: tuple[float | None, ...] = (None,) if beta_deg is None else (beta_deg[0], beta_deg[1])
    return tuple(dict.fromkeys(graf_type(a, b, age_weeks, pressed) for a, b in product(alphas, betas)))


_EDGES: Final = (CRITICAL_DEG, STABLE_DEG, MATURING_DEG, MATURE_DEG)


def severity(name: str) -> int:
    """0 (mature) to 4 (dislocated): what a wrong type would do to the child goes with the steps between two of them.

    0 no treatment; 1 watch; 2 treat; 3 treat at once; 4 reduce.
    """
    if name.startswith("III") or name == "IV":
        return 4
    if name.startswith("IIc") or name == "D":
        return 3
    if name in ("IIb", "IIa-"):
        return 2
    return 1 if name.startswith("II") else 0
