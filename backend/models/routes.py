"""HTTP for models. Everybody signed in sees which there are; the operator alone adds, changes and removes."""

from fastapi import APIRouter, Query, Request

from backend.accounts.principal import Principal, SignedIn
from backend.models.schemas import (
    ModelChoiceOut,
    ModelPathIn,
    ModelServerChange,
    ModelServerIn,
    RegisteredModelOut,
    TriedOut,
)
from backend.models.service import ModelServer
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/models", tags=["models"])

FILE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("", responses=errors(401))
async def list_model_choices(principal: SignedIn, services: ServicesDep) -> list[ModelChoiceOut]:
    """The models that steps may choose."""
    return [ModelChoiceOut.of(model) for model in await services.models.list_models()]


@router.get("/registered", responses=errors(401, 403))
async def list_registered_models(principal: SignedIn, services: ServicesDep) -> list[RegisteredModelOut]:
    """The same with where each comes from, for the operator."""
    principal.require_operator()
    return [RegisteredModelOut.of(model) for model in await services.models.list_models()]


@router.post("/paths", status_code=201, responses=errors(401, 403, 409, 422))
async def add_model_path(body: ModelPathIn, principal: SignedIn, services: ServicesDep) -> RegisteredModelOut:
    """Add a GGUF file that lies on the server."""
    principal.require_operator()
    added = await services.models.add_path(body.name, body.path, context_tokens=body.context_tokens)
    return RegisteredModelOut.of(added)


@router.post("/files", status_code=201, responses=errors(401, 403, 409, 413, 422, 507), openapi_extra=FILE)
async def add_model_file(
    request: Request,
    principal: SignedIn,
    services: ServicesDep,
    name: str = Query(max_length=64),
) -> RegisteredModelOut:
    """Send a GGUF file: it is the body. Refused as soon as its first bytes show that it is none."""
    principal.require_operator()
    declared = request.headers.get("Content-Length", "0")
    added = await services.models.add_upload(
        name, request.stream(), declared_bytes=int(declared) if declared.isdigit() else 0
    )
    return RegisteredModelOut.of(added)


@router.post("/servers", status_code=201, responses=errors(401, 403, 409, 422))
async def add_model_server(
    body: ModelServerIn, principal: SignedIn, services: ServicesDep
) -> RegisteredModelOut:
    """Add a model of an OpenAI-compatible server."""
    principal.require_operator()
    added = await services.models.add_server(
        body.name, _server(body), context_tokens=body.context_tokens, at_once=body.at_once
    )
    return RegisteredModelOut.of(added)


@router.put("/servers/{name}", responses=errors(401, 403, 404, 422))
async def change_model_server(
    name: str, body: ModelServerChange, principal: SignedIn, services: ServicesDep
) -> RegisteredModelOut:
    """Change where a server is or how it is asked. Without a secret the one that is kept stays, at the same address."""
    principal.require_operator()
    changed = await services.models.change_server(
        name,
        _server(body),
        keeps_secret=body.secret is None,
        context_tokens=body.context_tokens,
        at_once=body.at_once,
    )
    return RegisteredModelOut.of(changed)


@router.put("/{name}/default", status_code=204, responses=errors(401, 403, 404))
async def choose_default_model(name: str, principal: SignedIn, services: ServicesDep) -> None:
    """Let steps that choose no model ask this one."""
    principal.require_operator()
    await services.models.choose_default(name)


@router.post("/{name}/try", responses=errors(401, 403, 404, 502, 503))
async def try_model(name: str, principal: SignedIn, services: ServicesDep) -> TriedOut:
    """Ask a model something easy, to see whether it answers and how fast."""
    principal.require_operator()
    tried = await services.models.try_out(name, _asker(principal))
    return TriedOut(text=tried.text, took_ms=tried.took_ms)


@router.delete("/{name}", status_code=204, responses=errors(401, 403, 404))
async def remove_model(name: str, principal: SignedIn, services: ServicesDep) -> None:
    """Forget a model; steps that ask it fail from now on."""
    principal.require_operator()
    await services.models.remove(name)


def _asker(principal: Principal) -> str:
    return principal.user.id


def _server(body: ModelServerChange) -> ModelServer:
    secret = body.secret.get_secret_value() if body.secret is not None else None
    return ModelServer(body.url, body.model, secret, body.is_private)
