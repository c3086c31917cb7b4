"""Explanation of a linear model."""
