"""`sonoedge probe`: one command a file, and what their screens share."""
