"""Documents to rows of features: n-grams, hand-made features, and scikit-learn's options for texts."""
