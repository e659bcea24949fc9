"""The search index: scrambled, rebuildable, and never the only copy of anything. The only home of `qdrant_edge`."""
