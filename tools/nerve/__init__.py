"""Training and measuring of the nerve task."""
