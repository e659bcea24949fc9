"""What people do on chain, as lists of unsigned transactions: publish, offer, buy, renew, deposit, withdraw.

One description of each step serves both kinds of wallet: `wallets.py` signs it for a managed one, and the
pages hand it to a wallet of the person's own. Values that cannot work are refused here, in words, before
any gas.
"""

from collections.abc import Sequence
from typing import Any

from licensing.abi import interface
from licensing.chain import Chain
from licensing.errors import ContractsTooOld, InvalidShares, InvalidTerms, NotOffered, NotTheHolder, Unknown
from licensing.state import LicenseRecord
from licensing.values import (
    BPS,
    Address,
    AssetId,
    LicenseId,
    PreparedTransaction,
    ReceiptId,
    SeriesId,
    Share,
    Terms,
    TermsId,
    TermsKind,
    TermsOffer,
)
from licensing.view import View

_AGENT = 0
_TIME, _FULL, _METERED = 0, 1, 2
_ROLES = {"author": 0, "data": 1, "model": 2}
_MOST_HOLDERS = 32
_MOST_ANCESTORS, _MOST_ROYALTY_BPS = 4, 4000
_NO_LIMIT = 2**32 - 1
_MOST_AMOUNT = 10**15
"""A thousand million dollars: far above any price, far below what SQL counts to."""
_MOST_DURATION_S = 100 * 366 * 86400


