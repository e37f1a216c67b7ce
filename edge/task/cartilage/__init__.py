"""Femoral cartilage in the suprapatellar transverse view."""
