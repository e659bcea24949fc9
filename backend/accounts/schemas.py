"""The shapes that accounts have in HTTP."""

from pydantic import BaseModel, Field

from backend.accounts.store import User


class UserOut(BaseModel):
    id: str
    name: str
    email: str | None
    address: str
    wallet: str
    is_operator: bool

    @classmethod
    def of(cls, user: User) -> "UserOut":
        return cls(
            id=user.id,
            name=user.name,
            email=user.email,
            address=user.address,
            wallet=user.wallet,
            is_operator=user.is_operator,
        )


class Currency(BaseModel):
    symbol: str
    decimals: int


class ChainOut(BaseModel):
    chain_id: int
    local: bool
    """A test chain on this machine: its currency is worth nothing and can be had from the faucet."""
    currency: Currency
    contracts: dict[str, str]


class ModelsOut(BaseModel):
    llm: str
    embedder: str


class SessionOut(BaseModel):
    user: UserOut | None
    setup_needed: bool
    """The first user has not signed in yet: open the link that the server printed."""
    chain: ChainOut
    models: ModelsOut


class RegisterIn(BaseModel):
    email: str
    password: str
    name: str = Field(min_length=1, max_length=120)


class LoginIn(BaseModel):
    email: str
    password: str


class ClaimIn(BaseModel):
    token: str


class AccountChange(BaseModel):
    name: str = Field(min_length=1, max_length=120)
    email: str | None = None
    password: str | None = None


class ChallengeIn(BaseModel):
    address: str


class ChallengeOut(BaseModel):
    message: str


class WalletSignIn(BaseModel):
    message: str
    signature: str


class WalletOut(BaseModel):
    address: str
    balance: int
    """In the currency's smallest unit."""
    gas_balance: int
    """In wei."""
    can_use_faucet: bool
