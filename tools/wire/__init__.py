"""Makes both sides of the wire out of firmware_bridge/line/messages.toml: `python -m tools.wire`."""
