"""Examples to a fitted model and the record of its fit: four values, and the way from one to the next."""
