"""The nerve model without a network: `python -m tools.nerve.classical`."""
