"""The shapes that terms and licenses have in HTTP. Money is in the currency's smallest unit."""

from datetime import datetime

from pydantic import BaseModel, Field

from licensing.values import License, PreparedTransaction, Terms


class TermsOut(BaseModel):
    terms_id: int
    kind: str
    """`time`: pay once, ask freely until it ends. `metered`: pay by answer from a budget."""
    price: int
    """Paid at purchase."""
    duration_s: int | None
    max_call_price: int
    """What one answer costs at most, for `metered`."""

    @classmethod
    def of(cls, terms: Terms) -> "TermsOut":
        return cls(
            terms_id=terms.terms_id,
            kind=str(terms.kind),
            price=terms.price,
            duration_s=terms.duration_s,
            max_call_price=terms.max_call_price,
        )


class BudgetOut(BaseModel):
    deposited: int
    charged: int
    reserved: int
    withdrawing: int
    available: int


class LicenseOut(BaseModel):
    license_id: int
    slug: str | None
    """The agent's; `None` when its author took it away."""
    agent_name: str
    kind: str
    state: str
    """`pending`, `active`, `expired` or `frozen`."""
    expires_at: datetime | None
    budget: BudgetOut | None
    terms: TermsOut

    @classmethod
    def of(cls, license_: License, *, slug: str | None, agent_name: str) -> "LicenseOut":
        budget = license_.budget
        return cls(
            license_id=license_.license_id,
            slug=slug,
            agent_name=agent_name,
            kind=str(license_.terms.kind),
            state=str(license_.state),
            expires_at=license_.expires_at,
            budget=BudgetOut(
                deposited=budget.deposited,
                charged=budget.charged,
                reserved=budget.reserved,
                withdrawing=budget.withdrawing,
                available=budget.available,
            )
            if budget
            else None,
            terms=TermsOut.of(license_.terms),
        )


class BuyIn(BaseModel):
    terms_id: int
    deposit: int = Field(0, ge=0)
    """The budget to begin with, for `metered`."""


class TopUpIn(BaseModel):
    amount: int = Field(gt=0)


class TransactionOut(BaseModel):
    to: str
    data: str
    value: int
    description: str

    @classmethod
    def of(cls, transaction: PreparedTransaction) -> "TransactionOut":
        return cls(
            to=transaction.to,
            data=transaction.data,
            value=transaction.value,
            description=transaction.description,
        )


class PreparedOut(BaseModel):
    transactions: list[TransactionOut]
    """For the person's own wallet to sign and send, in this order."""
