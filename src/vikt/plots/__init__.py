"""Figures for Matplotlib, which is imported when one is drawn."""
