"""HTTP for runs: what was asked and answered, the words a citation rests on, the proof of a use."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from agent_runtime.events import LeftOut, NotReady
from backend.accounts.principal import SignedIn
from backend.errors import NotFound
from backend.responses import errors
from backend.runs.driving import NOTHING_LEFT_OUT, NOTHING_MISSED
from backend.runs.schemas import CitedPassage, RunOut
from backend.runs.streaming import watch
from backend.services import ServicesDep
from backend.sse import stream
from licensing.values import ProofId

router = APIRouter(prefix="/api", tags=["runs"])


@router.get("/runs/{run_id}", responses=errors(401, 404))
async def get_run(run_id: str, principal: SignedIn, services: ServicesDep) -> RunOut:
    """A run of one's own."""
    run = await services.runs.get(principal.user.id, run_id)
    record = await services.runs.open_record(run)
    return RunOut(
        id=run.id,
        agent_id=run.agent_id,
        version_id=run.version_id,
        state=run.state,
        started_at=run.started_at,
        finished_at=run.finished_at,
        question=record["question"],
        answer=record.get("answer"),
        citations=record.get("citations", []),
        sentences=record.get("sentences", []),
        not_ready=NotReady.model_validate(record.get("not_ready", NOTHING_MISSED)),
        left_out=LeftOut.model_validate(record.get("left_out", NOTHING_LEFT_OUT)),
        charge=run.charge,
        proof_id=run.proof_id,
        failure=record.get("failure"),
        steps=record.get("steps", []),
    )


@router.get(
    "/runs/{run_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **errors(401, 404)},
)
async def follow_run(run_id: str, principal: SignedIn, services: ServicesDep) -> StreamingResponse:
    """A run of one's own from its beginning, and on to its end; leaving this stream changes nothing.

    Of one that has ended, or waits for a person, how it stands.
    """
    return stream(watch(await services.runs.follow(principal.user.id, run_id)))


@router.post("/runs/{run_id}/cancel", status_code=202, responses=errors(401))
async def cancel_run(run_id: str, principal: SignedIn, services: ServicesDep) -> None:
    """Stop a run of one's own, also one that waits for a person; it costs nothing.

    One that has ended stays as it is.
    """
    await services.runs.cancel(principal.user.id, run_id)


@router.get("/runs/{run_id}/citations/{number}", responses=errors(401, 404))
async def get_cited_passage(
    run_id: str, number: int, principal: SignedIn, services: ServicesDep
) -> CitedPassage:
    """The original at the passage: the cited words within their page."""
    run = await services.runs.get(principal.user.id, run_id)
    record = await services.runs.open_record(run)
    citation = next((c for c in record.get("citations", []) if c["number"] == number), None)
    if citation is None:
        raise NotFound(f"The answer of this run has no citation {number}.")
    return await services.cited_passages.open(principal, run, citation)


@router.get("/proofs/{proof_id}", responses=errors(401, 404))
async def get_proof(proof_id: str, principal: SignedIn, services: ServicesDep) -> dict[str, Any]:
    """The proof of one use, to keep and to check with `qanat verify`."""
    await services.runs.require_proof(principal.user.id, proof_id)
    return await services.licensing.proof(ProofId(proof_id))
