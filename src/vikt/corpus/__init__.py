"""Labelled text in: files, columns, canonical order, splits."""
