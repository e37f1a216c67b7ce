"""sonoedge: measurements from handheld musculoskeletal ultrasound, on a small board, with no network."""
