"""What is signed here is what the contracts, and any other implementation, check."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from licensing.signing import BadSignature, address_of, compact, new_signing_key, recover, sign
from licensing.transactions import Draft, signed_bytes
from licensing.values import Address, AssetId, LicenseId
from licensing.voucher import Domain, Group, Item, Vouchers

VECTORS: dict[str, Any] = json.loads(Path("licensing/contracts/vectors/eip712.json").read_text())
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
numbers = st.integers(0, 2**64 - 1)


def vouchers() -> Vouchers:
    domain = VECTORS["domain"]
    return Vouchers(Domain(domain["chainId"], Address(domain["verifyingContract"])))


@pytest.mark.parametrize("vector", VECTORS["vouchers"])
def test_python_and_solidity_agree_on_every_voucher(vector: dict[str, str]) -> None:
    license_id, epoch, total = (
        LicenseId(int(vector["licenseId"])),
        int(vector["epoch"]),
        int(vector["cumulative"]),
    )
    digest = vouchers().voucher_digest(license_id, epoch, total)
    signature = bytes.fromhex(vector["signature"][2:])
    assert "0x" + digest.hex() == vector["digest"]
    assert recover(digest, signature) == vector["signer"]
    assert tuple("0x" + part.hex() for part in compact(signature)) == (vector["r"], vector["vs"])


@pytest.mark.parametrize("vector", VECTORS["batches"])
def test_python_and_solidity_agree_on_every_batch(vector: dict[str, Any]) -> None:
    groups = [
        Group(
            AssetId(int(group["assetId"])),
            tuple(
                Item(
                    LicenseId(int(item["licenseId"])),
                    int(item["epoch"]),
                    int(item["ceiling"]),
                    int(item["claim"]),
                    bytes.fromhex(item["r"][2:]),
                    bytes.fromhex(item["vs"][2:]),
                )
                for item in group["items"]
            ),
            tuple((AssetId(int(line["assetId"])), int(line["weight"])) for line in group["lines"]),
        )
        for group in vector["groups"]
    ]
    digest = vouchers().batch_digest(
        bytes.fromhex(vector["expectedHead"][2:]),
        bytes.fromhex(vector["usageRoot"][2:]),
        vector["uri"],
        groups,
    )
    assert "0x" + digest.hex() == vector["digest"]


@given(license_id=numbers, epoch=numbers, total=numbers, change=st.integers(1, 1000))
def test_a_voucher_for_anything_else_has_another_signer(
    license_id: int, epoch: int, total: int, change: int
) -> None:
    key = new_signing_key()
    made = vouchers()
    signature = sign(key, made.voucher_digest(LicenseId(license_id), epoch, total))
    assert made.voucher_signer(LicenseId(license_id), epoch, total, signature) == address_of(key)
    for other in (
        (license_id + change, epoch, total),
        (license_id, epoch + change, total),
        (license_id, epoch, total + change),
    ):
        assert made.voucher_signer(LicenseId(other[0]), other[1], other[2], signature) != address_of(key)
    elsewhere = Vouchers(Domain(1, made.domain.settlement))
    assert elsewhere.voucher_signer(LicenseId(license_id), epoch, total, signature) != address_of(key)


def test_a_count_of_uses_can_never_be_read_as_money() -> None:
    made = vouchers()
    assert made.usage_count_digest(LicenseId(1), 0, 5) != made.voucher_digest(LicenseId(1), 0, 5)


def test_one_signature_has_one_spelling() -> None:
    digest = bytes(range(32))
    signature = sign(new_signing_key(), digest)
    s = int.from_bytes(signature[32:64])
    twisted = signature[:32] + (ORDER - s).to_bytes(32) + bytes([55 - signature[64]])
    with pytest.raises(BadSignature, match="upper half"):
        recover(digest, twisted)


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), b"\xff" * 65, bytes(64) + b"\x1d"])
def test_what_is_no_signature_is_said_to_be_none(signature: bytes) -> None:
    with pytest.raises(BadSignature):
        recover(bytes(32), signature)


@given(
    nonce=numbers,
    gas=st.integers(21_000, 2**24),
    fee=numbers,
    value=st.integers(0, 2**90),
    data=st.binary(max_size=300),
    creates=st.booleans(),
)
def test_transactions_are_encoded_as_everybody_else_encodes_them(
    nonce: int, gas: int, fee: int, value: int, data: bytes, creates: bool
) -> None:
    key = new_signing_key()
    to = None if creates else address_of(new_signing_key())
    draft = Draft(address_of(key), to, data, value, gas, fee, fee // 2, 0, "test")
    theirs = Account.from_key(key).sign_transaction(
        {
            "type": 2,
            "chainId": 31337,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": fee,
            "maxPriorityFeePerGas": fee // 2,
            "value": value,
            "data": data,
            **({"to": to} if to else {}),
        }
    )
    ours = signed_bytes(draft, chain_id=31337, nonce=nonce, key=key)
    assert Account.recover_transaction(ours) == address_of(key)
    assert ours == bytes(theirs.raw_transaction)
