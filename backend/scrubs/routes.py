"""HTTP for looking whether what is kept of a person's chats, runs and agents still opens."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from backend.accounts.principal import SignedIn
from backend.responses import errors
from backend.services import ServicesDep

router = APIRouter(prefix="/api", tags=["scrubs"])


@router.post("/scrub", responses=errors(401, 403))
async def scrub_records(principal: SignedIn, services: ServicesDep) -> StreamingResponse:
    """Open everything that is sealed of your chats, runs and agents, their key and your wallet; vaults apart.

    A line of JSON for each few hundred tells how far it is: `{"done", "total", "damage"}`, where `damage` lists
    `{"kind", "id"}` of what does not open any more.
    """
    principal.require_person()

    async def lines() -> AsyncIterator[bytes]:
        async for step in services.record_scrubber.run(principal.user.id):
            yield json.dumps(asdict(step)).encode() + b"\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
