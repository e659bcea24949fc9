"""Agents that ask other agents: who may, what it costs whom, and what was answered."""
