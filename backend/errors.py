"""What goes wrong in the backend, and the only home of status codes.

Problem                      an HTTP answer in the shape of RFC 9457
├── NotSignedIn        401   no session and no API key
├── WrongPassword      401   e-mail and password do not belong together
├── Forbidden          403   signed in, but this is not theirs to do
├── NotFound           404   it does not exist, or belongs to somebody else
├── Conflict           409   somebody changed it first, or the name is taken
├── TooLarge           413   more than is taken
├── TestsFailed        409   an agent's own tests keep it from being published
├── CannotAnswer       503   an agent cannot run now, through no fault of who asks
├── Invalid            422   a value that cannot be used
├── WaitsForPerson     424   there is no answer yet: a person has to decide first
└── TooManyTries       429   slow down

The packages' own errors are translated by `problem_of`, which reads the table at the end of this file.
"""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agent_runtime import errors as runtime
from knowledge_vault import errors as vault
from knowledge_vault.disk import is_disk_full
from licensing import errors as licensing

log = logging.getLogger("qanat.http")

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An error that a person can act on: `detail` says what happened and what to do next."""

    status = 500
    title = "Something went wrong"

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts

    @property
    def kind(self) -> str:
        """A stable name for programs, such as `not-found`."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class NotSignedIn(Problem):
    status, title = 401, "Please sign in"


class WrongPassword(Problem):
    status, title = 401, "E-mail and password do not match"


class Forbidden(Problem):
    status, title = 403, "Not allowed"


class NotFound(Problem):
    status, title = 404, "Not found"


class Conflict(Problem):
    status, title = 409, "That changed in the meantime"


class TooLarge(Problem):
    status, title = 413, "Too large"


class TestsFailed(Problem):
    status, title = 409, "Its tests keep it from being published"


class CannotAnswer(Problem):
    status, title = 503, "This agent cannot answer now"


class Invalid(Problem):
    status, title = 422, "That cannot be used"


class WaitsForPerson(Problem):
    """Clients do not repeat a 424 by themselves, as they would a 409 or a 503."""

    status, title = 424, "A person has to decide first"


class TooManyTries(Problem):
    status, title = 429, "Too many tries"


def problem_document(
    status: int, kind: str, title: str, detail: str, facts: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The RFC 9457 document for one error."""
    return {"type": f"urn:qanat:{kind}", "title": title, "status": status, "detail": detail, **(facts or {})}


def respond(document: dict[str, Any]) -> JSONResponse:
    headers = {"Retry-After": str(document["retry_after_s"])} if "retry_after_s" in document else None
    return JSONResponse(document, status_code=document["status"], media_type=MEDIA_TYPE, headers=headers)


# Translating the packages' errors. The first row whose class fits decides.

_PACKAGE_ERRORS: tuple[tuple[type[Exception], int, str], ...] = (
    (vault.NotFound, 404, "Not found"),
    (vault.DocumentTooLarge, 413, "Too large"),
    (vault.DocumentRefused, 422, "This file cannot be taken in"),
    (vault.DiskFull, 507, "The disk is full"),
    (vault.PageRefused, 422, "This address is not fetched"),
    (vault.PageUnavailable, 502, "The page could not be fetched"),
    (vault.VaultUnavailable, 503, "The vault did not answer"),
    (vault.VaultLocked, 423, "This vault is locked"),
    (vault.UnlockRefused, 403, "That does not open this vault"),
    (vault.ModeRefused, 409, "That cannot be done now"),
    (vault.CodeUnreadable, 422, "That is no recovery code"),
    (vault.PassphraseUnusable, 422, "That passphrase cannot be used"),
    (vault.SealBroken, 500, "Sealed data is damaged"),
    (vault.KeyServiceUnavailable, 503, "The key service did not answer"),
    (vault.RootKeyUnusable, 500, "The root key cannot be used"),
    (runtime.GraphInvalid, 422, "This agent cannot run yet"),
    (runtime.GraphUnreadable, 422, "This is no agent graph"),
    (runtime.OutsideRefused, 502, "That server cannot be used"),
    (runtime.OutsideUnavailable, 502, "That server did not answer"),
    (runtime.ModelFileUnusable, 422, "This file cannot be used as a model"),
    (runtime.ModelMissing, 503, "There is no model"),
    (runtime.ModelUnavailable, 503, "The model did not answer"),
    (runtime.ModelFailed, 502, "The model answered with something unusable"),
    (licensing.VoucherRefused, 402, "The voucher does not cover this"),
    (licensing.LicenseFrozen, 403, "This agent was taken down"),
    (licensing.NotPermitted, 402, "A license is needed"),
    (licensing.NotTheHolder, 403, "This belongs to another wallet"),
    (licensing.WalletNotManaged, 403, "Your own wallet must sign this"),
    (licensing.FaucetRefused, 403, "The faucet gives nothing now"),
    (licensing.SignInRefused, 401, "Signing in was refused"),
    (licensing.Unknown, 404, "Not found"),
    (licensing.NotOffered, 409, "No longer offered"),
    (licensing.KeyReused, 409, "That key belongs to another request"),
    (licensing.ReservationGone, 409, "It took too long"),
    (licensing.NothingToClaim, 409, "Nothing to claim yet"),
    (licensing.ContractsTooOld, 409, "These contracts cannot do that"),
    (licensing.FundsMissing, 402, "The wallet holds too little"),
    (licensing.InvalidShares, 422, "These shares cannot be used"),
    (licensing.InvalidTerms, 422, "These terms cannot be used"),
    (licensing.TransactionFailed, 502, "The chain refused"),
    (licensing.ChainUnavailable, 503, "The chain cannot be reached"),
)


def problem_of(error: Exception) -> dict[str, Any] | None:
    """The problem document of an error that people may see; `None` for one that nobody foresaw."""
    if isinstance(error, Problem):
        return problem_document(error.status, error.kind, error.title, error.detail, error.facts)
    if is_disk_full(error):  # whoever met it first: SQLite, the index, or a file being written
        error = vault.DiskFull()
    for family, status, title in _PACKAGE_ERRORS:
        if isinstance(error, family):
            name = type(error).__name__
            kind = "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
            facts = getattr(error, "facts", None)
            return problem_document(status, kind, title, str(error), facts if facts else None)
    return None


def install(app: FastAPI) -> None:
    """Answer every error as a problem document."""

    def respond_to(request: Request, document: dict[str, Any]) -> JSONResponse:
        if request.url.path.startswith("/v1/"):
            # where OpenAI's clients look for the reason
            document["error"] = {"message": document["detail"], "type": document["type"], "code": None}
        return respond(document)

    async def answer(request: Request, error: Exception) -> JSONResponse:
        document = problem_of(error)
        if document is None:
            log.exception("request.broke", exc_info=error)
            detail = "Something broke on our side; nothing was charged. Please try again."
            document = problem_document(500, "internal", "Something went wrong", detail)
        return respond_to(request, document)

    async def answer_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        detail = str(error.detail)
        return respond_to(request, problem_document(error.status_code, "http", detail, detail))

    async def answer_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "the request"
        fields = [
            {"at": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
            for item in error.errors()
        ]
        detail = f"{where}: {first['msg']}."
        document = problem_document(422, "invalid", "That cannot be used", detail, {"errors": fields})
        return respond_to(request, document)

    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    families: list[type[Exception]] = [Problem, *(row[0] for row in _PACKAGE_ERRORS), Exception]
    for family in families:
        app.add_exception_handler(family, answer)
