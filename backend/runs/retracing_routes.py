"""HTTP for going back into a run of one's own agent: its steps, running it again from one, last results."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from agent_runtime.events import Citation
from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.runs.retracing import Change, Trace
from backend.runs.streaming import follow
from backend.services import ServicesDep
from backend.sse import stream

router = APIRouter(prefix="/api", tags=["runs"])


class AgainOut(BaseModel):
    """The run that this one repeats a part of."""

    run_id: str
    node_id: str
    only: bool


class RunSummary(BaseModel):
    id: str
    version_id: str | None
    """None: the draft was tried."""
    state: str
    started_at: datetime
    took_ms: int | None
    question: str
    answer: str | None
    charge: int
    again: AgainOut | None
    test_id: str | None
    """The test that it was run for."""


class StepInput(BaseModel):
    name: str
    node_id: str
    """The step it came from."""
    socket: str
    value: Any


class StepModel(BaseModel):
    """One time that a step asked a model."""

    model: str
    prompt_tokens: int
    completion_tokens: int


class TraceStep(BaseModel):
    node_id: str
    kind: str
    title: str
    state: Literal["done", "failed", "stopped", "reused"]
    """`reused`: not run, but taken over from the run that this one repeats a part of."""
    edited: bool
    """What it handed on is what a person said."""
    settings: dict[str, Any]
    inputs: list[StepInput]
    output: dict[str, Any] | None
    """What it handed on, by output."""
    prompt: list[dict[str, str]] | None
    """What the model was sent, message by message; None where none was asked."""
    models: list[StepModel]
    detail: dict[str, Any]
    troubles: list[dict[str, Any]]
    """Why it was tried again, or what stood in for what it could not give."""
    took_ms: int | None
    inside: list[dict[str, Any]]
    """For a step inside others, which of their rounds it was in, outermost first."""


class TraceOut(BaseModel):
    id: str
    agent_id: str
    version_id: str | None
    state: str
    started_at: datetime
    finished_at: datetime | None
    question: str
    answer: str | None
    citations: list[Citation]
    usage: dict[str, Any] | None
    charge: int
    failure: dict[str, Any] | None
    again: AgainOut | None
    graph: dict[str, Any]
    """The graph that was run."""
    steps: list[TraceStep]


class RepeatIn(BaseModel):
    node_id: str
    """The step to run again from."""
    settings: dict[str, Any] | None = None
    """Other settings of that step."""
    outputs: dict[str, Any] | None = None
    """What it is to have handed on, by output, written as in the trace; then only what follows is run."""
    from_draft: bool = False
    """Use the agent's draft as it is now, from that step on."""
    only: bool = False
    """Run that step and no other."""


class ResultOut(BaseModel):
    run_id: str
    at: datetime
    took_ms: int | None
    output: dict[str, Any]
    detail: dict[str, Any]


@router.get("/agents/{agent_id}/runs", responses=errors(401, 404))
async def list_runs(
    agent_id: str, principal: SignedIn, services: ServicesDep, before: datetime | None = None
) -> list[RunSummary]:
    """One's own runs of an agent of one's own, newest first, 30 at a time."""
    runs = await services.retracing.list_runs(principal, agent_id, before=before)
    return [
        RunSummary(
            id=run.id,
            version_id=run.version_id,
            state=run.state,
            started_at=run.started_at,
            took_ms=record["usage"]["took_ms"] if "usage" in record else None,
            question=record["question"],
            answer=record.get("answer"),
            charge=run.charge,
            again=record.get("again"),
            test_id=record.get("test_id"),
        )
        for run, record in runs
    ]


@router.get("/agents/{agent_id}/last-results", responses=errors(401, 404))
async def get_last_results(agent_id: str, principal: SignedIn, services: ServicesDep) -> dict[str, ResultOut]:
    """What each step of the agent handed on the last time that it ran, by node."""
    found = await services.retracing.last_results(principal, agent_id)
    return {
        node_id: ResultOut(
            run_id=result.run_id,
            at=result.at,
            took_ms=result.step.get("took_ms"),
            output=result.step["output"],
            detail=result.step.get("detail", {}),
        )
        for node_id, result in found.items()
    }


@router.get("/runs/{run_id}/trace", responses=errors(401, 404, 409))
async def get_trace(run_id: str, principal: SignedIn, services: ServicesDep) -> TraceOut:
    """A run of an agent of one's own, step by step, with the graph it ran."""
    return _trace(await services.retracing.trace(principal, run_id))


@router.post(
    "/runs/{run_id}/repeat",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **errors(401, 404, 409, 422)},
)
async def repeat_run(
    run_id: str, body: RepeatIn, principal: SignedIn, services: ServicesDep
) -> StreamingResponse:
    """Run it again from a step, or that step alone; free. Steps before it are not executed again."""
    change = Change(**body.model_dump())
    return stream(follow(await services.retracing.repeat(principal, run_id, change)))


def _trace(trace: Trace) -> TraceOut:
    run, record = trace.run, trace.record
    settings = {node.id: dict(node.settings) for node in trace.graph.nodes}
    failed_at = record.get("failed_at")
    handed_on: dict[str, Mapping[str, Any]] = {}
    steps = []
    for step in trace.steps:
        node_id, detail = step["node_id"], step.get("detail", {})
        if step.get("reused"):
            state: Literal["done", "failed", "stopped", "reused"] = "reused"
        elif "output" in step:
            state = "done"
        else:
            state = "failed" if node_id == failed_at else "stopped"
        steps.append(
            TraceStep(
                node_id=node_id,
                kind=step["kind"],
                title=step["title"],
                state=state,
                edited=step.get("edited", False),
                settings=settings.get(node_id, {}),
                inputs=[
                    StepInput(
                        name=name,
                        node_id=arrived["node"],
                        socket=arrived["socket"],
                        value=handed_on.get(arrived["node"], {}).get(arrived["socket"]),
                    )
                    for name, arrived in step.get("arrived", {}).items()
                ],
                output=step.get("output"),
                prompt=detail.get("prompt"),
                models=[
                    StepModel(
                        model=asked["model"],
                        prompt_tokens=asked["tokens"].get("prompt", 0),
                        completion_tokens=asked["tokens"].get("written", 0),
                    )
                    for asked in detail.get("models", ())
                ],
                detail=detail,
                troubles=step.get("troubles", []),
                took_ms=step.get("took_ms"),
                inside=step.get("inside", []),
            )
        )
        handed_on[node_id] = step.get("output") or {}
    return TraceOut(
        id=run.id,
        agent_id=run.agent_id,
        version_id=run.version_id,
        state=run.state,
        started_at=run.started_at,
        finished_at=run.finished_at,
        question=record["question"],
        answer=record.get("answer"),
        citations=record.get("citations", []),
        usage=record.get("usage"),
        charge=run.charge,
        failure=record.get("failure"),
        again=record.get("again"),
        graph=trace.graph.document(),
        steps=steps,
    )
