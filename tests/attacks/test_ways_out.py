"""Whatever the product asks of other machines goes through the guard, or to an address that the operator gave."""

import pytest

from agent_runtime import mcp
from agent_runtime.errors import OutsideRefused, OutsideUnavailable
from agent_runtime.ports import WebRequest
from backend.outside.mcp_servers import OperatorsMcpServers, allowed_servers
from backend.outside.requests import Owner
from backend.outside.web_services import GuardedWebServices
from backend.settings import McpServer
from knowledge_vault.guarded_http import GuardedHttp
from tests.attacks import product
from tests.backend.outside import a_service, unused_secrets
from tests.backend.test_mcp_tools import servers_at, talking, used
from tests.knowledge_vault.test_fetching import HOSTILE

SPEAKS = {
    "httpx",
    "httpx2",
    "requests",
    "aiohttp",
    "urllib3",
    "urllib.request",
    "http.client",
    "httpcore",
    "socket",
}
SPEAKS |= {"websockets", "ftplib", "smtplib", "telnetlib", "paramiko", "xmlrpc.client", "web3", "mcp"}
WAYS_OUT = {
    "agent_runtime/models/openai_compatible.py": "a model server that the operator named",
    "backend/models/connecting.py": "the same, with a guard of its own",
    "knowledge_vault/keys/transit.py": "a key service by setting",
    "licensing/rpc.py": "a chain's address by setting",
    "licensing/anvil.py": "a free port of this machine, for the local chain",
    "knowledge_vault/guarded_http.py": "the guard itself",
    "knowledge_vault/parsing/process.py": "a pair of sockets with the reader, no network",
    "knowledge_vault/parsing/template.py": "the same",
    "knowledge_vault/parsing/worker.py": "the same",
    "backend/cli/connection.py": "this product's own server",
    "backend/cli/evaluate.py": "the same",
    "backend/cli/serve.py": "a free port",
    "backend/cli/vault.py": "this product's own server",
    "backend/cli/watch.py": "the same",
}


def test_every_way_out_of_the_product_is_known() -> None:
    """CVE-2025-56520 (Dify: a fetch beside the guard). A new way out needs a line in this table."""
    found = {path for path, name in product.imported() if name in SPEAKS or name.split(".")[0] in SPEAKS}
    assert found == set(WAYS_OUT)


INSIDE = [each for each in HOSTILE if each.startswith("http://") and "exa" not in each]


@pytest.mark.parametrize("url", INSIDE)
async def test_a_step_reaches_no_address_of_the_servers_own_network_however_it_is_written(url: str) -> None:
    """CVE-2025-56520 (Dify), and the rule of peers.md: every fetch through one guard."""
    services = GuardedWebServices(GuardedHttp(), Owner("ada", unused_secrets()))
    with pytest.raises((OutsideRefused, OutsideUnavailable)) as refused:
        await services.call(WebRequest(method="POST", url=url, body=b"{}", timeout_s=3.0))
    # What is no name to the system's resolver never gets as far as a connection.
    assert isinstance(refused.value, OutsideRefused) or not refused.value.sent


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/api/keys", "http://169.254.169.254/mcp", "http://[::1]/mcp"]
)
async def test_a_server_that_the_operator_named_as_public_is_reached_in_public_only(url: str) -> None:
    """CVE-2025-56520's class, through an MCP server's address that came to point inside."""
    servers = OperatorsMcpServers(
        allowed_servers([McpServer(name="w", url=url)]), Owner("ada", unused_secrets())
    )
    with pytest.raises(OutsideRefused, match="not on the public web"):
        await mcp.list_tools(servers, "w")


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "[fd00:ec2::254]"])
async def test_a_private_server_is_never_where_clouds_hand_out_secrets(address: str) -> None:
    """CVE-2025-56520's class: what the operator called private is one machine of theirs, and no metadata service."""
    named = McpServer(name="w", url=f"http://{address}/mcp", private=True)
    servers = OperatorsMcpServers(allowed_servers([named]), Owner("ada", unused_secrets()))
    with pytest.raises(OutsideRefused, match="not on the public web"):
        await mcp.list_tools(servers, "w")


async def test_what_a_reply_points_to_is_not_fetched() -> None:
    """EchoLeak (CVE-2025-32711): addresses in what comes back are text. Nothing turns them into requests."""
    async with a_service(lambda asked: b"") as thief:
        link = {"type": "resource_link", "uri": thief.address, "name": "x"}
        image = {"type": "text", "text": f"![x]({thief.address}/pixel.png)"}
        async with a_service(talking({"tools/call": {"content": [link, image]}})) as here:
            answer = await used(servers_at(here.address))
        assert answer.left_out == ("resource_link",)
        assert thief.asked == []
