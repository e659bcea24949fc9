"""The shapes that agents have in HTTP."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from agent_runtime.graph import Problem
from backend.agents.service import OpenAgent
from backend.agents.store import Agent, Version


class ProblemInGraph(BaseModel):
    node_id: str | None
    edge_id: str | None
    code: str
    message: str

    @classmethod
    def of(cls, problem: Problem) -> "ProblemInGraph":
        return cls(
            node_id=problem.node_id, edge_id=problem.edge_id, code=problem.code, message=problem.message
        )


class AgentSummary(BaseModel):
    id: str
    name: str
    description: str
    slug: str | None
    """The name it is published under."""
    revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, agent: Agent) -> "AgentSummary":
        return cls(
            id=agent.id,
            name=agent.name,
            description=agent.description,
            slug=agent.slug,
            revision=agent.revision,
            created_at=agent.created_at,
            updated_at=agent.updated_at,
        )


class AgentOut(AgentSummary):
    graph: dict[str, Any]
    """The draft: a document of schema `/api/schemas/agent-graph`, perhaps not yet a valid one."""
    problems: list[ProblemInGraph]

    @classmethod
    def opened(cls, opened: OpenAgent) -> "AgentOut":
        return cls(
            **AgentSummary.of(opened.agent).model_dump(),
            graph=opened.graph,
            problems=[ProblemInGraph.of(problem) for problem in opened.problems],
        )


class AgentIn(BaseModel):
    name: str = Field(max_length=120)
    description: str = Field("", max_length=2000)
    template: str | None = None
    """A starting graph by name, from `/api/agent-templates`; without one the simplest."""
    vaults: list[str] = []
    """Vaults that the template's searches look into."""
    with_samples: bool = False
    """Make vaults with the template's sample documents and search those instead; its tests come along."""


class AgentChange(BaseModel):
    name: str = Field(max_length=120)
    description: str = Field("", max_length=2000)


class DraftIn(BaseModel):
    graph: dict[str, Any]
    base_revision: int
    """The revision this draft was made from; another one in the meantime is a conflict."""


class TemplateOut(BaseModel):
    name: str
    title: str
    description: str
    picture: Literal["documents", "support", "approval", "fields", "translation", "research"]
    needs: str
    """What the packaged model is too small for, and which size does it; empty where it does all."""
    sample_documents: int
    """How many sample documents it can begin with."""


class TryIn(BaseModel):
    question: str = Field(min_length=1, max_length=8000)


class TermsIn(BaseModel):
    kind: Literal["time", "metered"]
    price: int = Field(ge=0)
    """In the currency's smallest unit: for the whole term, or for each answer."""
    duration_s: int | None = Field(None, ge=60)
    """How long a time license lasts."""


class ShareIn(BaseModel):
    address: str
    share_bps: int = Field(ge=1, le=10_000)
    """Hundredths of a percent; all shares together are 10,000."""
    role: Literal["author", "data", "model"] = "author"


class PublishIn(BaseModel):
    slug: str | None = None
    base_revision: int | None = None
    """The revision of the draft that one has seen; where another one was saved since, nothing is published."""
    notes: str = Field("", max_length=2000)
    terms: list[TermsIn] = Field(min_length=1, max_length=8)
    shares: list[ShareIn] = []
    """Nothing means everything to the author."""


class VersionOut(BaseModel):
    id: str
    number: int
    slug: str | None
    notes: str
    graph_digest: str
    asset_id: str | None
    published_at: datetime

    @classmethod
    def of(cls, agent: Agent, version: Version) -> "VersionOut":
        return cls(
            id=version.id,
            number=version.number,
            slug=agent.slug,
            notes=version.notes,
            graph_digest=version.graph_digest,
            asset_id=version.asset_id,
            published_at=version.published_at,
        )
