"""Secrets that a person's agents send to servers outside."""
