"""Slant over HTTP."""
