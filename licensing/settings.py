"""What licensing is told about its surroundings. The backend reads the environment; nothing here does."""

from dataclasses import dataclass, field
from pathlib import Path

from licensing.values import Address, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensingSettings:
    folder: Path
    """Where the local chain keeps its state, inside the data folder; made when missing."""
    rpc_url: str | None = None
    """Address of a chain to use; None starts a local one."""
    currency: Address | None = None
    """Address of the currency contract on a chain of `rpc_url`; None deploys the test currency."""
    confirmations: int = 0
    """How many blocks must follow before a purchase counts; the local chain needs none."""
    finality_depth: int = 0
    """How many blocks must follow before a block is taken as final."""
    poll_interval_s: float = 0.5
    local_port: int | None = None
    """Port of the local chain on 127.0.0.1; None takes a free one."""
    anvil: Path | None = None
    """The local chain's program; None finds the one that npm installed."""
    restart_local_chain: bool = True
    """Start the local chain again when its process died; its state is on disk."""
    limits: Limits = field(default_factory=Limits)
