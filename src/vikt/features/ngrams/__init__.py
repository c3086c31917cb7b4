"""Texts to weighted n-grams: normalise, cut into tokens, look up or hash, count, weigh."""
