"""A model on any server that speaks the OpenAI chat API: vLLM, llama-server, SGLang, Ollama.

The address and the secret come from the operator, never from a graph. No redirects are followed.
"""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import httpx

from agent_runtime.errors import ModelFailed, ModelMissing, ModelUnavailable, PromptTooLong
from agent_runtime.models import chatml
from agent_runtime.ports import ChatMessage, ReplyEnd, ReplyPart, Sampling, TextDelta

CHARACTERS_PER_TOKEN = 3
"""A cautious guess for Latin script; others are counted by their UTF-8 bytes."""
MAX_LINE_BYTES = 1_000_000
MAX_CHARACTERS_A_TOKEN = 40
"""No tokenizer's tokens are as long on average: a server that sends more does not keep to the length asked for."""


class OpenAICompatibleModel:
    """A `ChatModel` over one model of one server."""

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        api_key: str | None = None,
        context_tokens: int = 8192,
        silence_s: float = 60.0,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """`base_url` ends before `/chat/completions`. `silence_s` is how long the server may say nothing."""
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._model = model
        self._context_tokens = context_tokens
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = client or httpx.AsyncClient(
            timeout=httpx.Timeout(silence_s, connect=10.0), follow_redirects=False, trust_env=False
        )

    @property
    def name(self) -> str:
        return self._model

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(m.content.encode("utf-8", "replace")) // CHARACTERS_PER_TOKEN + 8 for m in messages)

    async def reply(
        self, messages: Sequence[ChatMessage], sampling: Sampling
    ) -> AsyncGenerator[ReplyPart, None]:
        estimate = await self.count_tokens(messages)
        body = {
            "model": self._model,
            "messages": [
                {"role": message.role, "content": chatml.without_specials(message.content)}
                for message in messages
            ],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if sampling.shape is not None:
            schema = {"name": "answer", "strict": True, "schema": sampling.shape}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if sampling.stop:
            body["stop"] = list(sampling.stop)[:4]
        try:
            async with self._client.stream("POST", self._url, json=body, headers=self._headers) as response:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    raise self._refusal(response, estimate)
                async for part in self._parts(response, estimate, sampling.max_tokens):
                    yield part
        except httpx.TimeoutException as error:
            raise ModelUnavailable(
                "The model server did not answer in time. Ask again; if it stays so, the operator must look."
            ) from error
        except httpx.HTTPError as error:
            raise ModelUnavailable(
                "The model server cannot be reached. Ask again; if it stays so, the operator must check "
                "QANAT_LLM_URL and whether that server runs."
            ) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _parts(
        self, response: httpx.Response, estimate: int, max_tokens: int
    ) -> AsyncGenerator[ReplyPart, None]:
        pieces, reason, usage = 0, "", dict[str, Any]()
        room = max_tokens * MAX_CHARACTERS_A_TOKEN
        async for payload in _payloads(response):
            if payload == b"[DONE]":
                break
            chunk = _chunk(payload)
            usage = chunk.get("usage") or usage
            for choice in chunk.get("choices") or []:
                text = (choice.get("delta") or {}).get("content")
                reason = choice.get("finish_reason") or reason
                if isinstance(text, str) and text:
                    pieces += 1
                    yield TextDelta(text[:room])
                    room -= len(text)
                    if room <= 0:
                        yield ReplyEnd(estimate, max(pieces, max_tokens), "length")
                        return
        if not reason and not pieces:
            raise ModelFailed("The model server closed the line without an answer. Ask again.")
        yield ReplyEnd(
            _count(usage, "prompt_tokens", estimate),
            _count(usage, "completion_tokens", pieces),
            "length" if reason == "length" else "stop",
        )

    def _refusal(self, response: httpx.Response, estimate: int) -> Exception:
        status = response.status_code
        if status in (401, 403):
            return ModelMissing(
                "The model server refuses our key: the operator must check QANAT_LLM_API_KEY."
            )
        if status == 404:
            return ModelMissing(
                f"The model server has no model {self._model!r}, or its address is wrong: the operator must "
                "check QANAT_LLM_MODEL and QANAT_LLM_URL."
            )
        if status in (408, 409, 425, 429) or status >= 500:
            return ModelUnavailable(f"The model server is not ready (HTTP {status}). Ask again in a moment.")
        if status in (400, 413, 422) and "context" in response.text[:2000].lower():
            return PromptTooLong(prompt_tokens=estimate, window_tokens=self._context_tokens)
        return ModelFailed(f"The model server refused the request (HTTP {status}).")


async def _payloads(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The data of each server-sent event, one line each."""
    held = b""
    async for piece in response.aiter_bytes():
        *lines, held = (held + piece).split(b"\n")
        if len(held) > MAX_LINE_BYTES:
            raise ModelFailed("The model server sent a line that is far too long.")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


def _chunk(payload: bytes) -> Mapping[str, Any]:
    try:
        chunk = json.loads(payload)
    except ValueError as error:
        raise ModelFailed("The model server sent something that is not JSON. Ask again.") from error
    if not isinstance(chunk, dict) or "error" in chunk:
        raise ModelFailed("The model server broke off with an error. Ask again.")
    return chunk


def _count(usage: Mapping[str, Any], name: str, fallback: int) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else fallback
