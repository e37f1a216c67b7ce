"""Training and measuring of the cartilage model."""
