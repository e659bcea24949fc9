"""The HTTP application: routes, error shapes, security headers, the front end."""

from fastapi import FastAPI

from backend import errors, web
from backend.accounts.routes import router as accounts
from backend.agent_tests.routes import router as agent_tests
from backend.agents.history_routes import router as agent_history
from backend.agents.routes import router as agents
from backend.api_keys.routes import router as api_keys
from backend.catalogue.routes import router as catalogue
from backend.chats.routes import router as chats
from backend.earnings.routes import router as earnings
from backend.facts.routes import router as facts
from backend.health.routes import router as health
from backend.inquiries.routes import router as inquiries
from backend.licenses.routes import router as licenses
from backend.models.routes import router as models
from backend.openai_api.routes import router as openai_api
from backend.outside.routes import router as mcp_servers
from backend.root_key.routes import router as root_key
from backend.runs.retracing_routes import router as retracing
from backend.runs.routes import router as runs
from backend.scrubs.routes import router as scrubs
from backend.services import Services
from backend.settings import Settings
from backend.stored_secrets.routes import router as stored_secrets
from backend.vaults.chunking_routes import router as chunking
from backend.vaults.document_routes import router as documents
from backend.vaults.keys_routes import router as vault_keys
from backend.vaults.routes import router as vaults
from backend.vaults.search_routes import router as vault_search
from backend.vaults.web_pages import router as web_pages

VERSION = "0.1.0"


def create_app(settings: Settings, services: Services | None) -> FastAPI:
    """The application over services that run already; `None` makes one that can only be described."""
    app = FastAPI(
        title="Qanat",
        version=VERSION,
        summary="Vaults, agents, licenses and earnings over HTTP.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    app.add_middleware(web.BodyLimit)
    app.add_middleware(web.SecurityHeaders)
    errors.install(app)
    for router in (
        health,
        accounts,
        api_keys,
        stored_secrets,
        mcp_servers,
        vaults,
        documents,
        chunking,
        vault_search,
        web_pages,
        agents,
        agent_history,
        agent_tests,
        runs,
        retracing,
        chats,
        inquiries,
        facts,
        catalogue,
        licenses,
        earnings,
        openai_api,
        root_key,
        vault_keys,
        models,
        scrubs,
    ):
        app.include_router(router)
    web.serve_frontend(app, settings.frontend_dir)
    return app
