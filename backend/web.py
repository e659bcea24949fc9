"""What wraps every answer: security headers, a limit on request bodies, and the built front end at `/`."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import NotFound, problem_document, respond

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
MAX_BODY_BYTES = 1_000_000
LIMITED_ELSEWHERE = ("/documents", "/api/models/files")
"""Uploads of documents, which the vault limits file by file, and of models, which have a limit of their own."""
NOT_PAGES = ("/api/", "/v1/", "/healthz", "/readyz", "/openapi.json")


class SecurityHeaders:
    """Adds the headers that keep a page from loading or leaking anything elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Answers 413 to bodies above the limit, whatever their headers claim."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(LIMITED_ELSEWHERE):
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
            await self._refuse(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY_BYTES:
                # As if the client had hung up: what was read so far is dropped, nothing acts on half a body.
                return {"type": "http.disconnect"}
            return message

        await self._app(scope, counted, send)

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"A request may carry {MAX_BODY_BYTES // 1000} kB. Documents go to a vault's upload."
        document = problem_document(413, "too-large", "Too large", detail)
        await respond(document)(scope, receive, send)


def serve_frontend(app: FastAPI, folder: Path) -> None:
    """Serve the built front end; every path that is no file and no API is a page of the app."""
    root = folder.resolve()

    @app.get("/{path:path}", include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        if request.url.path.startswith(NOT_PAGES):
            raise NotFound(f"There is nothing at {request.url.path}.")
        candidate = (root / path).resolve()
        if path and candidate.is_relative_to(root) and candidate.is_file():
            immutable = candidate.is_relative_to(root / "assets")
            cache = "public, max-age=31536000, immutable" if immutable else "no-cache"
            return FileResponse(candidate, headers={"Cache-Control": cache})
        index = root / "index.html"
        if not index.is_file():
            raise NotFound("The pages are not built yet. Run `make prepare`, then start again.")
        return FileResponse(index, headers={"Cache-Control": "no-cache"})
