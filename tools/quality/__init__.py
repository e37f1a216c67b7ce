"""What judges the firmware's C code: checkers, fuzzing, coverage, mutants, sizes."""
