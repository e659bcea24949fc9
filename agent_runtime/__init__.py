"""Turns a graph into a run and tells what happened, event by event.

`service` is the door; `graph`, `events`, `ports` and `errors` are the words spoken through it.
"""
