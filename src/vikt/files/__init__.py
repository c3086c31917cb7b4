"""Files out: atomic replacement, and the model file."""
