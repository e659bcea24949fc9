"""The HTTP application: routes, error shapes, security headers, the front end."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from backend import errors, web
from backend.accounts.routes import router as accounts
from backend.agents.routes import router as agents
from backend.api_keys.routes import router as api_keys
from backend.catalogue.routes import router as catalogue
from backend.chats.routes import router as chats
from backend.earnings.routes import router as earnings
from backend.health.routes import router as health
from backend.licenses.routes import router as licenses
from backend.openai_api.routes import router as openai_api
from backend.runs.routes import router as runs
from backend.services import Services
from backend.settings import Settings
from backend.vaults.routes import router as vaults

VERSION = "0.1.0"


def create_app(settings: Settings, running: Callable[[], AbstractAsyncContextManager[Services]]) -> FastAPI:
    """The application; `running` starts the services and stops them when the server does."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running() as services:
            app.state.services = services
            yield

    app = FastAPI(
        title="Qanat",
        version=VERSION,
        summary="Vaults, agents, licenses and earnings over HTTP.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.add_middleware(web.BodyLimit)
    app.add_middleware(web.SecurityHeaders)
    errors.install(app)
    for router in (
        health,
        accounts,
        api_keys,
        vaults,
        agents,
        runs,
        chats,
        catalogue,
        licenses,
        earnings,
        openai_api,
    ):
        app.include_router(router)
    web.serve_frontend(app, settings.frontend_dir)
    return app
