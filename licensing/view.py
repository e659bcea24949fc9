"""The license check: who may use what, decided in memory by facts that the chain confirmed.

Facts that grant (bought, renewed, deposited) count only once confirmed; facts that deny (sold on, frozen,
withdrawn) count as soon as they are seen in any block: valid = valid when confirmed and still valid at the
head. On a chain that confirms at once both are the same state. A head that stops moving ends all of it: see
`freshness`.

Holds no connection and waits for nothing: the indexer moves it, everybody reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from licensing.abi import Event
from licensing.errors import (
    BudgetExhausted,
    ChainUnavailable,
    LicenseExpired,
    LicenseFrozen,
    LicenseMissing,
    LicensePending,
    Unknown,
)
from licensing.ports import Clock
from licensing.state import LicenseRecord, State
from licensing.values import (
    Address,
    Asset,
    AssetId,
    Block,
    Freshness,
    Limits,
    Permission,
    SeriesId,
    Terms,
    TermsKind,
)


@dataclass(frozen=True, slots=True)
class OverlayBlock:
    """A block that may still vanish."""

    block: Block
    events: tuple[Event, ...]


class View:
    """A snapshot of the chain that moves forward block by block, and back when blocks vanish."""

    def __init__(self, clock: Clock, limits: Limits, *, confirmations: int) -> None:
        self._clock, self._limits, self._confirmations = clock, limits, confirmations
        self.final = State(Block(-1, "0x", 0))
        self.overlay: list[OverlayBlock] = []
        self.head = self.final
        self.confirmed = self.final
        self.last_sign_at = 0.0
        """When the chain last showed life, unix seconds; 0 before it ever did."""
        self.problem: str | None = "the chain was not reached yet"

    # --- moved by the indexer

    def extend(self, blocks: Sequence[OverlayBlock]) -> None:
        """New blocks on top of the head, oldest first."""
        if not self.overlay:
            self.head = self.final.copy()
        for addition in blocks:
            self.overlay.append(addition)
            _advance(self.head, addition)
        self._confirm()

    def drop_after(self, number: int) -> None:
        """Blocks above `number` are gone: fold what is left again from the final state."""
        self.overlay = [entry for entry in self.overlay if entry.block.number <= number]
        self.head = self._folded(len(self.overlay))
        self._confirm()

    def finalize(self, number: int) -> None:
        """Blocks up to `number` can no longer vanish."""
        while self.overlay and self.overlay[0].block.number <= number:
            _advance(self.final, self.overlay.pop(0))
        if not self.overlay:
            self.head = self.final
            self._confirm()

    def load_final(self, block: Block, events: Sequence[Event]) -> None:
        """Everything final that is known when we start."""
        for event in events:
            self.final.apply(event)
        self.final.block = block
        self.overlay, self.head, self.confirmed = [], self.final, self.final

    def alive(self, at: float | None = None) -> None:
        """The chain showed life now, or at a moment in the past."""
        now = self._clock.now().timestamp()
        self.last_sign_at, self.problem = now if at is None else min(at, now), None

    def silent(self, problem: str) -> None:
        """The chain showed no life when asked; why, in words."""
        self.problem = problem

    def _confirm(self) -> None:
        if self._confirmations == 0:
            self.confirmed = self.head
            return
        settled = self.head.block.number - self._confirmations
        self.confirmed = self._folded(sum(entry.block.number <= settled for entry in self.overlay))

    def _folded(self, count: int) -> State:
        if count == 0:
            return self.final
        state = self.final.copy()
        for entry in self.overlay[:count]:
            _advance(state, entry)
        return state

    # --- read by everybody

    def age_s(self) -> float:
        """Seconds since the chain last showed life."""
        return max(0.0, self._clock.now().timestamp() - self.last_sign_at)

    def freshness(self) -> Freshness:
        age = self.age_s()
        if age <= self._limits.soft_age_s:
            return Freshness.FRESH
        return Freshness.STALE if age <= self._limits.hard_age_s else Freshness.LOST

    def check(self, holder: Address, asset_id: AssetId) -> Permission:
        """See `service.Licensing.check`."""
        head, clock = self.head, self._clock.now().timestamp()
        age = clock - self.last_sign_at
        if age <= self._limits.soft_age_s:
            freshness = Freshness.FRESH
        elif age <= self._limits.hard_age_s:
            freshness = Freshness.STALE
        else:
            raise ChainUnavailable(self.problem or "no new block for too long")
        asset = head.assets.get(asset_id)
        if asset is None:
            raise Unknown("asset", asset_id)
        if asset.frozen:
            raise LicenseFrozen(
                "This agent was taken down and cannot be used. Choose another one.", asset_id=asset_id
            )
        if asset.author == holder:
            return Permission(holder, asset_id, "author", None, 0, freshness, head.block)
        now = max(head.block.timestamp, clock)
        best: LicenseRecord | None = None
        for license_id in head.held.get((holder, asset.series), ()):
            record = head.licenses[license_id]
            if self._refusal(record, now) is not None:
                continue
            if best is None or (best.kind is TermsKind.METERED and record.kind is TermsKind.TIME):
                best = record
        if best is None:
            raise self._why_not(holder, asset, now)
        return Permission(
            holder, asset_id, best.kind.value, best.license_id, best.max_call_price, freshness, head.block
        )

    def usable_deposit(self, record: LicenseRecord) -> int:
        """The highest total that may be charged to a license: deposits when confirmed, withdrawals at
        once.
        """
        key = (record.license_id, record.epoch)
        confirmed, head = self.confirmed.channels.get(key), self.head.channels.get(key)
        return min(confirmed.usable, head.usable) if confirmed and head else 0

    def offers(self, series: SeriesId) -> list[Terms]:
        """Terms on sale, oldest first."""
        head = self.head
        return [head.terms[t] for t in head.terms_of.get(series, ()) if head.terms[t].active]

    def pending(self, record: LicenseRecord) -> bool:
        """Bought, and not confirmed yet."""
        return record.license_id not in self.confirmed.licenses

    def has_expired(self, record: LicenseRecord) -> bool:
        return self._now() >= record.expires_at

    def _now(self) -> float:
        return max(self.head.block.timestamp, self._clock.now().timestamp())

    def _refusal(self, record: LicenseRecord, now: float) -> str | None:
        confirmed = self.confirmed.licenses.get(record.license_id)
        if confirmed is None or confirmed.holder != record.holder:
            return "pending"
        if now >= confirmed.expires_at:
            return "pending" if now < record.expires_at else "expired"
        if record.kind is TermsKind.METERED and self.usable_deposit(record) == 0:
            return "no budget"
        return None

    def _why_not(self, holder: Address, asset: Asset, now: float) -> Exception:
        offers = [terms.facts() for terms in self.offers(asset.series)]
        known: dict[str, Any] = {"asset_id": asset.asset_id, "holder": holder}
        held = [self.head.licenses[i] for i in self.head.held.get((holder, asset.series), ())]
        if not held:
            return LicenseMissing(
                "You hold no license for this agent. Choose an offer to use it.", offers=offers, **known
            )
        reasons = {self._refusal(record, now): record for record in held}
        if "pending" in reasons:
            return LicensePending(
                "Your license was bought and is being confirmed by the chain. Try again in a moment.",
                license_id=reasons["pending"].license_id,
                **known,
            )
        if "no budget" in reasons:
            return BudgetExhausted(
                "Your license has no budget left. Top it up to go on.",
                offers=offers,
                license_id=reasons["no budget"].license_id,
                available=0,
                **known,
            )
        expired = max(held, key=lambda record: record.expires_at)
        return LicenseExpired(
            "Your license has run out. Renew it or choose an offer.",
            offers=offers,
            license_id=expired.license_id,
            expired_at=expired.expires_at,
            **known,
        )


def _advance(state: State, entry: OverlayBlock) -> None:
    for event in entry.events:
        state.apply(event)
    state.block = entry.block
