"""Training and measuring of the tissue models."""
