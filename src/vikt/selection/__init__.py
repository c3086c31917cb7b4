"""The choice of λ, and of the features."""
