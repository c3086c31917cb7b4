"""The report: one HTML file, made of values that templates print."""
