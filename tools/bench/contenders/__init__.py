"""One small program a contender: it works through a clip and prints one JSON line with what each frame took."""
