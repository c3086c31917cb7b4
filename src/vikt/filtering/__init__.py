"""The filter of corpora: many files in, the same files out with the rows that a condition keeps."""
