"""Measurements: programs run by `make bench`, each printing its figures as JSON. Not collected as tests."""
