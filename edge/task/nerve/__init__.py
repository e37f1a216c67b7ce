"""Peripheral nerves and vessels in a transverse view."""
