"""What is looked for in a frame, and what is measured."""
