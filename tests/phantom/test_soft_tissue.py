"""Layered soft tissue: what a section shows, and what is said to be readable in it."""

from dataclasses import replace

import numpy as np

from edge.phantom.records import Imaging
from edge.phantom.soft_tissue import TABLE_X_MM
from edge.phantom.soft_tissue_drawing import presentable_soft_tissue
from edge.phantom.soft_tissue_echoes import section


def test_nothing_is_readable_without_contact_or_in_the_dark() -> None:
    rng = np.random.default_rng(1)
    tissue = replace(presentable_soft_tissue(rng), contact=(-5.0, 90.0))
    found = section(tissue, Imaging(depth_mm=45.0), np.linspace(-20, 20, 200), 225)
    assert found.truth.readable[:, :60].max() < 0.01
    assert found.truth.readable[:, 100:].max() > 0.9
    deaf = section(tissue, Imaging(depth_mm=45.0, transmit_power_db=-100.0), np.linspace(-20, 20, 200), 225)
    assert deaf.truth.readable.max() == 0


def test_a_vessel_is_dark_and_holds_no_strand() -> None:
    tissue = presentable_soft_tissue(np.random.default_rng(2))
    vessel = tissue.vessels[0]
    x = np.linspace(vessel.x_mm - 10, vessel.x_mm + 10, 201)
    found = section(tissue, Imaging(depth_mm=45.0), x, 450)
    row = round(vessel.depth_mm / 0.1)
    assert found.echoes.scatter[row, 100] < 0.05
    assert found.truth.readable[row, 100] == 0
    swollen = section(tissue, Imaging(depth_mm=45.0), x, 450, swelling=1.0)
    near = slice(row - 20, row + 21), slice(80, 121)
    dark = [(part.echoes.scatter[near] < 0.015).sum() for part in (found, swollen)]
    assert dark[1] > 1.1 * dark[0]


def test_bone_hides_what_is_under_it() -> None:
    tissue = replace(presentable_soft_tissue(np.random.default_rng(2)), bone_mm=np.full_like(TABLE_X_MM, 20.0))
    truth = section(tissue, Imaging(depth_mm=45.0), np.linspace(-20, 20, 400), 450).truth
    assert truth.readable[205:].max() == truth.sheet[205:].max() == 0
    assert truth.readable[:195].max() > 0.9
