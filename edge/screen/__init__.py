"""Finds the ultrasound region inside a scanner's screen, and its millimetres per pixel."""
