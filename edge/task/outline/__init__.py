"""Anything that is pointed at: its outline, followed from frame to frame, and its size."""
