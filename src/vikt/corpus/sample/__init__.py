"""A small sample, written for this project: e-mails and opinions of films."""
