"""Where results go while scanning: video, stills, records."""
