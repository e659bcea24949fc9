"""Whether the server is alive, and whether each part is ready."""
