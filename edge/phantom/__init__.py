"""The simulated probe's physics: soft tissue, speckle, beams and grey levels; the anatomies stand with their tasks."""
