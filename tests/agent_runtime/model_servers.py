"""Real HTTP servers that speak the OpenAI chat API, as far as we use it, over a scripted model; or misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from agent_runtime.errors import PromptTooLong
from agent_runtime.models.scripted import ScriptedModel
from agent_runtime.ports import ChatMessage, Sampling, TextDelta

Handler = Callable[[dict[str, Any], asyncio.StreamWriter], Any]


@asynccontextmanager
async def a_server(handle: Handler) -> AsyncIterator[str]:
    """A real HTTP server on a free port, which answers every request as `handle` does; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            size = int(head.split("content-length:")[1].split("\r\n")[0])
            await handle(json.loads(await reader.readexactly(size)), writer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def sse(chunk: Any) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def serving(model: ScriptedModel) -> Handler:
    """The OpenAI chat API, as far as we use it, over a scripted model."""

    async def handle(body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        messages = [ChatMessage(m["role"], m["content"]) for m in body["messages"]]
        sampling = Sampling(max_tokens=body["max_tokens"], stop=tuple(body.get("stop", ())))
        try:
            head = STREAM
            async with aclosing(model.reply(messages, sampling)) as parts:
                async for part in parts:
                    writer.write(head)
                    head = b""
                    if isinstance(part, TextDelta):
                        writer.write(sse({"choices": [{"delta": {"content": part.text}}]}))
                    else:
                        usage = {
                            "prompt_tokens": part.prompt_tokens,
                            "completion_tokens": part.completion_tokens,
                        }
                        writer.write(sse({"choices": [{"delta": {}, "finish_reason": part.reason}]}))
                        writer.write(sse({"choices": [], "usage": usage}) + b"data: [DONE]\n\n")
                    await writer.drain()
        except PromptTooLong:
            reason = b'{"error": "maximum context length exceeded"}'
            writer.write(b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n%s" % (len(reason), reason))

    return handle
