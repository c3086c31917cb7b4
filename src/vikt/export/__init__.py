"""A trained model as a file for other programs: a page for any browser, and what other libraries read."""
