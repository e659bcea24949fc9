"""Seal and open bytes: the one format of everything kept encrypted. The only home of `cryptography` here.

The format is C2SP chunked-encryption v1, instance Cobblestone-256. A sealed value is

    salt (24 bytes) || commitment (32 bytes) || chunks of AES-256-GCM (16 KiB each + 16 bytes of tag)

where HKDF-Expand-SHA512(key, label || salt || context) gives the chunks' key, their first nonce and the
commitment. The last chunk is always shorter than 16 KiB, so a cut is seen; the commitment ties the bytes to
one key; the context ties them to one place, so that nothing can be moved or swapped. Keys are `keys.py`'s.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from knowledge_vault.errors import SealBroken

KEY_BYTES = 32
_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
_SALT_BYTES = 24
_COMMITMENT_BYTES = 32
_HEAD_BYTES = _SALT_BYTES + _COMMITMENT_BYTES
_CHUNK_BYTES = 16 * 1024
_TAG_BYTES = 16
_SHA512 = SHA512()

Context = Sequence[str | int]
"""What a sealed value is and where it belongs, such as `("chunk", tenant, vault, document, 1, 17)`."""


def new_secret() -> bytes:
    """Thirty-two bytes from the operating system."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, context: Context) -> bytes:
    """Encrypt so that only the same key and context open it; 72 bytes longer, plus 16 per 16 KiB."""
    return seal_with_salt(key, plaintext, context, salt=os.urandom(_SALT_BYTES))


def seal_with_salt(key: bytes, plaintext: bytes, context: Context, *, salt: bytes) -> bytes:
    """Like `seal` with a chosen salt: for frozen test vectors only, a salt must never serve twice."""
    cipher, nonce, commitment = _schedule(key, salt, context)
    view = memoryview(plaintext)
    return b"".join(
        [
            salt,
            commitment,
            *(
                cipher.encrypt(_nonce(nonce, number), view[start : start + _CHUNK_BYTES], None)
                for number, start in enumerate(range(0, len(plaintext) + 1, _CHUNK_BYTES))
            ),
        ]
    )


def open_sealed(key: bytes, sealed: bytes, context: Context) -> bytes:
    """The plaintext that was sealed under this key and context.

    Raises:
        SealBroken: altered, cut, moved, or sealed under another key or context.
    """
    if len(sealed) < _HEAD_BYTES + _TAG_BYTES:
        raise SealBroken
    cipher, nonce, commitment = _schedule(key, sealed[:_SALT_BYTES], context)
    if not hmac.compare_digest(commitment, sealed[_SALT_BYTES:_HEAD_BYTES]):
        raise SealBroken
    body = memoryview(sealed)[_HEAD_BYTES:]
    step = _CHUNK_BYTES + _TAG_BYTES
    if len(body) % step < _TAG_BYTES:
        raise SealBroken  # the last chunk is always short, and never without its tag
    try:
        if len(body) < step:  # as most values are: hundreds of them are opened for one search
            return cipher.decrypt(_nonce(nonce, 0), body, None)
        return b"".join(
            cipher.decrypt(_nonce(nonce, number), body[start : start + step], None)
            for number, start in enumerate(range(0, len(body), step))
        )
    except InvalidTag as error:
        raise SealBroken from error


class StreamSealer:
    """Seals what arrives in pieces, in constant memory; together the outputs are what `seal` would give."""

    def __init__(self, key: bytes, context: Context) -> None:
        self._salt = os.urandom(_SALT_BYTES)
        self._cipher, self._base, self._commitment = _schedule(key, self._salt, context)
        self._number = 0
        self._rest = b""

    def head(self) -> bytes:
        """What comes before the first piece."""
        return self._salt + self._commitment

    def update(self, plaintext: bytes) -> bytes:
        data = self._rest + plaintext
        whole = len(data) - len(data) % _CHUNK_BYTES
        self._rest = data[whole:]
        view = memoryview(data)
        return b"".join(self._seal(view[at : at + _CHUNK_BYTES]) for at in range(0, whole, _CHUNK_BYTES))

    def finish(self) -> bytes:
        """What comes after the last piece; nothing may be updated afterwards."""
        return self._seal(memoryview(self._rest))

    def _seal(self, chunk: memoryview) -> bytes:
        self._number += 1
        return self._cipher.encrypt(_nonce(self._base, self._number - 1), chunk, None)


