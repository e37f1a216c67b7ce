"""Where frames come from: stills, video, camera, DICOM, the simulated probe."""
