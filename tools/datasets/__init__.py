"""Public sets of real pictures that several models learn from; each lies in ../shared/data."""
