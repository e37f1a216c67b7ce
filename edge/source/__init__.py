"""Where frames come from: stills, video, camera, DICOM, a program's own arrays, the simulated probe."""
