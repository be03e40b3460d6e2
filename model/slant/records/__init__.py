"""Rows as they come in files: which form a file has, in which encoding, and what its rows hold."""
