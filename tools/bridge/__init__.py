"""Measurements of the line to the probe; each is a command: `python -m tools.bridge.soak`.

soak: messages through a bad line. unplug: back after a pulled cable. line_rate: how full a line gets. mixed: all at
once. idle: an echo, an update. heartbeat: transmit without a host. depth_changes: the scale of the frames.
"""
