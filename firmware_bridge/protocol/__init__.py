"""The wire layout: framing and codec."""
