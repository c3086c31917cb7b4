"""Figures of answers: the confusion matrix and what is read from it, the loss of probabilities, intervals."""
