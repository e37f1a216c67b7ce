"""The figures of the pathway without a network."""
