"""A smaller model of the most telling features of another."""
