"""HTTP for the states an agent has had: compare two of them, take one back, put a drawing aside."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from agent_runtime.differences import EdgeChange, StepChange
from backend.accounts.principal import SignedIn
from backend.agents.history import State
from backend.agents.kept_drafts import KeptDraft
from backend.agents.schemas import AgentOut
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api/agents/{agent_id}", tags=["agents"])


class StateOut(BaseModel):
    name: str
    """`draft`, the number of a version, or `kept-` and the id of a draft that was put aside."""
    graph: dict[str, Any]
    at: datetime
    """When the version was published or the draft saved."""
    notes: str

    @classmethod
    def of(cls, state: State) -> "StateOut":
        return cls(name=state.name, graph=state.graph, at=state.at, notes=state.notes)


class DifferenceOut(BaseModel):
    before: StateOut
    after: StateOut
    steps: list[StepChange]
    edges: list[EdgeChange]


class RestoreIn(BaseModel):
    state: str = Field(max_length=60)
    """The number of a version, or `kept-` and the id of a draft that was put aside."""
    base_revision: int
    """The draft's revision that one has seen; another one in the meantime is a conflict."""


class KeepIn(BaseModel):
    graph: dict[str, Any]


class KeptDraftOut(BaseModel):
    state: str
    """Its name among the agent's states."""
    reason: Literal["restored", "replaced"]
    version: int | None
    """The version that took its place, if it was one."""
    kept_at: datetime

    @classmethod
    def of(cls, kept: KeptDraft) -> "KeptDraftOut":
        reason: Literal["restored", "replaced"] = "restored" if kept.reason == "restored" else "replaced"
        return cls(state=f"kept-{kept.id}", reason=reason, version=kept.version, kept_at=kept.kept_at)


@router.get("/difference", responses=errors(401, 404))
async def compare_states(
    agent_id: str, principal: SignedIn, services: ServicesDep, before: str = "live", after: str = "draft"
) -> DifferenceOut:
    """What became of one state in another, setting by setting; `live` is the version that people ask now."""
    old, new, found = await services.history.compare(principal.user.id, agent_id, before, after)
    return DifferenceOut(
        before=StateOut.of(old), after=StateOut.of(new), steps=found.steps, edges=found.edges
    )


@router.post("/restore", responses=errors(401, 404, 409))
async def restore_state(
    agent_id: str, body: RestoreIn, principal: SignedIn, services: ServicesDep
) -> AgentOut:
    """Make an earlier state the draft. What the draft was is kept, and can be restored in turn."""
    opened = await services.history.restore(
        principal.user.id, agent_id, body.state, base_revision=body.base_revision
    )
    return AgentOut.opened(opened)


@router.get("/kept-drafts", responses=errors(401, 404))
async def list_kept_drafts(agent_id: str, principal: SignedIn, services: ServicesDep) -> list[KeptDraftOut]:
    """Drafts that something else took the place of, newest first; the last 20 are kept."""
    return [KeptDraftOut.of(kept) for kept in await services.history.list_kept(principal.user.id, agent_id)]


@router.post("/kept-drafts", status_code=201, responses=errors(401, 404))
async def keep_draft(agent_id: str, body: KeepIn, principal: SignedIn, services: ServicesDep) -> KeptDraftOut:
    """Put a drawing aside, before another one replaces it."""
    return KeptDraftOut.of(await services.history.keep(principal.user.id, agent_id, body.graph))
