"""Signing in with a wallet (EIP-4361): only the very message we asked for, only now, only by that wallet.

`PUBLISHED` are signatures by other people's wallets over other people's messages, as the siwe libraries publish them.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.errors import SignInRefused
from licensing.signing import address_of, sign
from licensing.siwe import (
    CLOCK_SKEW,
    MESSAGE_LIFE,
    SignInMessage,
    read_message,
    signer_of,
    verify_sign_in,
    write_message,
)
from licensing.values import Address

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = bytes.fromhex("5e" * 32)  # the same in every process that collects these tests
WALLET = address_of(KEY)
GOOD = write_message(
    domain="qanat.example:8000",
    address=WALLET,
    uri="https://qanat.example:8000",
    chain_id=31337,
    nonce="Kq3mZ81tLw02",
    now=NOW,
    statement="Sign in to Qanat.",
)
PUBLISHED = [
    (
        SignInMessage(
            domain="login.xyz",
            address=Address("0x9D85ca56217D2bb651b00f15e694EB7E713637D4"),
            statement="Sign-In With Ethereum Example Statement",
            uri="https://login.xyz",
            chain_id=1,
            nonce="bTyXgcQxn2htgkjJn",
            issued_at="2022-01-27T17:09:38.578Z",
            expiration_time="2100-01-07T14:31:43.952Z",
        ),
        "0xdc35c7f8ba2720df052e0092556456127f00f7707eaa8e3bbff7e56774e7f2e05a093cfc9e02964c33d86e8e066e221b"
        "7d153d27e5a2e97ccd5ca7d3f2ce06cb1b",
    ),
    (
        SignInMessage(
            domain="www.tally.xyz",
            address=Address("0xc95EB884FE852e241D409234bfC7045CB9E31BD7"),
            statement="Sign in with Ethereum to Tally",
            uri="https://tally.xyz",
            chain_id=1,
            nonce="15050747",
            issued_at="2022-06-30T14:08:51.382Z",
        ),
        "0x8c46b6eb8505939892d8e9b075f89f8277321b17b993151f37810cdda38cce6f4a85909d2b53e6a14629c74c0ac38bf4"
        "becde78ee5b2529812bf6cceaf7b2a2501",
    ),
    (
        SignInMessage(
            domain="login.xyz",
            address=Address("0xE6D3Aa1F561A215E5eb1f02Ba8705385F03fCaFB"),
            statement="Sign-In With Ethereum Example Statement",
            uri="https://login.xyz",
            chain_id=1,
            nonce="lx2nx4so",
            issued_at="2022-01-05T14:27:30.883Z",
            not_before="2100-01-07T14:31:43.952Z",
        ),
        "0xc2539ace78f13c7eb8c0852d38d269a6f97bebd9f7872097d2e3137b541f8bf50176062a46eeea83086bd2721423fb57"
        "55a932ff6ccc046ed482d14e4576042f1c",
    ),
]


def signed(text: str, key: bytes = KEY) -> str:
    from eth_utils.crypto import keccak

    content = text.encode()
    prefix = b"\x19Ethereum Signed Message:\n" + str(len(content)).encode()
    return "0x" + sign(key, keccak(prefix + content)).hex()


def sign_in(text: str, signature: str | None = None, *, now: datetime = NOW) -> Address:
    return verify_sign_in(
        text,
        signature or signed(text),
        domain="qanat.example:8000",
        origin="https://qanat.example:8000",
        chain_id=31337,
        nonce="Kq3mZ81tLw02",
        now=now,
    )


def test_the_message_we_wrote_signs_its_wallet_in() -> None:
    assert sign_in(GOOD) == WALLET
    assert read_message(GOOD).text() == GOOD


@pytest.mark.parametrize(("message", "signature"), PUBLISHED)
def test_published_signatures_are_recovered(message: SignInMessage, signature: str) -> None:
    assert signer_of(message.text(), signature) == message.address
    assert read_message(message.text()) == message
    assert signer_of(replace(message, nonce="00000000").text(), signature) != message.address


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": "evil.example"},
        {"uri": "https://evil.example"},
        {"uri": "http://qanat.example:8000"},
        {"chain_id": 1},
        {"nonce": "Kq3mZ81tLw03"},
        {"issued_at": "2026-11-22T12:03:00Z", "expiration_time": None},
        {"issued_at": "2026-11-22T11:52:59Z", "expiration_time": None},
        {"expiration_time": "2026-11-22T12:00:00Z"},
        {"not_before": "2026-11-22T12:02:01Z"},
    ],
)
def test_another_message_signs_nobody_in(changes: dict[str, object]) -> None:
    message = replace(read_message(GOOD), **changes)  # type: ignore[arg-type]  # names of its fields
    with pytest.raises(SignInRefused):
        sign_in(message.text())


@pytest.mark.parametrize(
    "signature", ["0x", "0x00", "zz", "0x" + "00" * 65, signed(GOOD, bytes.fromhex("0b" * 32))]
)
def test_a_signature_of_somebody_else_signs_nobody_in(signature: str) -> None:
    with pytest.raises(SignInRefused, match="not by"):
        sign_in(GOOD, signature)


def test_a_message_is_good_for_its_five_minutes() -> None:
    assert sign_in(GOOD, now=NOW + MESSAGE_LIFE - timedelta(seconds=1)) == WALLET
    assert sign_in(GOOD, now=NOW - CLOCK_SKEW) == WALLET
    for moment in (NOW + MESSAGE_LIFE, NOW - CLOCK_SKEW - timedelta(seconds=1)):
        with pytest.raises(SignInRefused):
            sign_in(GOOD, now=moment)


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("Version: 1", "Version: 2"),
        ("Version: 1\n", ""),
        ("Chain ID: 31337", "Chain ID: ?"),
        ("Chain ID: 31337", "Chain ID: 031337"),
        ("Nonce: Kq3mZ81tLw02", "Nonce: short12"),
        ("Nonce: Kq3mZ81tLw02", "Nonce: with-dash-in"),
        ("URI: https://qanat.example:8000\nVersion: 1", "Version: 1\nURI: https://qanat.example:8000"),
        ("URI: https", "URI: _not_a_uri_"),
        ("Issued At: 2026-11-22T12:00:00.000Z", "Issued At: Sun Nov 22 2026 12:00:00"),
        ("Issued At: 2026-11-22T12:00:00.000Z", "Issued At: 2026-02-30T12:00:00Z"),
        ("Sign in to Qanat.", "Sign in\nto Qanat."),
        ("Sign in to Qanat.", "Sign in to Qanat. \u2028"),
        ("qanat.example:8000 wants", " wants"),
        (WALLET, WALLET.lower()),
        (WALLET, ""),
        ("Expiration Time:", "Expires:"),
        ("account:\n", "account: \n"),
        ("Version: 1", "Version: 1\r"),
    ],
)
def test_a_message_that_is_not_well_formed_is_refused(line: str, instead: str) -> None:
    assert line in GOOD
    with pytest.raises(SignInRefused):
        read_message(GOOD.replace(line, instead, 1))


@pytest.mark.parametrize(
    "more", ["\n", "\nExtra: line", "\nIssued At: 2026-11-22T12:00:00Z", "\nResources:\n- x y"]
)
def test_nothing_may_follow_a_message(more: str) -> None:
    with pytest.raises(SignInRefused):
        read_message(GOOD + more)


@pytest.mark.parametrize(
    "domain", ["127.0.0.1", "127.0.0.1:8000", "localhost", "[::1]:8000", "me@qanat.example"]
)
def test_every_kind_of_authority_is_a_domain(domain: str) -> None:
    message = replace(read_message(GOOD), domain=domain, statement=None, resources=("https://a.example/b",))
    assert read_message(message.text()) == message


@given(text=st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(SignInRefused):
        read_message(text)
