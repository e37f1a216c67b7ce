"""The task synovitis."""
