"""Keeps documents encrypted and finds the passages that bear on a question."""
