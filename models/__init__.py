"""The shipped models: one folder each, data only."""
