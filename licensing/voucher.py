"""EIP-712 messages of the Settlement contract: vouchers, use counts and batches. Pure.

Python and Solidity hash the same ones: `contracts/vectors/eip712.json`, a test.
A voucher allows money; a use count attests uses of a `time` license and can never be read as money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from licensing.signing import BadSignature, recover
from licensing.values import Address, AssetId, LicenseId

NAME = "Qanat Settlement"
VERSION = "1"

_DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_VOUCHER = keccak(text="Voucher(uint256 licenseId,uint64 epoch,uint128 cumulative)")
_USAGE_COUNT = keccak(text="UsageCount(uint256 licenseId,uint64 epoch,uint64 calls)")
_ITEM_TYPE = "Item(uint256 licenseId,uint64 epoch,uint128 ceiling,uint128 claim,bytes32 r,bytes32 vs)"
_LINE_TYPE = "Line(uint256 assetId,uint64 weight)"
_GROUP_TYPE = "Group(uint256 assetId,Item[] items,Line[] lines)"
_ITEM = keccak(text=_ITEM_TYPE)
_LINE = keccak(text=_LINE_TYPE)
_GROUP = keccak(text=_GROUP_TYPE + _ITEM_TYPE + _LINE_TYPE)
_BATCH = keccak(
    text="Batch(bytes32 expectedHead,bytes32 usageRoot,string uri,Group[] groups)"
    + _GROUP_TYPE
    + _ITEM_TYPE
    + _LINE_TYPE
)


@dataclass(frozen=True, slots=True)
class Item:
    """One license's charges in a batch: `claim` is everything charged so far, `ceiling` what the voucher
    allows.
    """

    license_id: LicenseId
    epoch: int
    ceiling: int
    claim: int
    r: bytes
    vs: bytes

    def as_tuple(self) -> tuple[Any, ...]:
        return (self.license_id, self.epoch, self.ceiling, self.claim, self.r, self.vs)


@dataclass(frozen=True, slots=True)
class Group:
    """The charges for one asset, and how its citation pool is divided; with no lines it goes to itself."""

    asset_id: AssetId
    items: tuple[Item, ...]
    lines: tuple[tuple[AssetId, int], ...] = ()

    def as_tuple(self) -> tuple[Any, ...]:
        return (self.asset_id, [item.as_tuple() for item in self.items], list(self.lines))


@dataclass(frozen=True, slots=True)
class Domain:
    """One Settlement contract on one chain: what is signed for it counts nowhere else."""

    chain_id: int
    settlement: Address

    @property
    def separator(self) -> bytes:
        return keccak(
            encode(
                ["bytes32", "bytes32", "bytes32", "uint256", "address"],
                [_DOMAIN, keccak(text=NAME), keccak(text=VERSION), self.chain_id, self.settlement],
            )
        )


class Vouchers:
    """Hashes messages for one domain, with what repeats computed once."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self._prefix = b"\x19\x01" + domain.separator

    def voucher_digest(self, license_id: LicenseId, epoch: int, cumulative: int) -> bytes:
        """What the channel's signer signs to allow charges up to `cumulative` in all."""
        return self._digest(_words(_VOUCHER, license_id, epoch, cumulative))

    def usage_count_digest(self, license_id: LicenseId, epoch: int, calls: int) -> bytes:
        """What the license's signer signs to attest that it was used `calls` times in all."""
        return self._digest(_words(_USAGE_COUNT, license_id, epoch, calls))

    def batch_digest(
        self, expected_head: bytes, usage_root: bytes, uri: str, groups: Sequence[Group]
    ) -> bytes:
        """What the operator signs; see `ISettlement.redeem`."""
        hashed = keccak(b"".join(_hash_group(group) for group in groups))
        return self._digest(_BATCH + expected_head + usage_root + keccak(text=uri) + hashed)

    def voucher_signer(
        self, license_id: LicenseId, epoch: int, cumulative: int, signature: bytes
    ) -> Address | None:
        """Who signed a voucher; None when the signature is none."""
        try:
            return recover(self.voucher_digest(license_id, epoch, cumulative), signature)
        except BadSignature:
            return None

    def _digest(self, struct: bytes) -> bytes:
        return keccak(self._prefix + keccak(struct))


def _words(type_hash: bytes, *numbers: int) -> bytes:
    return type_hash + b"".join(number.to_bytes(32) for number in numbers)


def _hash_group(group: Group) -> bytes:
    items = b"".join(
        keccak(_words(_ITEM, item.license_id, item.epoch, item.ceiling, item.claim) + item.r + item.vs)
        for item in group.items
    )
    lines = b"".join(keccak(_words(_LINE, asset_id, weight)) for asset_id, weight in group.lines)
    return keccak(_words(_GROUP, group.asset_id) + keccak(items) + keccak(lines))
