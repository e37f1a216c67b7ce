"""Image analysis that two or more tasks use: despeckling, textures, windows, contours, flow, classifiers."""