def open_stream(key: bytes, read: Callable[[int], bytes], context: Context) -> Iterator[bytes]:
    """The plaintext in pieces of 16 KiB, the last one shorter; each is authentic when it is handed out.

    `read(n)` gives the next `n` sealed bytes, fewer only at the end.

    Raises:
        SealBroken: as `open_sealed`; a cut shows at the end only.
    """
    head = read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        raise SealBroken
    cipher, base, commitment = _schedule(key, head[:_SALT_BYTES], context)
    if not hmac.compare_digest(commitment, head[_SALT_BYTES:]):
        raise SealBroken
    number, is_last = 0, False
    while not is_last:
        sealed = read(_CHUNK_BYTES + _TAG_BYTES)
        is_last = len(sealed) < _CHUNK_BYTES + _TAG_BYTES
        try:
            yield cipher.decrypt(_nonce(base, number), sealed, None)
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error
        number += 1


def digest(key: bytes) -> "hmac.HMAC":
    """A keyed digest to feed with `update`: equal bytes under one key are recognised, others learn nothing."""
    return hmac.new(key, digestmod=hashlib.sha256)


def derive(secret: bytes, purpose: str, *, length: int = KEY_BYTES) -> bytes:
    """A key for one purpose out of a random secret (HKDF-SHA256); equal inputs give equal keys."""
    return HKDF(SHA256(), length, salt=None, info=b"qanat/v1/" + purpose.encode()).derive(secret)


@dataclass(frozen=True)
class Stretching:
    """How dear a guess at a passphrase is: Argon2id's parameters, kept beside what they protect."""

    salt: bytes
    iterations: int = 3
    memory_kib: int = 64 * 1024
    lanes: int = 4

    def stretch(self, passphrase: str) -> bytes:
        """A key out of a passphrase; takes a good part of a second, for us as for somebody who guesses.

        Raises:
            ValueError: the parameters are below what is safe, or above what any version of ours has written.
        """
        if not (2 <= self.iterations <= 64 and 19 * 1024 <= self.memory_kib <= 4 * 1024 * 1024):
            raise ValueError("these parameters are not safe")
        if not (1 <= self.lanes <= 64 and len(self.salt) >= 16):
            raise ValueError("these parameters are not safe")
        return Argon2id(
            salt=self.salt,
            length=KEY_BYTES,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        ).derive(passphrase.encode())


def new_stretching() -> Stretching:
    return Stretching(os.urandom(16))


_SEAL_TO = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
"""Hybrid, because a copy of what is sealed today may be kept until there are machines that break X25519."""
_MLKEM_SEED_BYTES = 64
_MLKEM_PUBLIC_BYTES = 1184


def recipient_of(secret: bytes) -> bytes:
    """The public half of a secret: whoever has it can seal to the secret's holder and open nothing."""
    post_quantum, classic = _private_halves(secret)
    return post_quantum.public_key().public_bytes_raw() + classic.public_key().public_bytes_raw()


def seal_to(recipient: bytes, plaintext: bytes, context: Context) -> bytes:
    """Encrypt for the holder of the secret behind `recipient` (HPKE, RFC 9180, ML-KEM-768 and X25519)."""
    public = hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(recipient[:_MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(recipient[_MLKEM_PUBLIC_BYTES:]),
    )
    return _SEAL_TO.encrypt(plaintext, public, encode_context(context))


def open_as_recipient(secret: bytes, sealed: bytes, context: Context) -> bytes:
    """Raises:
    SealBroken: altered, or sealed to somebody else or for another place.
    """
    try:
        return _SEAL_TO.decrypt(
            sealed, hpke.MLKEM768X25519PrivateKey(*_private_halves(secret)), encode_context(context)
        )
    except (InvalidTag, ValueError) as error:
        raise SealBroken from error


def _private_halves(secret: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    seed = derive(secret, "recipient", length=_MLKEM_SEED_BYTES + KEY_BYTES)
    return (
        MLKEM768PrivateKey.from_seed_bytes(seed[:_MLKEM_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(seed[_MLKEM_SEED_BYTES:]),
    )


def encode_context(context: Context) -> bytes:
    """A count, then each part with its kind and length (PAE), so that no two contexts encode alike."""
    return b"".join([len(context).to_bytes(8, "little"), *map(_encode_part, context)])


@lru_cache(maxsize=4096, typed=True)  # a search opens hundreds of values with the same few parts
def _encode_part(part: str | int) -> bytes:
    kind, data = (b"i", str(part).encode()) if isinstance(part, int) else (b"s", part.encode())
    return kind + len(data).to_bytes(8, "little") + data


def _schedule(key: bytes, salt: bytes, context: Context) -> tuple[AESGCM, int, bytes]:
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    info = _LABEL + salt + encode_context(context)
    okm = HKDFExpand(_SHA512, 32 + 12 + _COMMITMENT_BYTES, info).derive(key)
    return AESGCM(okm[:32]), int.from_bytes(okm[32:44], "big"), okm[44:]


def _nonce(base: int, number: int) -> bytes:
    return (base ^ number).to_bytes(12, "big")
