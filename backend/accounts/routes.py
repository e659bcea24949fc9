"""HTTP for signing in and for one's own account and wallet."""

from fastapi import APIRouter, Request, Response

from backend.accounts.principal import COOKIE, SignedIn, find_principal
from backend.accounts.schemas import (
    AccountChange,
    ChainOut,
    ChallengeIn,
    ChallengeOut,
    ClaimIn,
    Currency,
    LoginIn,
    ModelsOut,
    RegisterIn,
    SessionOut,
    UserOut,
    WalletOut,
    WalletSignIn,
)
from backend.accounts.store import User
from backend.errors import NotSignedIn
from backend.responses import errors
from backend.services import Services, ServicesDep
from licensing.values import Address

router = APIRouter(prefix="/api", tags=["account"])


async def _session(services: Services, user: User | None) -> SessionOut:
    chain = services.licensing.chain_status()
    operator = await services.accounts.find_operator()
    return SessionOut(
        user=UserOut.of(user) if user else None,
        setup_needed=operator is not None and operator.email is None and operator.wallet == "managed",
        chain=ChainOut(
            chain_id=chain.chain_id,
            local=chain.local,
            currency=Currency(symbol=chain.currency_symbol, decimals=chain.currency_decimals),
            contracts=dict(chain.contracts),
        ),
        models=ModelsOut(llm=services.models.title, embedder=services.embedder_name),
    )


def _remember(request: Request, response: Response, services: Services, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=services.settings.session_days * 86_400,
        httponly=True,
        samesite="lax",
        secure=services.settings.origin.startswith("https://"),
        path="/",
    )


@router.get("/session")
async def get_session(request: Request, services: ServicesDep) -> SessionOut:
    """Who is signed in, and what this server runs on."""
    try:
        principal = await find_principal(request)
    except NotSignedIn:
        principal = None
    return await _session(services, principal.user if principal else None)


@router.post("/session/register", status_code=201, responses=errors(409, 422))
async def register(
    body: RegisterIn, request: Request, response: Response, services: ServicesDep
) -> SessionOut:
    """A new account with e-mail and password and a wallet kept here."""
    user = await services.accounts.create_managed(name=body.name, email=body.email, password=body.password)
    _remember(request, response, services, await services.accounts.open_session(user))
    return await _session(services, user)


@router.post("/session/login", responses=errors(401, 429))
async def sign_in(body: LoginIn, request: Request, response: Response, services: ServicesDep) -> SessionOut:
    """Sign in with e-mail and password."""
    client = request.client.host if request.client else "unknown"
    user, token = await services.accounts.sign_in(
        email=body.email, password=body.password, address_of_client=client
    )
    _remember(request, response, services, token)
    return await _session(services, user)


@router.post("/session/claim", responses=errors(401))
async def claim_sign_in_link(
    body: ClaimIn, request: Request, response: Response, services: ServicesDep
) -> SessionOut:
    """Sign in the first user with the one-time link that the server printed."""
    user, token = await services.accounts.claim(body.token)
    _remember(request, response, services, token)
    return await _session(services, user)


@router.post("/session/wallet/challenge", responses=errors(422))
async def make_wallet_challenge(body: ChallengeIn, services: ServicesDep) -> ChallengeOut:
    """The EIP-4361 message for this wallet to sign; good once, for five minutes."""
    return ChallengeOut(message=await services.accounts.challenge(body.address))


@router.post("/session/wallet", responses=errors(401))
async def sign_in_with_wallet(
    body: WalletSignIn, request: Request, response: Response, services: ServicesDep
) -> SessionOut:
    """Sign in with a signed challenge."""
    user, token = await services.accounts.sign_in_with_wallet(message=body.message, signature=body.signature)
    _remember(request, response, services, token)
    return await _session(services, user)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response, services: ServicesDep) -> None:
    """End this session here and on the server."""
    token = request.cookies.get(COOKIE)
    if token:
        await services.accounts.sign_out(token)
    response.delete_cookie(COOKIE, path="/")


@router.patch("/account", responses=errors(401, 409, 422))
async def change_account(body: AccountChange, principal: SignedIn, services: ServicesDep) -> UserOut:
    """Change one's own name, e-mail or password."""
    principal.require_person()
    user = await services.accounts.change(
        principal.user, name=body.name, email=body.email, password=body.password
    )
    return UserOut.of(user)


async def _wallet(services: Services, user: User) -> WalletOut:
    balance = await services.licensing.balance(Address(user.address))
    return WalletOut(
        address=user.address,
        balance=balance.currency,
        gas_balance=balance.gas,
        can_use_faucet=balance.can_use_faucet,
    )


@router.get("/wallet", responses=errors(401, 503))
async def get_wallet(principal: SignedIn, services: ServicesDep) -> WalletOut:
    """One's wallet and what it holds."""
    return await _wallet(services, principal.user)


@router.post("/wallet/faucet", responses=errors(401, 403, 503))
async def use_faucet(principal: SignedIn, services: ServicesDep) -> WalletOut:
    """Free test currency; only on a local chain."""
    principal.require_person()
    await services.licensing.use_faucet(Address(principal.user.address))
    return await _wallet(services, principal.user)
