"""Episodes written, read and verified; memory recordings; videos and heat maps."""
