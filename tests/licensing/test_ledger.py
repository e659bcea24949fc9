"""One use and its money: nothing served unreserved, nothing charged twice, nothing beyond the deposit."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from licensing.errors import (
    BudgetExhausted,
    KeyReused,
    NotPermitted,
    ReservationGone,
    VoucherAboveDeposit,
    VoucherNeeded,
    VoucherReplayed,
    WrongSignature,
)
from licensing.proof import follows, verify_proof
from licensing.service import Licensing
from licensing.signing import address_of, new_signing_key, sign
from licensing.tables import ledger
from licensing.values import Address, LicenseId, Reservation, SignedVoucher
from tests.licensing.world import (
    DIGEST,
    MovableClock,
    Sold,
    a_rich_wallet,
    a_sale,
    a_use,
    an_asset,
    an_offer,
    use_once,
)


async def reserve(licensing: Licensing, sold: Sold, key: str, **options: object) -> Reservation:
    permission = licensing.check(sold.holder, sold.asset.asset_id)
    options = {"idempotency_key": key, "request_digest": DIGEST, **options}
    return await licensing.reserve(permission, **options)  # type: ignore[arg-type]  # its own options


async def budget(licensing: Licensing, sold: Sold) -> tuple[int, int, int]:
    found = (await licensing.get_license(sold.license.license_id)).budget
    assert found is not None
    return found.charged, found.reserved, found.available


async def test_fifty_calls_at_once_never_pass_the_budget(licensing: Licensing) -> None:
    sold = await a_sale(licensing, deposit=105_000)
    tries = await asyncio.gather(
        *(reserve(licensing, sold, f"call {n}") for n in range(50)), return_exceptions=True
    )
    granted = [one for one in tries if isinstance(one, Reservation)]
    refused = [one for one in tries if isinstance(one, BudgetExhausted)]
    assert (len(granted), len(refused)) == (10, 40)
    assert await budget(licensing, sold) == (0, 100_000, 5_000)
    assert refused[0].facts["available"] == 5_000
    assert refused[0].offers


async def test_the_same_idempotency_key_is_one_charge(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    first = await reserve(licensing, sold, "same")
    in_flight = await reserve(licensing, sold, "same")
    assert (in_flight.reservation_id, in_flight.repeated, in_flight.state) == (
        first.reservation_id,
        True,
        "reserved",
    )
    charges = []
    for _ in range(2):
        async with licensing._database.writing() as connection:
            charges.append(await licensing.charge(connection, first.reservation_id, a_use(4_000)))
    assert charges[0] == charges[1]
    done = await reserve(licensing, sold, "same")
    assert (done.state, done.charge, done.proof_id) == ("charged", 4_000, charges[0].proof_id)
    assert await budget(licensing, sold) == (4_000, 0, 996_000)
    with pytest.raises(KeyReused):
        await reserve(licensing, sold, "same", request_digest="ef" * 32)


async def test_a_stored_answer_is_found_though_the_budget_is_gone(licensing: Licensing) -> None:
    sold = await a_sale(licensing, deposit=10_000)
    permission = licensing.check(sold.holder, sold.asset.asset_id)
    await use_once(licensing, sold, "all of it")
    with pytest.raises(BudgetExhausted):
        await reserve(licensing, sold, "one more")
    again = await licensing.reserve(permission, idempotency_key="all of it", request_digest=DIGEST)
    assert again.repeated
    assert again.charge == 10_000


async def test_what_was_given_back_can_be_reserved_again(licensing: Licensing) -> None:
    sold = await a_sale(licensing, deposit=10_000)
    first = await reserve(licensing, sold, "a run that failed")
    for _ in range(2):
        await licensing.release(first.reservation_id)
    assert await budget(licensing, sold) == (0, 0, 10_000)
    async with licensing._database.writing() as connection:
        with pytest.raises(ReservationGone):
            await licensing.charge(connection, first.reservation_id, a_use())
    retried = await reserve(licensing, sold, "a run that failed")
    assert not retried.repeated
    async with licensing._database.writing() as connection:
        await licensing.charge(connection, retried.reservation_id, a_use())
    await licensing.release(retried.reservation_id)
    assert await budget(licensing, sold) == (10_000, 0, 0)


async def test_a_reservation_nobody_finished_runs_out(licensing: Licensing, clock: MovableClock) -> None:
    sold = await a_sale(licensing, deposit=10_000)
    await reserve(licensing, sold, "lost in a crash")
    with pytest.raises(BudgetExhausted):
        await reserve(licensing, sold, "next")
    clock.advance(901)
    await licensing._indexer.step()
    assert (await reserve(licensing, sold, "next")).state == "reserved"


async def test_a_charge_and_what_the_caller_writes_stand_or_fall_together(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    reservation = await reserve(licensing, sold, "crashed")

    async def a_run_whose_row_cannot_be_written() -> None:
        async with licensing._database.writing() as connection:
            await licensing.charge(connection, reservation.reservation_id, a_use())
            raise RuntimeError("the run row could not be written")

    with pytest.raises(RuntimeError):
        await a_run_whose_row_cannot_be_written()
    assert await budget(licensing, sold) == (0, 10_000, 990_000)


async def test_no_charge_passes_its_reservation(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    reservation = await reserve(licensing, sold, "dear", max_charge=500)
    for amount in (501, -1):
        async with licensing._database.writing() as connection:
            with pytest.raises(ValueError, match="500 were reserved"):
                await licensing.charge(connection, reservation.reservation_id, a_use(amount))
    with pytest.raises(ValueError, match="costs 0 to 10000"):
        await reserve(licensing, sold, "dearer", max_charge=10_001)


async def test_uses_of_a_paid_period_cost_nothing_and_are_attested(licensing: Licensing) -> None:
    sold = await a_sale(licensing, an_offer("time"))
    proofs = [await licensing.proof(await use_once(licensing, sold, f"use {n}")) for n in range(3)]
    assert [proof["use"]["charge"] for proof in proofs] == [0, 0, 0]
    assert [proof["voucher"]["total"] for proof in proofs] == [1, 2, 3]
    for proof in proofs:
        assert [s.words for s in verify_proof(proof) if not s.holds] == []
    assert follows(proofs[2], proofs[1]).holds


async def test_authors_use_their_own_asset_for_nothing(licensing: Licensing) -> None:
    asset = await an_asset(licensing)
    permission = licensing.check(asset.author, asset.asset_id)
    assert (permission.kind, permission.max_charge) == ("author", 0)
    reservation = await licensing.reserve(permission, idempotency_key="mine", request_digest=DIGEST)
    async with licensing._database.writing() as connection:
        charge = await licensing.charge(connection, reservation.reservation_id, a_use(5))
    assert charge.charge == 0
    proof = await licensing.proof(charge.proof_id)
    assert [s.words for s in verify_proof(proof) if not s.holds] == []


# --- vouchers that holders sign themselves


async def a_sale_with_own_key(licensing: Licensing) -> tuple[Sold, bytes]:
    """A license whose vouchers only the holder can sign."""
    key = new_signing_key()
    asset = await an_asset(licensing)
    terms = await licensing.offer_terms(author=asset.author, asset_id=asset.asset_id, offer=an_offer())
    holder = await a_rich_wallet(licensing)
    steps = await licensing.prepare_buy(
        holder=holder, terms_id=terms.terms_id, deposit=50_000, signer=address_of(key)
    )
    await licensing._followed(await licensing._wallets.act(holder, steps))
    [bought] = await licensing.list_licenses(holder)
    assert not bought.signer_is_ours
    return Sold(asset, terms, bought, holder), key


def a_voucher(
    licensing: Licensing, sold: Sold, key: bytes, total: int, *, license_id: int | None = None, epoch: int = 0
) -> SignedVoucher:
    signed_for = LicenseId(license_id or sold.license.license_id)
    digest = licensing._ledger._vouchers.voucher_digest(signed_for, epoch, total)
    return SignedVoucher(signed_for, epoch, total, "0x" + sign(key, digest).hex())


async def test_a_holders_own_voucher_pays_for_calls(licensing: Licensing) -> None:
    sold, key = await a_sale_with_own_key(licensing)
    with pytest.raises(VoucherNeeded) as needed:
        await reserve(licensing, sold, "unsigned")
    assert (needed.value.facts["ceiling"], needed.value.facts["signer"]) == (10_000, address_of(key))
    assert await budget(licensing, sold) == (0, 0, 50_000)

    first = await reserve(licensing, sold, "1", voucher=a_voucher(licensing, sold, key, 20_000))
    await reserve(licensing, sold, "covered by what is signed")
    async with licensing._database.writing() as connection:
        charge = await licensing.charge(connection, first.reservation_id, a_use(9_999))
    proof = await licensing.proof(charge.proof_id)
    assert proof["voucher"]["total"] == 20_000
    assert [s.words for s in verify_proof(proof) if not s.holds] == []
    [settlement] = await licensing.settle()
    assert settlement.amount == 9_999


async def test_a_voucher_with_a_wrong_signature_is_refused(licensing: Licensing) -> None:
    sold, key = await a_sale_with_own_key(licensing)
    good = a_voucher(licensing, sold, key, 20_000)
    wrong = [
        a_voucher(licensing, sold, new_signing_key(), 20_000),
        replace(good, cumulative=20_001),
        replace(good, license_id=LicenseId(99)),
        replace(good, epoch=1),
        a_voucher(licensing, sold, key, 20_000, epoch=1),
        a_voucher(licensing, sold, key, 20_000, license_id=99),
        replace(good, signature="0x00"),
        replace(good, signature="no hex"),
        replace(good, cumulative=-1),
        replace(good, cumulative=2**200),
    ]
    for voucher in wrong:
        with pytest.raises(WrongSignature):
            await reserve(licensing, sold, "forged", voucher=voucher)
    assert await budget(licensing, sold) == (0, 0, 50_000)


async def test_a_replayed_voucher_is_refused(licensing: Licensing) -> None:
    sold, key = await a_sale_with_own_key(licensing)
    voucher = a_voucher(licensing, sold, key, 10_000)
    tries = await asyncio.gather(
        *(reserve(licensing, sold, f"replay {n}", voucher=voucher) for n in range(20)), return_exceptions=True
    )
    assert sum(isinstance(one, Reservation) for one in tries) == 1
    assert sum(isinstance(one, VoucherReplayed) for one in tries) == 19
    with pytest.raises(VoucherReplayed):
        await reserve(licensing, sold, "older", voucher=a_voucher(licensing, sold, key, 9_000))
    assert await budget(licensing, sold) == (0, 10_000, 40_000)


async def test_a_voucher_above_the_deposit_or_below_the_need_is_refused(licensing: Licensing) -> None:
    sold, key = await a_sale_with_own_key(licensing)
    with pytest.raises(VoucherAboveDeposit):
        await reserve(licensing, sold, "too much", voucher=a_voucher(licensing, sold, key, 50_001))
    with pytest.raises(VoucherNeeded) as needed:
        await reserve(licensing, sold, "too little", voucher=a_voucher(licensing, sold, key, 9_999))
    assert needed.value.facts["ceiling"] == 10_000


# --- random histories


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["reserve", "charge", "release"]), st.integers(0, 5), st.integers(0, 10_000)
        ),
        max_size=25,
    )
)
async def test_any_history_keeps_the_books_straight(
    licensing: Licensing, steps: list[tuple[str, int, int]]
) -> None:
    """charged + reserved never passes the deposit, and every posting of the ledger adds up to nothing."""
    sold = await _one_sale(licensing)
    spent, held, open_calls = 0, 0, dict[int, tuple[Reservation, int]]()
    start, *_ = await budget(licensing, sold)
    for number, (action, slot, amount) in enumerate(steps):
        if action == "reserve" and slot not in open_calls:
            key = f"{id(steps)}/{number}"
            try:
                open_calls[slot] = (await reserve(licensing, sold, key, max_charge=amount), amount)
                held += amount
            except BudgetExhausted:
                assert start + spent + held + amount > 100_000
        elif action == "charge" and slot in open_calls:
            reservation, most = open_calls.pop(slot)
            async with licensing._database.writing() as connection:
                await licensing.charge(connection, reservation.reservation_id, a_use(min(amount, most)))
            spent, held = spent + min(amount, most), held - most
        elif action == "release" and slot in open_calls:
            reservation, most = open_calls.pop(slot)
            await licensing.release(reservation.reservation_id)
            held -= most
        charged, reserved, _ = await budget(licensing, sold)
        assert (charged, reserved) == (start + spent, held)
        assert charged + reserved <= 100_000
    for reservation, _most in open_calls.values():
        await licensing.release(reservation.reservation_id)
    async with licensing._database.reading() as connection:
        sums = await connection.execute(
            select(ledger.c.posting, func.sum(ledger.c.amount)).group_by(ledger.c.posting)
        )
        assert all(total == 0 for _, total in sums)


_sales: dict[int, Sold] = {}


async def _one_sale(licensing: Licensing) -> Sold:
    """The histories of one test share a sale: buying anew for each would take most of the time."""
    if id(licensing) not in _sales:
        _sales[id(licensing)] = await a_sale(licensing, deposit=100_000)
    return _sales[id(licensing)]


async def test_nobody_uses_the_license_of_somebody_else(licensing: Licensing) -> None:
    sold = await a_sale(licensing)
    stranger = Address(address_of(new_signing_key()))
    permission = licensing.check(sold.holder, sold.asset.asset_id)
    with pytest.raises(NotPermitted):
        await licensing.reserve(
            replace(permission, holder=stranger), idempotency_key="theirs", request_digest=DIGEST
        )
