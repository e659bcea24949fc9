"""`/healthz`: the process answers. `/readyz`: a line per part, 503 while one of them cannot do its work."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from backend.services import ServicesDep

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str


class PartOut(BaseModel):
    name: str
    ready: bool
    detail: str


class Readiness(BaseModel):
    ready: bool
    parts: list[PartOut]


@router.get("/healthz")
async def healthz() -> Health:
    """The process is alive."""
    return Health(status="alive")


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(services: ServicesDep, response: Response) -> Readiness:
    """What works and what does not: database, vectors, model, chain."""
    parts = [PartOut(name=part.name, ready=part.ready, detail=part.detail) for part in await services.parts()]
    ready = all(part.ready for part in parts)
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, parts=parts)
