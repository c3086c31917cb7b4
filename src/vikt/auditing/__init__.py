"""Numbered checks of labelled data, before and after training."""
