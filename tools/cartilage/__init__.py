"""Measuring the cartilage model."""
