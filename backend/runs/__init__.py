"""Runs: one question to one graph version, from the license check to the proof."""
