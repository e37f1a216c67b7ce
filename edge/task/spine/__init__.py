"""Lumbar level: which vertebra or interspinous space lies under the probe, counted from the sacrum."""
