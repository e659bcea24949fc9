"""Keys: the tree of them, who keeps the one at its root, and how each is replaced or recovered."""

from knowledge_vault.keys.tree import DataKey, RootKey, VaultKey

__all__ = ["DataKey", "RootKey", "VaultKey"]
