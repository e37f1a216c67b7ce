"""How many millimetres a pixel is: the ruler printed beside the ultrasound, and the other sources of the scale."""
