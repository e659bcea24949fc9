"""A Merkle tree whose paths OpenZeppelin's `MerkleProof` accepts: pairs sorted, leaves hashed twice. Pure.

Hashing a leaf twice keeps a node from being shown as a leaf. A node without a partner moves up as it is.
"""

from collections.abc import Sequence

from eth_utils.crypto import keccak

EMPTY = bytes(32)
"""The root of no leaves."""


def leaf_hash(content: bytes) -> bytes:
    return keccak(keccak(content))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, in the order given; `EMPTY` for none."""
    level = list(leaves)
    while len(level) > 1:
        level = _next_level(level)
    return level[0] if level else EMPTY


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root."""
    path = []
    level = list(leaves)
    while len(level) > 1:
        partner = index ^ 1
        if partner < len(level):
            path.append(level[partner])
        level, index = _next_level(level), index // 2
    return path


def follow(leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that `path` leads to."""
    for partner in path:
        leaf = _pair(leaf, partner)
    return leaf


def _next_level(level: list[bytes]) -> list[bytes]:
    pairs = [_pair(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _pair(a: bytes, b: bytes) -> bytes:
    return keccak(a + b if a < b else b + a)
