"""The reference of the device, which the firmware's core/*.c equals byte for byte: no clock, no thread."""
