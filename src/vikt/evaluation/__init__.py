"""How good a model is on labelled rows, and how sure that is."""
