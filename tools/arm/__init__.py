"""The aarch64 wheels under QEMU user mode, as two processors: `python -m tools.arm`."""
