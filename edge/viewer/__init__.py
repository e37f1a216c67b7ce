"""The page that shows the live picture."""
