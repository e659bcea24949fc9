"""Usage proofs: what one use was, signed by the operator and chained to the use before it. Pure.

A proof holds digests and amounts, never text. Everything in it that can be checked without asking anybody is
checked by `verify_proof`: the operator's signature over every field, the chain to the proof before it, the
holder's voucher covering the charge, the citations' root, and, once settled, its place under the batch's
root. What needs the chain (that the operator is an operator, that the batch was settled) is named, not
claimed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import is_checksum_address

from licensing.merkle import follow, leaf_hash, root_of
from licensing.signing import BadSignature, recover, sign
from licensing.values import Address
from licensing.voucher import Domain, Vouchers

SCHEMA = "qanat/usage-proof@1"
FIRST = "0x" + bytes(32).hex()
"""`previous` of the first use under a license."""
_SIGNED_PREFIX = b"\x19Qanat usage proof:\n"


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that was checked."""

    holds: bool
    words: str


def canonical(value: Any) -> bytes:
    """JSON with sorted names and no spaces, in UTF-8; numbers are integers only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def citations_root(citations: Sequence[Mapping[str, str | int | None]]) -> str:
    """The Merkle root over an answer's citations; each leaf holds its number, so their order counts."""
    return _hex(root_of([leaf_hash(canonical([n, dict(c)])) for n, c in enumerate(citations, start=1)]))


def use_hash(use: Mapping[str, Any]) -> bytes:
    """What the operator signs, what the next use names as `previous`, and the leaf of the batch."""
    return leaf_hash(_SIGNED_PREFIX + canonical(dict(use)))


def sign_use(use: Mapping[str, Any], operator_key: bytes) -> str:
    return _hex(sign(operator_key, use_hash(use)))


def proof_document(
    use: Mapping[str, Any],
    *,
    signature: str,
    citations: Sequence[Mapping[str, str | int | None]],
    voucher: Mapping[str, Any] | None,
    batch: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The file that anyone can verify.

    `voucher` is `{"kind": "voucher" | "usage_count", "total", "signature"}`; `batch`, once settled,
    `{"root", "path", "tx_hash", "settlement_id"}`.
    """
    return {
        "schema": SCHEMA,
        "use": dict(use),
        "operator_signature": signature,
        "citations": [dict(citation) for citation in citations],
        "voucher": dict(voucher) if voucher else None,
        "batch": dict(batch) if batch else None,
    }


def verify_proof(document: Mapping[str, Any]) -> list[Statement]:
    """Check everything in a proof that can be checked offline; see the module for what that is.

    The proof holds when every statement does. A document that is no proof gives one statement that says so.
    """
    try:
        return _checked(document)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        return [Statement(False, f"This is not a usage proof: {type(error).__name__} {error}.")]


def follows(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> Statement:
    """Whether one proof is the next after another under the same license."""
    use, before = later["use"], earlier["use"]
    holds = (
        use["channel"] == before["channel"]
        and use["previous"] == _hex(use_hash(before))
        and use["sequence"] == before["sequence"] + 1
        and use["cumulative"] == before["cumulative"] + use["charge"]
    )
    return Statement(
        holds, f"use {use['sequence']} continues use {before['sequence']} with nothing in between"
    )


def _checked(document: Mapping[str, Any]) -> list[Statement]:
    if document["schema"] != SCHEMA:
        return [Statement(False, f"This is not a usage proof of the kind {SCHEMA}.")]
    use = document["use"]
    charge, cumulative, sequence = _count(use["charge"]), _count(use["cumulative"]), _count(use["sequence"])
    statements = [
        Statement(
            _signed_by(use_hash(use), document["operator_signature"], use["operator"]),
            f"every field was signed by the operator {use['operator']}",
        ),
        Statement(
            charge <= _count(use["reserved"]),
            f"the charge of {charge} is within the {use['reserved']} set aside before the run",
        ),
        Statement(charge <= cumulative, f"the total charged so far, {cumulative}, includes this charge"),
        Statement(
            sequence > 1 or (use["previous"] == FIRST and cumulative == charge),
            f"it is use number {sequence} under its license, chained to {use['previous'][:10]}…",
        ),
        Statement(
            citations_root(document["citations"]) == use["citations_root"],
            f"the {len(document['citations'])} citations listed are those of the answer",
        ),
    ]
    statements += _voucher_statements(document, use, cumulative)
    statements += _batch_statements(document, use)
    return statements


def _voucher_statements(
    document: Mapping[str, Any], use: Mapping[str, Any], cumulative: int
) -> list[Statement]:
    voucher = document["voucher"]
    if voucher is None:
        free = use["kind"] in ("author", "time") and cumulative == 0
        why = "the author used their own asset" if use["kind"] == "author" else "it was paid in advance"
        return [Statement(free, f"nothing was charged ({why}), so no voucher is needed")]
    vouchers = Vouchers(Domain(_count(use["chain_id"]), _address(use["settlement"])))
    total, license_id, epoch = _count(voucher["total"]), _count(use["license_id"]), _count(use["epoch"])
    if voucher["kind"] == "voucher":
        digest = vouchers.voucher_digest(license_id, epoch, total)  # type: ignore[arg-type]  # checked just above
        covered = Statement(
            cumulative <= total and use["kind"] == "metered",
            f"the holder's voucher allows {total} in all, and {cumulative} were charged",
        )
    elif voucher["kind"] == "usage_count":
        digest = vouchers.usage_count_digest(license_id, epoch, total)  # type: ignore[arg-type]  # checked just above
        covered = Statement(
            total == use["sequence"] and cumulative == 0 and use["kind"] == "time",
            f"the holder's session attests {total} uses of a license paid in advance; nothing was charged",
        )
    else:
        return [Statement(False, f"a voucher of the kind {voucher['kind']!r} is unknown")]
    signed = _signed_by(digest, voucher["signature"], use["signer"])
    return [Statement(signed, f"it was signed by the license's signer {use['signer']}"), covered]


def _batch_statements(document: Mapping[str, Any], use: Mapping[str, Any]) -> list[Statement]:
    batch = document["batch"]
    if batch is None:
        return []
    root = follow(use_hash(use), [_bytes32(step) for step in batch["path"]])
    return [
        Statement(
            root == _bytes32(batch["root"]),
            f"it lies under the usage root {batch['root'][:10]}… that transaction {batch['tx_hash']} settled",
        )
    ]


def _signed_by(digest: bytes, signature: str, signer: str) -> bool:
    try:
        return recover(digest, bytes.fromhex(signature.removeprefix("0x"))) == signer
    except BadSignature:
        return False


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value


def _address(text: str) -> Address:
    if not is_checksum_address(text):
        raise ValueError(f"{text!r} is not an address")
    return Address(text)


def _bytes32(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError(f"{text!r} is not 32 bytes")
    return value


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