class Market:
    """Builds transactions from what people want; reads the view, sends nothing."""

    def __init__(self, chain: Chain, view: View) -> None:
        self._chain, self._view = chain, view

    # --- authors

    def register(
        self, author: Address, shares: Sequence[Share], content_digest: str, uri: str, series: SeriesId | None
    ) -> list[PreparedTransaction]:
        """Raises `InvalidShares`, `NotTheHolder`, `Unknown`."""
        _require_shares(shares)
        if series is not None and self._author_of(series) != author:
            raise NotTheHolder("Only the author of an agent can publish a further version of it.")
        registration = _registration(shares, content_digest, uri, series)
        return [self._step("AssetRegistry", "register", registration, description="Publish the agent")]

    def fork(
        self,
        author: Address,
        license_id: LicenseId,
        parent_id: AssetId,
        shares: Sequence[Share],
        content_digest: str,
        uri: str,
    ) -> list[PreparedTransaction]:
        """Raises `InvalidShares`, `InvalidTerms`, `NotTheHolder`, `ContractsTooOld`, `Unknown`."""
        self._require_forks()
        _require_shares(shares)
        record, parent = self.held(author, license_id), self._view.head.assets.get(parent_id)
        if parent is None:
            raise Unknown("asset", parent_id)
        royalty_bps = self.terms(record.terms_id).fork_royalty_bps
        if royalty_bps is None or record.series != parent.series:
            raise InvalidTerms("This license does not allow to fork this agent.", license_id=license_id)
        if len(parent.ancestors) == _MOST_ANCESTORS:
            raise InvalidTerms(
                f"This agent is a fork of a fork already, {_MOST_ANCESTORS} deep: fork one it is made from."
            )
        if parent.royalty_bps + royalty_bps > _MOST_ROYALTY_BPS:
            raise InvalidTerms(
                f"All the works it is made from would earn {(parent.royalty_bps + royalty_bps) / 100} % of your fork "
                f"together; the most is {_MOST_ROYALTY_BPS / 100} %."
            )
        registration = _registration(shares, content_digest, uri, None)
        return [
            self._step(
                "AssetRegistry", "fork", license_id, parent_id, registration, description="Publish the fork"
            )
        ]

    def _require_forks(self) -> None:
        if self._chain.contracts_lack is not None:
            raise ContractsTooOld(self._chain.contracts_lack)

    def offer(self, author: Address, asset_id: AssetId, offer: TermsOffer) -> list[PreparedTransaction]:
        """Raises `InvalidTerms`, `NotTheHolder`, `Unknown`."""
        asset = self._view.head.assets.get(asset_id)
        if asset is None:
            raise Unknown("asset", asset_id)
        if self._author_of(asset.series) != author:
            raise NotTheHolder("Only the author of an agent can offer licenses for it.")
        _require_terms(offer)
        _require_forkable(offer)
        wanted = (
            asset_id,
            _METERED if offer.kind is TermsKind.METERED else _TIME if offer.duration_s else _FULL,
            offer.price,
            offer.duration_s or 0,
            offer.max_call_price,
            False,
            _NO_LIMIT,
        )
        if offer.fork_royalty_bps is None:
            return [self._step("Licenses", "offer", wanted, description="Offer licenses")]
        self._require_forks()
        return [
            self._step(
                "Licenses", "offerForks", wanted, offer.fork_royalty_bps, description="Offer licenses to fork"
            )
        ]

    def stop_selling(self, author: Address, terms_id: TermsId) -> list[PreparedTransaction]:
        """Raises `Unknown`, `NotTheHolder`."""
        if self._author_of(self.terms(terms_id).series) != author:
            raise NotTheHolder("Only the author of an agent can stop selling licenses for it.")
        return [self._step("Licenses", "setActive", terms_id, False, description="Stop selling")]

    # --- holders

    def buy(
        self, holder: Address, terms_id: TermsId, deposit: int, signer: Address
    ) -> list[PreparedTransaction]:
        """Raises `NotOffered`, `InvalidTerms`, `Unknown`."""
        terms = self.terms(terms_id)
        if not terms.active:
            raise NotOffered("The author no longer sells licenses under these terms. Choose another offer.")
        if terms.kind is TermsKind.TIME and deposit:
            raise InvalidTerms("A license for a period takes no deposit: its price covers every use.")
        if terms.kind is TermsKind.METERED:
            _require_amount(deposit, "deposit")
            if 0 < deposit < terms.max_call_price:
                raise InvalidTerms(
                    f"A call may cost {terms.max_call_price}: deposit at least that much.",
                    least=terms.max_call_price,
                )
        steps = self._approval(terms.price + deposit)
        if deposit:
            last = self._step(
                "Licenses",
                "buyAndOpen",
                terms_id,
                signer,
                terms.price,
                deposit,
                description="Buy the license and deposit its budget",
            )
        else:
            last = self._step(
                "Licenses", "buy", terms_id, holder, signer, terms.price, description="Buy the license"
            )
        return [*steps, last]

    def renew(self, holder: Address, license_id: LicenseId) -> list[PreparedTransaction]:
        """Raises `Unknown`, `NotTheHolder`, `NotOffered`, `InvalidTerms`."""
        terms = self.terms(self.held(holder, license_id).terms_id)
        if not terms.active:
            raise NotOffered("The author no longer sells licenses under these terms. Choose another offer.")
        if terms.duration_s is None:
            raise InvalidTerms("This license never runs out: there is nothing to renew.")
        return [
            *self._approval(terms.price),
            self._step("Licenses", "renew", license_id, description="Renew the license"),
        ]

    def top_up(self, holder: Address, license_id: LicenseId, amount: int) -> list[PreparedTransaction]:
        """Raises `Unknown`, `NotTheHolder`, `InvalidTerms`."""
        record = self._metered(holder, license_id)
        _require_amount(amount, "amount")
        if amount == 0:
            raise InvalidTerms("Add an amount above nothing.")
        if (license_id, record.epoch) in self._view.head.channels:
            last = self._step(
                "Settlement", "topUp", license_id, record.epoch, amount, description="Add to the budget"
            )
        else:
            last = self._step("Settlement", "open", license_id, amount, description="Deposit a budget")
        return [*self._approval(amount), last]

    def request_withdraw(
        self, holder: Address, license_id: LicenseId, amount: int
    ) -> list[PreparedTransaction]:
        """Raises `Unknown`, `NotTheHolder`, `InvalidTerms`."""
        record = self._metered(holder, license_id)
        _require_amount(amount, "amount")
        return [
            self._step(
                "Settlement",
                "requestWithdraw",
                license_id,
                record.epoch,
                amount,
                description="Ask the deposit back",
            )
        ]

    def withdraw(self, holder: Address, license_id: LicenseId) -> list[PreparedTransaction]:
        """Raises `Unknown`, `NotTheHolder`, `InvalidTerms`."""
        record = self._metered(holder, license_id)
        return [
            self._step("Settlement", "withdraw", license_id, record.epoch, description="Fetch the deposit")
        ]

    def claim(
        self, receipt_ids: Sequence[ReceiptId], *, pull_from: Sequence[AssetId] = ()
    ) -> list[PreparedTransaction]:
        """`pull_from` are forks that owe the receipts' assets a part of their earnings."""
        pull = [
            self._step("Settlement", "pullRoyalties", list(pull_from), description="Fetch what forks owe")
        ]
        claim = self._step("Settlement", "claim", [int(r) for r in receipt_ids], description="Claim earnings")
        return [*(pull if pull_from else []), claim]

    # --- looking up

    def terms(self, terms_id: TermsId) -> Terms:
        """Raises `Unknown`."""
        found = self._view.head.terms.get(terms_id)
        if found is None:
            raise Unknown("offer", terms_id)
        return found

    def held(self, holder: Address, license_id: LicenseId) -> LicenseRecord:
        """Raises `Unknown`, `NotTheHolder`."""
        record = self._view.head.licenses.get(license_id)
        if record is None:
            raise Unknown("license", license_id)
        if record.holder != holder:
            raise NotTheHolder("This license belongs to somebody else.", license_id=license_id)
        return record

    def _metered(self, holder: Address, license_id: LicenseId) -> LicenseRecord:
        record = self.held(holder, license_id)
        if record.kind is not TermsKind.METERED:
            raise InvalidTerms("Only a metered license has a budget.", license_id=license_id)
        return record

    def _author_of(self, series: SeriesId) -> Address:
        first = self._view.head.assets.get(AssetId(series))
        if first is None:
            raise Unknown("agent series", series)
        return first.author

    def _approval(self, amount: int) -> list[PreparedTransaction]:
        if amount == 0:
            return []
        settlement = self._chain.addresses["Settlement"]
        return [
            self._step(
                "TestCurrency", "approve", settlement, amount, description=f"Allow the payment of {amount}"
            )
        ]

    def _step(
        self, contract: str, function: str, *arguments: object, description: str
    ) -> PreparedTransaction:
        data = interface(contract).call(function, *arguments)
        return PreparedTransaction(
            to=self._chain.addresses[contract], data="0x" + data.hex(), value=0, description=description
        )


