"""Settings, composition root, command line, doctor."""
