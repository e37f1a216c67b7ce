"""The pathway without a network: `python -m tools.spine.classical`."""
