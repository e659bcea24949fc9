"""Puts the contracts on a chain once, and makes sure at every start that they are the ones we know.

Three keys with three jobs: `admin` deploys and holds the roles TAKEDOWN, TREASURY and PAUSER, `operator`
signs batches and opens no function, `relayer` pays the gas of settlements and holds nothing else. What was
deployed is written to SQL step by step, so that an interrupted deployment goes on where it stopped.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's too

from licensing.abi import interface
from licensing.chain import CONTRACTS, Chain
from licensing.errors import ChainMismatch
from licensing.keys import KeyRing
from licensing.ports import Database
from licensing.tables import facts
from licensing.transactions import Mined, Transactions
from licensing.values import Address

CONTRACTS_VERSION = 2
"""Counts the sets of contracts that were ever deployed. The functions and events of an earlier set that we use
are in every later one, so that a chain keeps the set it began with: 1 knows no forks, no payments by authorization."""
_LACKS = {
    1: (
        "This chain's contracts were deployed by an earlier Qanat and cannot be changed. Everything on them goes on "
        "as it was: licenses, deposits, settlements, claims. They know no forks; a new data folder gets contracts "
        "that do."
    )
}
WITHDRAW_DELAY_S = 24 * 3600
"""Longer than a settlement ever waits (6 h), its finality and a night without electricity."""
_OPERATOR, _TAKEDOWN, _TREASURY, _PAUSER = 1, 2, 3, 4
_ROLES: tuple[tuple[str, str, int], ...] = (
    ("AssetRegistry", "setFrozen", _TAKEDOWN),
    ("Settlement", "setTreasury", _TREASURY),
    ("Settlement", "pause", _PAUSER),
    ("Settlement", "unpause", _PAUSER),
    ("Licenses", "pause", _PAUSER),
    ("Licenses", "unpause", _PAUSER),
)


class Deployment:
    """The contract set of one chain."""

    def __init__(self, chain: Chain, database: Database, keys: KeyRing, transactions: Transactions) -> None:
        self._chain, self._database, self._keys, self._transactions = chain, database, keys, transactions

    async def ready(self, *, currency: Address | None) -> None:
        """Bind the chain to its contracts, deploying those that are missing.

        Raises:
            ChainMismatch: this is not the chain that the records belong to.
            TransactionFailed, FundsMissing, ChainUnavailable: deploying did not succeed; start again to go
            on.
        """
        known = await self._facts()
        if (chain_id := known.get("chain_id")) is not None and int(chain_id) != self._chain.chain_id:
            raise ChainMismatch(
                f"The records belong to chain {chain_id}, and the node serves chain {self._chain.chain_id}. "
                "Name the right node, or use another data folder."
            )
        await self._remember("chain_id", str(self._chain.chain_id))
        version = int(known.get("contracts_version", "1"))
        if "deployed" not in known:
            if version != CONTRACTS_VERSION:  # an earlier Qanat began and nothing was used: begin anew
                known = {}
            version = CONTRACTS_VERSION
            await self._remember("contracts_version", str(version))
            await self._deploy(known, currency)
            await self._remember("deployed", "yes")
            known = await self._facts()
        if version > CONTRACTS_VERSION:
            raise ChainMismatch(
                f"These contracts are of version {version}, and this Qanat knows them up to {CONTRACTS_VERSION}. "
                "Start the newer Qanat that deployed them."
            )
        self._chain.contracts_version, self._chain.contracts_lack = version, _LACKS.get(version)
        self._chain.bind({name: Address(known[name]) for name in CONTRACTS})
        await self._verify()

    async def first_block(self) -> int:
        """Where following the chain begins: nothing of ours is older."""
        return int((await self._facts()).get("first_block", "0"))

    async def _deploy(self, known: dict[str, str], currency: Address | None) -> None:
        admin = self._keys.server("admin")
        if "first_block" not in known:
            await self._remember("first_block", str(await self._chain.head_number()))

        async def create(name: str, *arguments: object) -> Address:
            return await self._once(known, name, lambda: self._create(admin, name, *arguments))

        authority = await create("AccessManager", admin)
        if currency is not None:
            await self._remember("TestCurrency", currency)
            money = currency
        else:
            money = await create("TestCurrency")
        registry = await create("AssetRegistry", authority)
        settlement = await create("Settlement", authority, money, registry, admin, WITHDRAW_DELAY_S)
        self._chain.bind({"AssetRegistry": registry, "Settlement": settlement, "AccessManager": authority})
        await self._remember("Receipts", await self._chain.read("AssetRegistry", "receipts"))
        await self._remember("Licenses", await self._chain.read("Settlement", "licenses"))
        await self._open_roles(await self._facts())
        await self._open_forks(await self._facts())

    async def _open_roles(self, known: dict[str, str]) -> None:
        """Safe to repeat: granting what is granted changes nothing."""
        admin, operator = self._keys.server("admin"), self._keys.server("operator")
        authority, manager = Address(known["AccessManager"]), interface("AccessManager")
        for contract, function, role in _ROLES:
            selector = interface(contract).selector(function)
            data = manager.call("setTargetFunctionRole", known[contract], [selector], role)
            await self._transactions.send(admin, authority, data, doing=f"guard {contract}.{function}")
        for role, account in (
            (_OPERATOR, operator),
            (_TAKEDOWN, admin),
            (_TREASURY, admin),
            (_PAUSER, admin),
        ):
            data = manager.call("grantRole", role, account, 0)
            await self._transactions.send(admin, authority, data, doing=f"grant role {role}")

    async def _open_forks(self, known: dict[str, str]) -> None:
        """Let the registry ask Licenses who may fork. It can be said once; a crash after it is no harm."""
        self._chain.bind({name: Address(known[name]) for name in CONTRACTS})
        if await self._chain.read("AssetRegistry", "forkRights") == known["Licenses"]:
            return
        data = interface("AssetRegistry").call("bindForkRights", known["Licenses"])
        admin = self._keys.server("admin")
        await self._transactions.send(admin, Address(known["AssetRegistry"]), data, doing="open forks")

    async def _create(self, admin: Address, name: str, *arguments: object) -> Mined:
        return await self._transactions.send(
            admin, None, interface(name).creation(*arguments), doing=f"deploy {name}"
        )

    async def _once(
        self, known: dict[str, str], name: str, create: Callable[[], Awaitable[Mined]]
    ) -> Address:
        if name in known and await self._chain.has_code(Address(known[name])):
            return Address(known[name])
        mined = await create()
        assert mined.contract_address is not None  # a transaction without `to` creates one or reverts
        await self._remember(name, mined.contract_address)
        return mined.contract_address

    async def _verify(self) -> None:
        for name, address in self._chain.addresses.items():
            if not await self._chain.has_code(address):
                raise ChainMismatch(
                    f"There is no contract at {address}, where {name} was. The chain was reset. "
                    "Restore its state, or use another data folder."
                )
        joined = {
            "AssetRegistry": await self._chain.read("Settlement", "registry"),
            "Licenses": await self._chain.read("Settlement", "licenses"),
            "Receipts": await self._chain.read("AssetRegistry", "receipts"),
            "TestCurrency": await self._chain.read("Settlement", "currency"),
        }
        if self._chain.contracts_version >= 2:  # no one else may tell the registry who forks
            forks = await self._chain.read("AssetRegistry", "forkRights")
            if forks != self._chain.addresses["Licenses"]:
                raise ChainMismatch(f"The registry asks another contract, {forks}, who may fork.")
        for name, address in joined.items():
            if self._chain.addresses[name] != address:
                raise ChainMismatch(f"The settlement works with another {name}, {address}, than recorded.")
        is_operator, _ = await self._chain.read(
            "AccessManager", "hasRole", _OPERATOR, self._keys.server("operator")
        )
        if not is_operator:
            raise ChainMismatch(
                f"{self._keys.server('operator')} is no operator any more: no settlement would pass. "
                "Grant it the role, or use another data folder."
            )

    async def _facts(self) -> dict[str, str]:
        async with self._database.reading() as connection:
            return {row.name: row.value for row in await connection.execute(select(facts))}

    async def _remember(self, name: str, value: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(
                insert(facts)
                .values(name=name, value=value)
                .on_conflict_do_update(index_elements=["name"], set_={"value": value})
            )
