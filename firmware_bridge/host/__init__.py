"""The host's end of the line: what programs call, and the thread that serves them."""
