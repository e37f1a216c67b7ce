"""What a region of interest shows, and how bright it is."""
