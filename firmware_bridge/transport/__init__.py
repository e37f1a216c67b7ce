"""What the bytes travel on: serial port, loopback."""
