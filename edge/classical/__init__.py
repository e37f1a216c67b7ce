"""Image analysis without a network."""
