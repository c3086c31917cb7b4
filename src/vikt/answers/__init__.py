"""The answers of a model to documents: to Python as arrays, to commands as columns or as lines."""
