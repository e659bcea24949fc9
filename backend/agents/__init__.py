"""Agents: drafts that people edit, versions that are published and never change."""
