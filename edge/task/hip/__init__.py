"""Infant hip in the coronal standard plane: Graf's angles, coverage of the femoral head, the plane itself."""
