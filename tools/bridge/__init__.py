"""Measurements of the line to the probe; each is a command: `python -m tools.bridge.soak`."""
