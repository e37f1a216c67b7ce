"""What the bytes travel on: serial port, sockets, loopback; with faults on purpose, or recorded."""
