"""Where on a scanner's screen the ultrasound is."""
