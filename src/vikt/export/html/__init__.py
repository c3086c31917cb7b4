"""A classifier in one HTML file, which works offline in any current browser."""
