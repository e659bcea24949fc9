"""HTTP for one's own agents: drafts, trying them, publishing them."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from agent_runtime import service as runtime
from agent_runtime.graph import Graph
from backend.accounts.principal import SignedIn
from backend.agents.beginning import begin_with_samples
from backend.agents.publishing import Offer
from backend.agents.schemas import (
    AgentChange,
    AgentIn,
    AgentOut,
    AgentSummary,
    DraftIn,
    PublishIn,
    TemplateOut,
    TryIn,
    VersionOut,
)
from backend.errors import Invalid
from backend.responses import errors
from backend.runs.streaming import follow
from backend.services import ServicesDep
from backend.sse import stream
from licensing.values import Address, Share

router = APIRouter(prefix="/api", tags=["agents"])


@router.get("/node-kinds")
async def list_node_kinds() -> list[dict[str, Any]]:
    """The palette: what each kind of node does, its settings as JSON schema, its sockets."""
    return runtime.describe_node_kinds()


@router.get("/schemas/agent-graph")
async def get_graph_schema() -> dict[str, Any]:
    """The JSON schema of a graph document."""
    return Graph.model_json_schema(by_alias=True)


@router.get("/agent-templates")
async def list_templates() -> list[TemplateOut]:
    """Graphs to begin with."""
    return [
        TemplateOut(
            name=starter.slug,
            title=starter.name,
            description=starter.description,
            picture=starter.picture,
            needs=starter.needs,
            sample_documents=sum(len(sample.files) for sample in starter.sample_vaults),
        )
        for starter in runtime.list_starters()
    ]


@router.get("/agents", responses=errors(401))
async def list_agents(principal: SignedIn, services: ServicesDep) -> list[AgentSummary]:
    """One's own agents, those edited last first."""
    return [AgentSummary.of(agent) for agent in await services.agents.list_agents(principal.user.id)]


@router.post("/agents", status_code=201, responses=errors(401, 422))
async def create_agent(body: AgentIn, principal: SignedIn, services: ServicesDep) -> AgentOut:
    """A new agent, begun from a template; with its sample documents, which are taken in meanwhile, if asked for."""
    starters = runtime.list_starters()
    starter = next((s for s in starters if s.slug == body.template), None)
    if body.template is not None and starter is None:
        raise Invalid(f"There is no template {body.template!r}. Take one of `/api/agent-templates`.")
    starter = starter or starters[0]
    if body.with_samples:
        opened = await begin_with_samples(
            services, principal.user, starter, name=body.name, description=body.description
        )
        return AgentOut.opened(opened)
    graph = starter.graph(vaults=body.vaults)
    opened = await services.agents.create(
        principal.user.id, name=body.name, description=body.description, graph=graph.document()
    )
    return AgentOut.opened(opened)


@router.post("/agents/import", status_code=201, responses=errors(401, 422))
async def import_agent(body: dict[str, Any], principal: SignedIn, services: ServicesDep) -> AgentOut:
    """A new draft from an agent file; nothing runs."""
    return AgentOut.opened(await services.agents.import_file(principal.user.id, body))


@router.get("/agents/{agent_id}", responses=errors(401, 404))
async def get_agent(agent_id: str, principal: SignedIn, services: ServicesDep) -> AgentOut:
    """An agent of one's own with its draft and what keeps it from running."""
    return AgentOut.opened(await services.agents.get(principal.user.id, agent_id))


@router.patch("/agents/{agent_id}", responses=errors(401, 404, 422))
async def change_agent(
    agent_id: str, body: AgentChange, principal: SignedIn, services: ServicesDep
) -> AgentOut:
    """Change name and description."""
    opened = await services.agents.change(
        principal.user.id, agent_id, name=body.name, description=body.description
    )
    return AgentOut.opened(opened)


@router.delete("/agents/{agent_id}", status_code=204, responses=errors(401, 404))
async def delete_agent(agent_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Take the agent away from the catalogue and from one's list."""
    principal.require_person()
    await services.agents.delete(principal.user.id, agent_id)


@router.put("/agents/{agent_id}/draft", responses=errors(401, 404, 409, 422))
async def save_draft(agent_id: str, body: DraftIn, principal: SignedIn, services: ServicesDep) -> AgentOut:
    """Save the draft, valid or not."""
    opened = await services.agents.save_draft(
        principal.user.id, agent_id, body.graph, base_revision=body.base_revision
    )
    return AgentOut.opened(opened)


@router.get("/agents/{agent_id}/export", responses=errors(401, 404, 422))
async def export_agent(agent_id: str, principal: SignedIn, services: ServicesDep) -> dict[str, Any]:
    """The agent file."""
    return await services.agents.export(principal.user.id, agent_id)


@router.post(
    "/agents/{agent_id}/try",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **errors(401, 404, 422)},
)
async def try_agent(
    agent_id: str, body: TryIn, principal: SignedIn, services: ServicesDep
) -> StreamingResponse:
    """Run the saved draft; free. Leaving the stream stops the run."""
    handle = await services.runs.try_draft(principal, agent_id=agent_id, question=body.question)
    return stream(follow(handle))


@router.post("/agents/{agent_id}/publish", status_code=201, responses=errors(401, 403, 404, 409, 422, 503))
async def publish_agent(
    agent_id: str, body: PublishIn, principal: SignedIn, services: ServicesDep
) -> VersionOut:
    """Publish the draft as the next version, with its shares and terms on chain."""
    principal.require_person()
    agent, version = await services.publishing.publish(
        principal.user,
        agent_id,
        slug=body.slug,
        base_revision=body.base_revision,
        notes=body.notes,
        offers=[Offer(terms.kind, terms.price, terms.duration_s) for terms in body.terms],
        shares=[Share(Address(share.address), share.share_bps, share.role) for share in body.shares],
    )
    return VersionOut.of(agent, version)


@router.get("/agents/{agent_id}/versions", responses=errors(401, 404))
async def list_versions(agent_id: str, principal: SignedIn, services: ServicesDep) -> list[VersionOut]:
    """What was published, newest first."""
    opened = await services.agents.get(principal.user.id, agent_id)
    versions = await services.agents.list_versions(principal.user.id, agent_id)
    return [VersionOut.of(opened.agent, version) for version in versions]
