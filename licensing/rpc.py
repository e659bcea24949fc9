"""JSON-RPC to one chain node. Knows addresses and errors, nothing of contracts."""

import itertools
from typing import Any

import httpx

from licensing.errors import ChainUnavailable

_MOVED_ON = "BlockOutOfRangeError"
"""What a node says that mined a block between finding the latest one and reading it: nothing happened, ask again."""
_TRIES = 4


class RpcRefused(ChainUnavailable):
    """The node answered with an error; `data` carries a contract's revert, when there was one."""

    def __init__(self, code: int, message: str, data: str | None) -> None:
        super().__init__(f"the node answers {message!r}, {code}")
        self.code, self.message, self.data = code, message, data


class Rpc:
    """One node. A call that gets no proper answer raises `ChainUnavailable`, which names the reason."""

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self.url = url
        self._client = httpx.AsyncClient(timeout=timeout_s, trust_env=False)
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: Any) -> Any:
        for _ in range(_TRIES - 1):
            try:
                return await self._call(method, *params)
            except RpcRefused as error:
                if _MOVED_ON not in error.message:
                    raise
        return await self._call(method, *params)

    async def _call(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        try:
            response = await self._client.post(self.url, json=request)
            answer = response.json()
        except httpx.HTTPError as error:
            raise ChainUnavailable(f"no answer from {self.url}: {type(error).__name__}") from error
        except ValueError as error:
            raise ChainUnavailable(f"{self.url} does not speak JSON-RPC") from error
        if not isinstance(answer, dict):
            raise ChainUnavailable(f"{self.url} does not speak JSON-RPC")
        if (problem := answer.get("error")) is not None:
            data = problem.get("data")
            raise RpcRefused(
                int(problem.get("code", 0)),
                str(problem.get("message")),
                data if isinstance(data, str) else None,
            )
        return answer.get("result")

    async def close(self) -> None:
        await self._client.aclose()
