"""The choice of λ."""
