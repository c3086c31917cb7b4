"""scikit-learn's options for text, and the n-grams that they ask for."""
