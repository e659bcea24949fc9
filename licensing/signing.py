"""secp256k1 signatures over digests, as the chain checks them: 65 bytes r, s, v with s in the lower half.

Pure, and fast enough for the hot path (coincurve does the curve). Knows no messages: `voucher.py`,
`proof.py` and `siwe.py` say what a digest stands for.
"""

import secrets
from functools import lru_cache

from coincurve import PrivateKey, PublicKey
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from licensing.values import Address

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class BadSignature(ValueError):
    """Not 65 bytes, s in the upper half, or of no key at all."""


def new_signing_key() -> bytes:
    """32 random bytes that are a key of the curve."""
    while True:
        candidate = secrets.token_bytes(32)
        try:
            return PrivateKey(candidate).secret
        except ValueError:  # one in 2**128: zero, or beyond the order
            continue


def address_of(signing_key: bytes) -> Address:
    return _address(PrivateKey(signing_key).public_key)


def sign(signing_key: bytes, digest: bytes) -> bytes:
    """65 bytes; the same key and digest always give the same ones (RFC 6979)."""
    signature = _private(signing_key).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([signature[64] + 27])


def recover(digest: bytes, signature: bytes) -> Address:
    """Who signed `digest`.

    Raises:
        BadSignature: see there; a signature by another key is not an error but another address.
    """
    if len(signature) != 65:
        raise BadSignature(f"a signature is 65 bytes, this one {len(signature)}")
    v = signature[64] - 27 if signature[64] >= 27 else signature[64]
    if v not in (0, 1):
        raise BadSignature("its last byte is neither 27 nor 28")
    if int.from_bytes(signature[32:64]) > _HALF_ORDER:
        raise BadSignature("its s is in the upper half: another spelling of the same signature")
    try:
        return _address(
            PublicKey.from_signature_and_message(signature[:64] + bytes([v]), digest, hasher=None)
        )
    except ValueError as error:
        raise BadSignature("it belongs to no key") from error


def compact(signature: bytes) -> tuple[bytes, bytes]:
    """`r` and `vs` as in EIP-2098."""
    s = int.from_bytes(signature[32:64]) | ((signature[64] - 27) << 255)
    return signature[:32], s.to_bytes(32)


@lru_cache(maxsize=4096)
def _private(signing_key: bytes) -> PrivateKey:
    return PrivateKey(signing_key)


def _address(public_key: PublicKey) -> Address:
    return _checksummed(keccak(public_key.format(compressed=False)[1:])[12:])


@lru_cache(maxsize=65536)
def _checksummed(address: bytes) -> Address:
    return Address(to_checksum_address(address))
