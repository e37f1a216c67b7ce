"""Training and test pictures of muscle: real ones with hand-drawn masks, and phantoms."""
