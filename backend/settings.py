"""Every setting of the product, read once from the environment (prefix `QANAT_`). Nothing else reads it."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _home(variable: str, fallback: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / fallback)


class McpServer(BaseModel):
    """One MCP server that agents may use, over HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    """What builders choose it by."""
    url: str = Field(pattern=r"^https?://[^/@\s?#]+(/[^\s?#]*)?$")
    """Its one address."""
    private: bool = False
    """Whether this address, and no other, may lie in this server's own network."""
    token_file: Path | None = None
    """A file that holds a token for it, sent as `Authorization: Bearer …`, read anew each time."""


class Settings(BaseSettings):
    """What an operator may decide. Each field is `QANAT_<NAME>` in the environment and a line in docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="QANAT_", extra="ignore")

    host: str = "127.0.0.1"
    """The address the server listens on."""
    port: int = Field(8000, ge=0, le=65535)
    """The port the server listens on."""
    public_url: str | None = None
    """The address people type, when a proxy stands in front; sign-in by wallet is bound to it."""

    data_dir: Path = Field(default_factory=lambda: _home("XDG_DATA_HOME", ".local/share") / "qanat")
    """Holds everything the product keeps, sealed."""
    database_url: SecretStr | None = None
    """A PostgreSQL database for the records, such as `postgresql://qanat:password@db.internal/qanat`; without, a SQLite
    file in the data folder."""
    root_key_file: Path = Field(
        default_factory=lambda: _home("XDG_CONFIG_HOME", ".config") / "qanat" / "root.key"
    )
    """The root key, 32 bytes, outside the data folder; made at the first start."""
    root_key_provider: Literal["file", "passphrase", "keyring", "transit"] = "file"
    """What keeps the root key; `qanat keys move` changes it for data that is there already."""
    root_passphrase_file: Path | None = None
    """With the provider `passphrase`: a file that holds it; without, it is asked for at the terminal."""
    transit_url: str | None = None
    """With the provider `transit`: the address of HashiCorp Vault or OpenBao."""
    transit_key: str = "qanat"
    """The name of the key in its transit engine."""
    transit_mount: str = "transit"
    """Where that engine is mounted."""
    transit_token_file: Path | None = None
    """A file that holds the token to show, read anew each time."""
    models_dir: Path = Field(default_factory=lambda: _home("XDG_CACHE_HOME", ".cache") / "qanat" / "models")
    """Where `scripts/prepare` and `qanat models get` put model files."""
    frontend_dir: Path = Path(__file__).resolve().parent.parent / "frontend" / "dist"
    """The built front end that is served at `/`."""
    contracts_dir: Path = Path(__file__).resolve().parent.parent / "licensing" / "contracts"
    """The contracts' artifacts and the npm packages beside them (anvil)."""
    samples_dir: Path = Path(__file__).resolve().parent.parent / "samples"
    """The sample vault and the sample agent."""
    load_sample: bool = True
    """Load the sample vault and publish the sample agent at the first start."""

    embedder_dir: Path | None = None
    """A sentence-transformers folder; by default multilingual-e5-small in `models_dir`."""
    embedder_threads: int | None = Field(None, ge=1)
    """Documents embedded side by side, a thread each; by default as many as cores. They give way to all else."""

    reranker_dir: Path | None = None
    """The folder of a cross-encoder that puts the best passages of a search in order; none by default."""
    reranker_candidates: int = Field(30, ge=2, le=200)
    """How many of the best passages it reads."""
    reranker_timeout_s: float = Field(10.0, gt=0)
    """How long a search waits for it before it keeps its own order."""

    qdrant_url: str | None = Field(None, pattern=r"^https?://[^/]")
    """A Qdrant server or cluster to keep the search index in, instead of in the data folder."""
    qdrant_api_key: SecretStr | None = None
    """The key for that server."""
    qdrant_collection: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]+$")
    """The collection there; one installation's alone. By default a name made for this installation."""
    qdrant_ca_file: Path | None = None
    """Who signs that server's certificate, where it is no public authority."""
    qdrant_copies: int = Field(1, ge=1)
    """On how many nodes of a cluster each point is kept, in a collection made anew."""

    llm_path: Path | None = None
    """A GGUF file to answer with; by default the packaged SmolLM2-135M-Instruct in `models_dir`."""
    llm_threads: int | None = Field(None, ge=1)
    """Threads for the model; by default one less than the cores (all of them collapse under other load)."""
    llm_context_tokens: int = Field(4096, ge=512)
    """The model's window: prompt and answer together."""
    llm_gpu_layers: int | None = Field(None, ge=-1)
    """Layers to put on the GPU; by default all when the installed build can, -1 for all, 0 for none."""
    llm_url: str | None = None
    """An OpenAI-compatible server to answer with instead (for example http://127.0.0.1:8080/v1)."""
    llm_model: str | None = None
    """The model's name at that server."""
    llm_api_key: str | None = None
    """The key for that server."""

    max_model_bytes: int = Field(20_000_000_000, ge=1)
    """The largest model file that may be sent; a larger one can be added by its path."""
    max_upload_bytes: int = Field(100_000_000, ge=1)
    """The largest file a vault takes."""
    run_timeout_s: float = Field(300.0, gt=0)
    """How long one run may take."""
    run_max_steps: int = Field(200, ge=1)
    """How many steps one run may take; repeated ones count each time."""
    run_max_tokens: int = Field(20_000, ge=1)
    """How many tokens the models of one run may read and write together."""
    session_days: int = Field(30, ge=1)
    """How long a sign-in lasts."""

    web_services: bool = True
    """Whether agents may call web services on the public web."""
    mcp_servers: tuple[McpServer, ...] = ()
    """The MCP servers that agents may use, as JSON: `[{"name": "weather", "url": "https://mcp.example.org/mcp"}]`."""

    chain_grace_s: float = Field(600.0, ge=0)
    """How long licenses already valid are honoured while the chain does not answer."""
    settle_after_s: float = Field(6 * 3600.0, gt=0)
    """How old a charge may grow before it is settled on chain; much money is settled sooner."""

    log_level: str = "INFO"
    """The least severe log line that is written: DEBUG, INFO, WARNING or ERROR."""

    @field_validator("mcp_servers")
    @classmethod
    def _one_of_a_name(cls, given: tuple[McpServer, ...]) -> tuple[McpServer, ...]:
        if len({server.name for server in given}) != len(given):
            raise ValueError("two MCP servers have the same name")
        return given

    @field_validator("reranker_dir", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return given or None

    @property
    def embedder(self) -> Path:
        return self.embedder_dir or self.models_dir / "multilingual-e5-small"

    @property
    def llm(self) -> Path:
        return self.llm_path or self.models_dir / "SmolLM2-135M-Instruct.Q4_1.gguf"

    @property
    def origin(self) -> str:
        """Scheme, host and port as a browser names them."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
