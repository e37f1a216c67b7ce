"""Control of a handheld probe over a serial line."""
