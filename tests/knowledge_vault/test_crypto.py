"""What is sealed opens for the same key and place only, and for nobody who altered it."""

import hashlib
import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_vault import crypto
from knowledge_vault.errors import SealBroken

KEY = bytes(range(32))
PLACE = ("chunk", "tenant", "vault", "document", 1, 7)
VECTORS = json.loads((Path(__file__).parent / "vectors" / "sealing.json").read_text(encoding="utf-8"))
SIZES = (0, 1, 16_383, 16_384, 16_385, 100_000)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: str(vector["name"]))
def test_the_format_is_the_published_one_for_ever(vector: dict[str, str | list[str | int]]) -> None:
    key, salt = bytes.fromhex(str(vector["key"])), bytes.fromhex(str(vector["salt"]))
    plaintext = bytes.fromhex(str(vector["plaintext_repeated"])) * int(str(vector["repeats"]))
    context = list(vector["context"])
    sealed = crypto.seal_with_salt(key, plaintext, context, salt=salt)
    assert sealed[:56].hex() == vector["sealed_head"]
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
    assert crypto.open_sealed(key, sealed, context) == plaintext


@pytest.mark.parametrize("refusal", VECTORS["refusals"], ids=str)
def test_what_the_format_refuses_is_refused_for_ever(refusal: dict[str, object]) -> None:
    key, sealed, context = altered(refusal)
    with pytest.raises(SealBroken):
        crypto.open_sealed(key, sealed, context)


def altered(refusal: dict[str, object]) -> tuple[bytes, bytes, list[str | int]]:
    """The key, sealed bytes and context of a refusal: a vector after one change."""
    vector = next(each for each in VECTORS["vectors"] if each["name"] == refusal["of"])
    key, context = bytes.fromhex(vector["key"]), list(vector["context"])
    plaintext = bytes.fromhex(vector["plaintext_repeated"]) * vector["repeats"]
    sealed = bytearray(crypto.seal_with_salt(key, plaintext, context, salt=bytes.fromhex(vector["salt"])))
    match refusal:
        case {"flip": int(at)}:
            sealed[at] ^= 1
        case {"keep": int(count)}:
            assert count < len(sealed)
            del sealed[count:]
        case {"swap": [int(one), int(other)]}:
            first, second = (slice(56 + at * 16_400, 56 + (at + 1) * 16_400) for at in (one, other))
            sealed[first], sealed[second] = sealed[second], sealed[first]
        case {"context": list(other_context)}:
            context = other_context
        case {"key": str(other_key)}:
            key = bytes.fromhex(other_key)
        case _:
            raise AssertionError(refusal)
    return key, bytes(sealed), context


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_opens_again(size: int) -> None:
    plaintext = random.Random(size).randbytes(size)
    assert crypto.open_sealed(KEY, crypto.seal(KEY, plaintext, PLACE), PLACE) == plaintext


@pytest.mark.parametrize("size", SIZES)
def test_a_stream_and_a_whole_are_sealed_alike(size: int) -> None:
    plaintext = random.Random(size).randbytes(size)
    sealer = crypto.StreamSealer(KEY, PLACE)
    pieces = [plaintext[start : start + 7_001] for start in range(0, size, 7_001)]
    sealed = b"".join([sealer.head(), *map(sealer.update, pieces), sealer.finish()])
    assert crypto.open_sealed(KEY, sealed, PLACE) == plaintext
    assert b"".join(crypto.open_stream(KEY, io.BytesIO(sealed).read, PLACE)) == plaintext


@given(plaintext=st.binary(max_size=40_000), where=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused(plaintext: bytes, where: int, bit: int) -> None:
    sealed = bytearray(crypto.seal(KEY, plaintext, PLACE))
    sealed[where % len(sealed)] ^= 1 << bit
    with pytest.raises(SealBroken):
        crypto.open_sealed(KEY, bytes(sealed), PLACE)
    with pytest.raises(SealBroken):
        list(crypto.open_stream(KEY, io.BytesIO(sealed).read, PLACE))


@pytest.mark.parametrize("kept", [0, 23, 55, 56, 71, 72, 16_456, 16_472, 32_855])
def test_a_cut_is_refused(kept: int) -> None:
    sealed = crypto.seal(KEY, bytes(32_784), PLACE)
    assert kept < len(sealed)
    with pytest.raises(SealBroken):
        crypto.open_sealed(KEY, sealed[:kept], PLACE)
    with pytest.raises(SealBroken):
        list(crypto.open_stream(KEY, io.BytesIO(sealed[:kept]).read, PLACE))


def test_chunks_cannot_change_places() -> None:
    sealed = crypto.seal(KEY, bytes(16_384 * 2), PLACE)
    first, second = sealed[56 : 56 + 16_400], sealed[56 + 16_400 : 56 + 32_800]
    with pytest.raises(SealBroken):
        crypto.open_sealed(KEY, sealed[:56] + second + first + sealed[56 + 32_800 :], PLACE)


@pytest.mark.parametrize(
    "place",
    [
        ("chunk", "tenant", "vault", "document", 1, 8),
        ("chunk", "tenant", "vault", "document", 2, 7),
        ("chunk", "other", "vault", "document", 1, 7),
        ("chunk", "tenant", "vault", "document", "1", 7),
        ("chunk", "tenantvault", "", "document", 1, 7),
        ("chunk", "tenant", "vault", "document", 1),
        (),
    ],
)
def test_nothing_opens_at_another_place(place: tuple[str | int, ...]) -> None:
    with pytest.raises(SealBroken):
        crypto.open_sealed(KEY, crypto.seal(KEY, b"bees", PLACE), place)


def test_nothing_opens_under_another_key() -> None:
    with pytest.raises(SealBroken):
        crypto.open_sealed(crypto.new_secret(), crypto.seal(KEY, b"bees", PLACE), PLACE)


@given(
    st.lists(st.one_of(st.text(max_size=5), st.integers())),
    st.lists(st.one_of(st.text(max_size=5), st.integers())),
)
def test_two_places_never_encode_alike(one: list[str | int], other: list[str | int]) -> None:
    def exact(place: list[str | int]) -> list[tuple[type, str | int]]:
        return [(type(part), part) for part in place]

    assert (crypto.encode_context(one) == crypto.encode_context(other)) == (exact(one) == exact(other))


def test_sealing_twice_never_gives_the_same_bytes() -> None:
    assert crypto.seal(KEY, b"bees", PLACE) != crypto.seal(KEY, b"bees", PLACE)
