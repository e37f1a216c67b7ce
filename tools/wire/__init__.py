"""Makes both sides of the wire out of firmware_bridge/protocol/messages.toml: `python -m tools.wire`."""
