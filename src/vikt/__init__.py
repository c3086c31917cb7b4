"""vikt: text classification with logistic regression."""

__version__ = "0.1.0"
