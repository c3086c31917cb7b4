"""Evaluation: metrics, intervals, the report of a test."""
