"""Qanat's server: speaks HTTP, keeps accounts and agents, and wires the three packages together."""
