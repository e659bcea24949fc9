"""The root key wrapped by an external key service: the transit engine of HashiCorp Vault (or OpenBao).

The service never gives its own key away: it wraps the root key, and unwraps it at each start for whoever brings
a token that it accepts. Take the token away, and copies of the data folder open nowhere any more.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from knowledge_vault.errors import KeyServiceRefused, KeyServiceUnavailable

_TIMEOUT_S = 10.0


class Transit:
    kind = "transit"

    def __init__(
        self,
        address: str,
        *,
        key_name: str,
        token: Callable[[], str],
        mount: str = "transit",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`token()` gives the token to show, each time anew: an agent beside us may renew it."""
        self._base = f"{address.rstrip('/')}/v1/{mount.strip('/')}"
        self._key_name = key_name
        self._token = token
        self._transport = transport

    async def keep(self, secrets: Sequence[bytes]) -> bytes:
        wrapped = await self._post("encrypt", plaintext=base64.b64encode(secrets[0]).decode())
        return json.dumps({"ciphertext": wrapped["ciphertext"]}).encode()

    async def fetch(self, note: bytes) -> Sequence[bytes]:
        if not note:
            return []
        opened = await self._post("decrypt", ciphertext=json.loads(note)["ciphertext"])
        return [base64.b64decode(opened["plaintext"])]

    async def forget(self) -> str:
        return ""  # nothing lies at the service: the wrapped key is in the database

    async def rewrap(self, note: bytes) -> bytes:
        """The note under the newest version of the service's key, without the root key leaving the service."""
        wrapped = await self._post("rewrap", ciphertext=json.loads(note)["ciphertext"])
        return json.dumps({"ciphertext": wrapped["ciphertext"]}).encode()

    async def _post(self, action: str, **body: str) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, transport=self._transport) as client:
                response = await client.post(
                    f"{self._base}/{action}/{self._key_name}",
                    json=body,
                    headers={"X-Vault-Token": self._token(), "X-Vault-Request": "true"},
                )
        except httpx.TransportError as error:
            raise KeyServiceUnavailable(f"it did not answer ({type(error).__name__})") from error
        if response.status_code >= 500 or response.status_code in (429, 472, 473):
            raise KeyServiceUnavailable(f"it answered {response.status_code}: {_reasons(response)}")
        if response.status_code != 200:
            raise KeyServiceRefused(f"it answered {response.status_code}: {_reasons(response)}")
        data: dict[str, Any] = response.json()["data"]
        return data


def _reasons(response: httpx.Response) -> str:
    try:
        return "; ".join(response.json()["errors"]) or "no reason given"
    except (ValueError, KeyError, TypeError):
        return "no reason given"
