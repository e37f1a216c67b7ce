"""`sonoedge probe`: its commands, and what they do and show."""
