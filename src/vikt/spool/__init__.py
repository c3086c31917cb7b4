"""Rows of files that are too many for memory, kept on disk, and given back a shard at a time."""
