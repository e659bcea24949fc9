"""The search index: scrambled, rebuildable, and never the only copy of anything. Each engine has a file of its own."""
