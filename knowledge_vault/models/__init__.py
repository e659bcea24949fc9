"""Model files that the vault prepares once, on disk, from packages that carry them."""
