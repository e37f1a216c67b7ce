"""The network that outlines what is pointed at."""
