"""A trained model as a file for other programs: a page for browsers, and what other libraries read."""
