"""Servers outside, as steps of agents reach them: web services and MCP servers."""
