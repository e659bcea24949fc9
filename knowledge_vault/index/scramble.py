"""Make vectors and words fit to lie in an index at rest: turned, blurred and keyed by the vault's search secret.

This is scrambling, not encryption: distances remain, or nothing could be found. `docs/decisions` tells what a
thief of the index can and cannot learn. Equal inputs give equal outputs, so that repeating a step changes nothing.
"""

import hashlib
import uuid
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowledge_vault import crypto
from knowledge_vault.values import DocumentId, PassageId, Protection, TenantId, VaultId

NOISE_RADIUS = 0.25
"""The length of the noise at most: half the typical distance of an e5 vector from the mean of all.

That is factor b = 2 of security.md §2.2, measured there on vectors that spread twice as far."""


_SHARDS = uuid.UUID("0b7a6c1e-52ab-4c13-9d0e-8e6e4b0a6f2d")


def shard_of(vault: VaultId, version: int) -> VaultId:
    """The name in the index of what one version of a vault's search secret scrambled."""
    return vault if version == 1 else VaultId(uuid.uuid5(_SHARDS, f"{vault}/{version}").hex)


class SearchKeys:
    """What one version of a vault's search secret makes of vectors, words and ids. Its repr shows nothing."""

    def __init__(
        self,
        secret: bytes,
        *,
        tenant: TenantId,
        vault: VaultId,
        dimension: int,
        version: int = 1,
        word_secret: bytes | None = None,
        protection: Protection = Protection.STANDARD,
    ) -> None:
        """`word_secret`: the search secret of version 1, by which words are named inside sealed chunks for ever."""
        self.tenant = tenant
        self.vault = vault
        self.version = version
        self.protection = protection
        self.shard = shard_of(vault, version)
        """Where in the index this version's points are."""
        self.dimension = dimension
        self._rotation_key = crypto.derive(secret, "rotation")
        self._noise_key = crypto.derive(secret, "noise")
        self._word_key = crypto.derive(word_secret or secret, "words")
        is_at_rest = protection is Protection.STANDARD  # in memory, words need no other names
        self._term_key = crypto.derive(secret, "terms") if version > 1 and is_at_rest else None
        self._id_key = crypto.derive(secret, "ids")
        self.segment_key = crypto.derive(secret, "segments")
        """Seals the keys of the segments that a sealed vault is opened from."""
        self.content_key = crypto.derive(secret, "content")
        """For the keyed digests by which a vault recognises a file that it already has."""

    @cached_property
    def _rotation(self) -> NDArray[np.float32]:
        """`(dimension, dimension)`, float32, orthogonal, uniform among all rotations and reflections."""
        size = self.dimension
        normal = _normals(self._rotation_key, size * size).reshape(size, size)
        orthogonal, upper = np.linalg.qr(normal)
        return (orthogonal * np.sign(np.diag(upper))).astype(np.float32)

    def stored(self, vector: NDArray[np.float32], passage: PassageId) -> NDArray[np.float32]:
        """The vector as the index keeps it: turned, then moved by noise that depends on the passage's id."""
        numbers = _normals(self._noise_key + passage.encode(), self.dimension + 1)
        direction = numbers[:-1] / np.linalg.norm(numbers[:-1])
        # uniform in the ball, but in so many dimensions nearly all of a ball lies at its surface
        noise = NOISE_RADIUS * direction
        return (self._rotation @ vector + noise).astype(np.float32)

    def asked(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """A question's vector for the index: turned alike, without noise, never stored."""
        return self._rotation @ vector

    def word(self, language: str, word: str) -> int:
        """The number that stands for a stemmed word of a language inside this vault's sealed chunks; below 2**32.

        It stays the same when the search secret is replaced, so that no chunk has to be sealed anew.
        """
        digest = hashlib.blake2b(f"{language}\0{word}".encode(), key=self._word_key, digest_size=4)
        return int.from_bytes(digest.digest(), "big")

    def term(self, word: int) -> int:
        """The number that stands in the index and its statistics for what `word` gave; below 2**32."""
        if self._term_key is None:
            return word
        digest = hashlib.blake2b(word.to_bytes(4, "big"), key=self._term_key, digest_size=4)
        return int.from_bytes(digest.digest(), "big")

    def terms(self, words: Sequence[int]) -> Sequence[int]:
        """The distinct terms of distinct words."""
        return words if self._term_key is None else list({self.term(word): None for word in words})

    def document(self, document: DocumentId) -> str:
        """The name of a document in this vault's index."""
        return hashlib.blake2b(document.encode(), key=self._id_key, digest_size=12).hexdigest()


def _normals(seed: bytes, count: int) -> NDArray[np.float64]:
    """Standard normal numbers that depend on the seed alone, on every machine: Box-Muller over SHAKE-256."""
    pairs = (count + 1) // 2
    stream = np.frombuffer(hashlib.shake_256(seed).digest(pairs * 16), dtype="<u8")
    uniform = ((stream >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    radius = np.sqrt(-2.0 * np.log(uniform[:pairs]))
    angle = 2.0 * np.pi * uniform[pairs:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]
