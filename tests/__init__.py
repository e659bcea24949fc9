"""Promises, each kept by a test."""