def _registration(
    shares: Sequence[Share], content_digest: str, uri: str, series: SeriesId | None
) -> tuple[Any, ...]:
    digest = bytes.fromhex(content_digest.removeprefix("0x"))
    if len(digest) != 32 or not any(digest):
        raise ValueError("content_digest is 32 bytes in hex, and not all zero")
    holders = [(share.address, share.share_bps, _ROLES[share.role]) for share in shares]
    return (_AGENT, series or 0, digest, bytes(32), uri, 0, holders, [])


def _require_shares(shares: Sequence[Share]) -> None:
    if not 1 <= len(shares) <= _MOST_HOLDERS:
        raise InvalidShares(f"Name 1 to {_MOST_HOLDERS} people who share the earnings, not {len(shares)}.")
    for share in shares:
        if share.role not in _ROLES:
            raise InvalidShares(f"A share is for {', '.join(_ROLES)}; {share.role!r} is none of these.")
        if not 1 <= share.share_bps <= BPS:
            raise InvalidShares(f"A share is between 0.01 % and 100 %, not {share.share_bps / 100} %.")
    total = sum(share.share_bps for share in shares)
    if total != BPS:
        raise InvalidShares(
            f"The shares add up to {total / 100} %. Change them until they make 100 %.", sum_bps=total
        )


def _require_terms(offer: TermsOffer) -> None:
    _require_amount(offer.price, "price")
    _require_amount(offer.max_call_price, "price of a call")
    if offer.duration_s is not None and not 60 <= offer.duration_s <= _MOST_DURATION_S:
        raise InvalidTerms("A license runs for at least a minute and at most a hundred years.")
    if offer.kind is TermsKind.METERED and offer.max_call_price == 0:
        raise InvalidTerms("Say what one call may cost at most: above nothing for a metered license.")
    if offer.kind is TermsKind.TIME and offer.max_call_price:
        raise InvalidTerms("A license for a period is paid at purchase: its calls cost nothing.")


def _require_forkable(offer: TermsOffer) -> None:
    if offer.fork_royalty_bps is None:
        return
    if offer.duration_s is not None:
        raise InvalidTerms("A license that runs out cannot allow forks: the fork would outlive it.")
    if not 0 <= offer.fork_royalty_bps <= _MOST_ROYALTY_BPS:
        raise InvalidTerms(f"A fork owes between 0 and {_MOST_ROYALTY_BPS / 100} % of what it earns.")


def _require_amount(amount: int, name: str) -> None:
    if not 0 <= amount <= _MOST_AMOUNT:
        raise InvalidTerms(f"The {name} must be between 0 and {_MOST_AMOUNT}, not {amount}.")
