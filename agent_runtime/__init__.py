"""Turns a graph into a run and tells what happened, event by event."""
