"""The card of a model: what it is, how good it is and what it is not, for those who find it in a repository."""
