"""What both ends share: messages, frames, the link, and how bytes travel."""
