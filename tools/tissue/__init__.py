"""Tissue kinds in a region of interest: pictures, training and figures."""
