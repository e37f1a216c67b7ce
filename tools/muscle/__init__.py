"""Training and measuring of the muscle model."""
