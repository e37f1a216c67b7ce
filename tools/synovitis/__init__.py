"""The task synovitis: pictures to learn from and what it is worth."""
