"""The task hip: what it is worth."""
