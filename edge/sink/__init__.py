"""Where results go while scanning: video, stills, label masks, records."""
