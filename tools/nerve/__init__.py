"""Training and measuring of the nerve models."""
