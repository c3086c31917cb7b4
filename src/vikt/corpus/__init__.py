"""Labelled text in: files, columns, canonical order, splits; answers out."""
