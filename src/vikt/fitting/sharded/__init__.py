"""Fits whose rows are in shards, on disk or on a cluster, since memory cannot hold them."""
