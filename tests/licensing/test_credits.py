"""Credits: what is charged is credited, to the last unit, however it is split."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.credit import CARRY, FEE, credits_of
from licensing.state import earned_of, fee_of
from licensing.values import AssetId, ReceiptId

amounts = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)


@st.composite
def shares(draw: st.DrawFn) -> dict[ReceiptId, int]:
    """1 to 32 shares that add up to 10000."""
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), max_size=31)))
    edges = [0, *cuts, 10_000]
    return {ReceiptId(str(i)): b - a for i, (a, b) in enumerate(itertools.pairwise(edges))}


@given(gross=st.integers(0, 10**15), amount=st.integers(0, 10**12), split=shares())
def test_crediting_neither_creates_nor_loses_anything(
    gross: int, amount: int, split: dict[ReceiptId, int]
) -> None:
    gains = credits_of(gross, amount, split)
    assert sum(gains.values()) == amount
    assert all(gain > 0 for account, gain in gains.items() if account != CARRY)


@given(charges=amounts, split=shares())
def test_many_small_charges_pay_what_one_large_one_pays(
    charges: list[int], split: dict[ReceiptId, int]
) -> None:
    gross, totals = 0, dict.fromkeys((FEE, CARRY, *(f"receipt:{r}" for r in split)), 0)
    for charge in charges:
        for account, gain in credits_of(gross, charge, split).items():
            totals[account] += gain
        gross += charge
    assert totals[FEE] == fee_of(gross)
    assert all(totals[f"receipt:{r}"] == earned_of(gross, bps) for r, bps in split.items())
    assert 0 <= totals[CARRY] <= len(split)


@pytest.mark.parametrize(("gross", "amount", "bps"), [(0, -1, 10_000), (-1, 1, 10_000), (0, 1, 9_999)])
def test_a_credit_that_cannot_be_is_refused(gross: int, amount: int, bps: int) -> None:
    with pytest.raises(ValueError, match=r"negative|10000"):
        credits_of(gross, amount, {ReceiptId("0"): bps})


@given(
    gross=st.integers(0, 10**12),
    amount=st.integers(0, 10**6),
    royalties=st.lists(st.integers(0, 1_000), min_size=1, max_size=4),
    split=shares(),
)
def test_forks_credit_their_ancestors_and_nobody_ever_earns_less_by_it(
    gross: int, amount: int, royalties: list[int], split: dict[ReceiptId, int]
) -> None:
    owed = {AssetId(i + 1): bps for i, bps in enumerate(royalties)}
    gains = credits_of(gross, amount, split, owed)
    assert sum(gains.values()) == amount
    assert all(gain > 0 for account, gain in gains.items() if account != CARRY)
    whole = credits_of(0, gross + amount, split, owed)
    assert 0 <= whole.get(CARRY, 0) <= len(split) + len(owed)
