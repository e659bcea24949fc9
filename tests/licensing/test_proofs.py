"""A usage proof can be checked by anyone, and nothing in it can be changed unseen."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.merkle import EMPTY, follow, leaf_hash, path_of, root_of
from licensing.proof import (
    FIRST,
    citations_root,
    follows,
    proof_document,
    sign_use,
    use_hash,
    verify_proof,
)
from licensing.signing import address_of, new_signing_key, sign
from licensing.values import LicenseId
from licensing.voucher import Domain, Vouchers

OPERATOR, SESSION = new_signing_key(), new_signing_key()
DOMAIN = Domain(31337, address_of(new_signing_key()))
CITATIONS: list[dict[str, str | int | None]] = [
    {"document_id": "d1", "start": 0, "end": 11, "quote_sha256": "ab" * 32},
    {"document_id": "d2", "start": 5, "end": 9, "quote_sha256": "cd" * 32},
]


def a_proof(
    *, sequence: int = 1, charge: int = 700, cumulative: int = 700, previous: str = FIRST
) -> dict[str, Any]:
    use = {
        "proof_id": f"proof{sequence}",
        "chain_id": DOMAIN.chain_id,
        "settlement": DOMAIN.settlement,
        "operator": address_of(OPERATOR),
        "holder": address_of(new_signing_key()),
        "asset_id": 3,
        "kind": "metered",
        "channel": "license/7/0",
        "license_id": 7,
        "epoch": 0,
        "signer": address_of(SESSION),
        "sequence": sequence,
        "previous": previous,
        "reserved": 1_000,
        "charge": charge,
        "cumulative": cumulative,
        "request_digest": "ab" * 32,
        "answer_digest": "cd" * 32,
        "citations_root": citations_root(CITATIONS),
        "usage": {"prompt_tokens": 12},
        "checked_at_block": {"number": 5, "hash": "0x05"},
        "stale": False,
        "at": "2026-11-22T12:00:00+00:00",
    }
    digest = Vouchers(DOMAIN).voucher_digest(LicenseId(7), 0, 10_000)
    leaf = use_hash(use)
    others = [leaf_hash(bytes([n])) for n in range(4)]
    leaves = [*others[:2], leaf, *others[2:]]
    return proof_document(
        use,
        signature=sign_use(use, OPERATOR),
        citations=CITATIONS,
        voucher={"kind": "voucher", "total": 10_000, "signature": "0x" + sign(SESSION, digest).hex()},
        batch={
            "root": "0x" + root_of(leaves).hex(),
            "path": ["0x" + step.hex() for step in path_of(leaves, 2)],
            "tx_hash": "0x12",
            "settlement_id": "s",
        },
    )


def holds(document: dict[str, Any]) -> bool:
    return all(statement.holds for statement in verify_proof(document))


def test_a_true_proof_holds_in_every_statement() -> None:
    statements = verify_proof(a_proof())
    assert [s.words for s in statements if not s.holds] == []
    assert len(statements) == 8


@pytest.mark.parametrize("field", list(a_proof()["use"]))
def test_no_field_can_be_changed_unseen(field: str) -> None:
    document = a_proof()
    value = document["use"][field]
    changed = value + 1 if type(value) is int else not value if value is False else f"{value}0"
    document["use"][field] = changed
    assert not holds(document)


@pytest.mark.parametrize("part", ["operator_signature", "citations", "voucher", "batch"])
def test_no_part_can_be_left_out_or_swapped(part: str) -> None:
    document = a_proof()
    if part == "operator_signature":
        document[part] = sign_use(document["use"], SESSION)
    elif part == "citations":
        document[part] = document[part][::-1]
    elif part == "voucher":
        document[part] = {**document[part], "total": document[part]["total"] + 1}
    else:
        document[part] = {**document[part], "path": document[part]["path"][1:]}
    assert not holds(document)
    if part in ("operator_signature", "voucher"):
        assert not holds({**a_proof(), part: None})


def test_a_charge_above_the_voucher_does_not_hold() -> None:
    assert not holds(a_proof(sequence=2, cumulative=10_001, previous="0x" + "11" * 32))


def test_a_charge_above_the_reservation_does_not_hold() -> None:
    assert not holds(a_proof(charge=1_001, cumulative=1_001))


def test_a_gap_between_two_proofs_is_seen() -> None:
    first = a_proof()
    link = "0x" + use_hash(first["use"]).hex()
    second = a_proof(sequence=2, charge=5, cumulative=705, previous=link)
    assert follows(second, first).holds
    assert not follows(a_proof(sequence=3, charge=5, cumulative=705, previous=link), first).holds
    assert not follows(a_proof(sequence=2, charge=5, cumulative=706, previous=link), first).holds
    assert not follows(second, a_proof(charge=699, cumulative=699)).holds


@pytest.mark.parametrize(
    "document",
    [{}, {"schema": "other"}, {"schema": "qanat/usage-proof@1", "use": 5}, {**a_proof(), "use": {}}],
)
def test_what_is_no_proof_is_said_to_be_none(document: dict[str, Any]) -> None:
    [statement] = verify_proof(copy.deepcopy(document))
    assert not statement.holds
    assert "not a usage proof" in statement.words


@given(contents=st.lists(st.binary(max_size=8), max_size=40, unique=True), data=st.data())
def test_every_leaf_leads_to_the_root_and_no_other_does(contents: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(content) for content in contents]
    root = root_of(leaves)
    if not leaves:
        assert root == EMPTY
        return
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = path_of(leaves, index)
    assert follow(leaves[index], path) == root
    assert follow(leaf_hash(b"something else"), path) != root
