"""B-mode physics and one anatomy a file, with known truth."""
