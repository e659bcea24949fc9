"""HTTP for what agents remember of the person who is signed in."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from backend.accounts.principal import SignedIn
from backend.facts.service import OpenFact
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/facts", tags=["facts"])


class FactOut(BaseModel):
    id: str
    agent_id: str
    agent: str
    """The agent's name; empty when its author took it away."""
    chat_id: str | None
    """The conversation that it is forgotten with; null when it belongs to the person."""
    name: str
    value: str
    saved_at: datetime

    @classmethod
    def of(cls, opened: OpenFact) -> "FactOut":
        fact = opened.fact
        return cls(
            id=fact.id,
            agent_id=fact.agent_id,
            agent=opened.agent,
            chat_id=fact.chat_id,
            name=opened.name,
            value=opened.value,
            saved_at=fact.saved_at,
        )


@router.get("", responses=errors(401, 403))
async def list_facts(principal: SignedIn, services: ServicesDep) -> list[FactOut]:
    """What agents remember of oneself, the latest first."""
    principal.require_person()
    return [FactOut.of(fact) for fact in await services.facts.list_facts(principal.user.id)]


@router.delete("/{fact_id}", status_code=204, responses=errors(401, 403, 404))
async def erase_fact(fact_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Erase one thing that is remembered of oneself."""
    principal.require_person()
    await services.facts.erase(principal.user.id, fact_id)


@router.delete("", status_code=204, responses=errors(401, 403))
async def erase_facts(principal: SignedIn, services: ServicesDep, agent_id: str | None = None) -> None:
    """Erase all that is remembered of oneself, or what one agent remembers."""
    principal.require_person()
    await services.facts.erase_all(principal.user.id, agent_id=agent_id)
