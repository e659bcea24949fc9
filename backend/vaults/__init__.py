"""Vaults over HTTP: put documents in, watch them, search them, take them out."""
