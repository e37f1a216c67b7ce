"""Capture thread, newest-frame mailbox, one step, statistics."""
