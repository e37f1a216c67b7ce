"""Train, quantize, evaluate, bench: not installed with the package."""
