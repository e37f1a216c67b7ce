"""How fast sonoedge is beside other ways to do the same."""
