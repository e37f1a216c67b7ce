"""Whether a measurement may be believed, and how far."""
