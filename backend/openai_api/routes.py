"""`POST /v1/chat/completions` and `GET /v1/models`."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import Response

from agent_runtime.events import AnswerSentence, LeftOut, NotReady
from backend.accounts.principal import SignedIn
from backend.errors import WaitsForPerson, problem_document
from backend.openai_api.schemas import (
    AssistantMessage,
    Choice,
    CitationOut,
    CompletionIn,
    CompletionOut,
    ModelList,
    ModelOut,
    Usage,
    chunk,
)
from backend.responses import errors
from backend.runs.service import Answered, RunFailed, RunHandle, RunWaits
from backend.services import ServicesDep
from backend.sse import stream

router = APIRouter(prefix="/v1", tags=["openai"])


def _data(document: dict[str, Any] | str) -> bytes:
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def _completion(handle: RunHandle, model: str, answered: Answered) -> CompletionOut:
    return CompletionOut(
        id=f"chatcmpl-{handle.run_id}",
        created=int(handle.started_at.timestamp()),
        model=model,
        choices=[Choice(message=AssistantMessage(content=answered.answer))],
        usage=Usage(
            prompt_tokens=answered.prompt_tokens,
            completion_tokens=answered.completion_tokens,
            total_tokens=answered.prompt_tokens + answered.completion_tokens,
            charge=answered.charge,
        ),
        found=answered.found,
        citations=[CitationOut.model_validate(citation) for citation in answered.citations],
        sentences=[AnswerSentence.model_validate(sentence) for sentence in answered.sentences],
        not_ready=NotReady.model_validate(answered.not_ready),
        left_out=LeftOut.model_validate(answered.left_out),
        proof_id=answered.proof_id,
    )


async def _chunks(handle: RunHandle, model: str) -> AsyncIterator[bytes]:
    completion_id, created = f"chatcmpl-{handle.run_id}", int(handle.started_at.timestamp())
    yield _data(chunk(completion_id, created, model, {"role": "assistant", "content": ""}))
    async for event, data in handle.events():
        if event == "answer.delta":
            yield _data(chunk(completion_id, created, model, {"content": data["text"]}))
    try:
        answered = await handle.result()
    except RunFailed as error:
        problem = problem_document(500, error.code, "The agent could not answer", error.detail)
        yield _data({"error": {"message": error.detail, "type": error.code, "problem": problem}})
        yield _data("[DONE]")
        return
    completion = _completion(handle, model, answered)
    last = chunk(completion_id, created, model, {}, "stop")
    last["usage"] = completion.usage.model_dump()
    last["citations"] = [citation.model_dump() for citation in completion.citations]
    last["sentences"] = [sentence.model_dump() for sentence in completion.sentences]
    last["not_ready"] = completion.not_ready.model_dump()
    last["left_out"] = completion.left_out.model_dump()
    last["proof_id"] = completion.proof_id
    yield _data(last)
    yield _data("[DONE]")


@router.post(
    "/chat/completions",
    response_model=CompletionOut,
    responses=errors(401, 402, 404, 409, 422, 424, 429, 503),
)
async def create_completion(
    body: CompletionIn,
    principal: SignedIn,
    services: ServicesDep,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response | CompletionOut:
    """Ask an agent. The same `Idempotency-Key` with the same body gives the same answer and one charge."""
    handle = await services.runs.ask(
        principal, slug=body.model, question=body.question, idempotency_key=idempotency_key
    )
    if body.stream:
        return stream(_chunks(handle, body.model))
    try:
        return _completion(handle, body.model, await handle.result())
    except RunWaits as waiting:
        raise WaitsForPerson(
            f"{waiting.detail} Ask again then with the same Idempotency-Key, or look at /api/runs/{handle.run_id}.",
            run_id=handle.run_id,
        ) from waiting


@router.get("/models", responses=errors(401))
async def list_models(principal: SignedIn, services: ServicesDep) -> ModelList:
    """The agents this key may use."""
    usable = await services.catalogue.list_usable(principal)
    return ModelList(
        data=[
            ModelOut(id=entry.slug, created=int(entry.published_at.timestamp()), owned_by=entry.author_name)
            for entry in usable
        ]
    )
