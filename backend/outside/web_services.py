"""Web services for the steps of one owner's agents: the public web through the guard, and nothing else."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from agent_runtime.ports import WebAnswer, WebRequest
from backend.outside.requests import Owner, exchange
from knowledge_vault.guarded_http import GuardedHttp


@dataclass(frozen=True)
class GuardedWebServices:
    http: GuardedHttp
    owner: Owner

    async def call(self, request: WebRequest) -> WebAnswer:
        try:
            whose = urlsplit(request.url).hostname or "The web service"
        except ValueError:
            whose = "The web service"
        return await exchange(self.http, self.owner, request, whose=whose[:100])
