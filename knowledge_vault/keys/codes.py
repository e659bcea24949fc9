"""Codes that people keep on paper: 144 random bits in letters hard to misread, with a check of typing errors."""

import hashlib
import os

from knowledge_vault import crypto
from knowledge_vault.errors import CodeUnreadable

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: without I, L, O and U."""
_SECRET_BYTES = 18
_CHECK_BYTES = 2
_GROUP = 4


def new_code() -> str:
    """Eight groups of four, such as `7ZQX-…-M2K9`; meant to be shown once."""
    secret = os.urandom(_SECRET_BYTES)
    number = int.from_bytes(secret + _check(secret), "big")
    count = (_SECRET_BYTES + _CHECK_BYTES) * 8 // 5
    letters = "".join(_ALPHABET[number >> (5 * at) & 31] for at in reversed(range(count)))
    return "-".join(letters[at : at + _GROUP] for at in range(0, count, _GROUP))


def secret_of(code: str) -> bytes:
    """The key that a code stands for; spaces, dashes, small letters and O for 0 do not matter.

    Raises:
        CodeUnreadable: letters are missing or mistyped.
    """
    letters = code.upper().replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    letters = "".join(letters.split())
    if len(letters) * 5 != (_SECRET_BYTES + _CHECK_BYTES) * 8 or set(letters) - set(_ALPHABET):
        raise CodeUnreadable
    number = 0
    for letter in letters:
        number = number << 5 | _ALPHABET.index(letter)
    data = number.to_bytes(_SECRET_BYTES + _CHECK_BYTES, "big")
    secret = data[:_SECRET_BYTES]
    if _check(secret) != data[_SECRET_BYTES:]:
        raise CodeUnreadable
    return crypto.derive(secret, "recovery-code")


def _check(secret: bytes) -> bytes:
    return hashlib.sha256(b"qanat code" + secret).digest()[:_CHECK_BYTES]
