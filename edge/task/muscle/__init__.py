"""Muscle architecture in a longitudinal view, in one picture and over time."""
