"""The chain as licensing sees it: blocks, events, contract reads, and our contracts' addresses.

Reads only; `transactions.py` writes. The node may be any that speaks JSON-RPC; nothing here is anvil's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from licensing.abi import Event, interface, revert_in_words
from licensing.errors import TransactionFailed
from licensing.rpc import Rpc, RpcRefused
from licensing.values import Address, Block

CONTRACTS = ("AccessManager", "TestCurrency", "AssetRegistry", "Receipts", "Licenses", "Settlement")
FOLLOWED = ("AssetRegistry", "Receipts", "Licenses", "Settlement")
"""Whose events make up the state."""


@dataclass(frozen=True, slots=True)
class Header:
    block: Block
    parent_hash: str


class Chain:
    """One chain, reached through one node."""

    def __init__(self, rpc: Rpc) -> None:
        self.rpc = rpc
        self.chain_id = 0
        self.addresses: dict[str, Address] = {}
        self.contracts_version = 0
        self.contracts_lack: str | None = None
        """In words, what contracts deployed by an earlier Qanat cannot do."""
        self._names: dict[str, str] = {}

    async def connect(self) -> int:
        """Ask which chain this is. Raises `ChainUnavailable`."""
        self.chain_id = int(await self.rpc.call("eth_chainId"), 16)
        return self.chain_id

    def bind(self, addresses: dict[str, Address]) -> None:
        """From now on contract names stand for these addresses."""
        self.addresses = dict(addresses)
        self._names = {address.lower(): name for name, address in addresses.items() if name in FOLLOWED}

    # --- blocks and events

    async def head_number(self) -> int:
        return int(await self.rpc.call("eth_blockNumber"), 16)

    async def header(self, which: int | str) -> Header | None:
        """By number, or by a tag such as `latest` or `finalized`; None when there is no such block."""
        try:
            answer = await self.rpc.call(
                "eth_getBlockByNumber", hex(which) if isinstance(which, int) else which, False
            )
        except RpcRefused:
            return None
        if answer is None:
            return None
        block = Block(
            number=int(answer["number"], 16), hash=answer["hash"], timestamp=int(answer["timestamp"], 16)
        )
        return Header(block=block, parent_hash=answer["parentHash"])

    async def events_of_block(self, block_hash: str) -> list[Event] | None:
        """Our events in one very block; None when the node no longer knows it (it was orphaned)."""
        try:
            answer = await self.rpc.call(
                "eth_getLogs", {"blockHash": block_hash, "address": list(self._names)}
            )
        except RpcRefused:
            return None
        return self._decoded(answer)

    async def events_between(self, first: int, last: int) -> list[Event]:
        """Our events in a range of blocks that are final: by number, nothing tells an orphan."""
        answer = await self.rpc.call(
            "eth_getLogs",
            {"fromBlock": hex(first), "toBlock": hex(last), "address": list(self._names)},
        )
        return self._decoded(answer)

    def events_of_receipt(self, receipt: dict[str, Any]) -> list[Event]:
        return self._decoded(receipt["logs"])

    def _decoded(self, entries: Sequence[dict[str, Any]]) -> list[Event]:
        events = []
        for entry in entries:
            name = self._names.get(entry["address"].lower())
            decoded = interface(name).event(entry["topics"], entry["data"]) if name else None
            if name is None or decoded is None:
                continue
            events.append(
                Event(
                    contract=name,
                    name=decoded[0],
                    arguments=decoded[1],
                    block_number=int(entry["blockNumber"], 16),
                    block_hash=entry["blockHash"],
                    log_index=int(entry["logIndex"], 16),
                    transaction_hash=entry["transactionHash"],
                )
            )
        return events

    # --- reading contracts

    async def read(self, contract: str, function: str, *arguments: Any, block: str = "latest") -> Any:
        """The result of a view function.

        Raises:
            TransactionFailed: the contract refused, in its own words.
        """
        data = interface(contract).call(function, *arguments)
        try:
            answer = await self.rpc.call(
                "eth_call", {"to": self.addresses[contract], "data": "0x" + data.hex()}, block
            )
        except RpcRefused as error:
            raise TransactionFailed(f"read {contract}.{function}", reason=self.explain(error)) from error
        return interface(contract).result(function, bytes.fromhex(answer[2:]))

    async def gas_balance(self, address: Address) -> int:
        return int(await self.rpc.call("eth_getBalance", address, "latest"), 16)

    async def currency_balance(self, address: Address) -> int:
        return int(await self.read("TestCurrency", "balanceOf", address))

    async def has_code(self, address: Address) -> bool:
        return str(await self.rpc.call("eth_getCode", address, "latest")) not in ("0x", "")

    def explain(self, error: RpcRefused) -> str:
        """A node's refusal in words: the contract's own error where there is one."""
        return revert_in_words(error.data, error.message, *CONTRACTS)
