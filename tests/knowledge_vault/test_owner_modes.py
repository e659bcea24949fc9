"""A vault whose key its owner holds opens for that owner only, for as long as was said, and loses nothing meanwhile."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select, update

from knowledge_vault.custody import Replacing
from knowledge_vault.errors import (
    CodeUnreadable,
    ModeRefused,
    NotFound,
    PassphraseUnusable,
    SealBroken,
    UnlockRefused,
    VaultLocked,
)
from knowledge_vault.keys import codes
from knowledge_vault.keys.key_file import KeyFile
from knowledge_vault.keys.keyring import vault_rows
from knowledge_vault.keys.modes import PROMISES
from knowledge_vault.keys.root import RootKeeper
from knowledge_vault.tables import vault_grants, vault_wraps, vaults
from knowledge_vault.values import OwnerMode, Stage, VaultId
from knowledge_vault.vault import KnowledgeVault
from tests.knowledge_vault.making import ALICE, BOB, FixedClock, open_vault, stream, take_in

PASSPHRASE = "a hive behind the barn"
TEXT = "Bees sleep at night. The queen is called Ada."


async def held(vault: KnowledgeVault, *, hours: float = 8) -> tuple[VaultId, str]:
    """A vault with one document, whose owner has just taken its key; and the recovery code."""
    home = (await vault.create_vault(ALICE, name="Bees", description="All about bees")).id
    await take_in(vault, home, "bees.txt", TEXT)
    return home, await vault.custody.hold(ALICE, home, passphrase=PASSPHRASE, hours=hours)


async def finds(vault: KnowledgeVault, home: VaultId) -> bool:
    return TEXT in (await vault.search(ALICE, [home], "do bees sleep?")).passages[0].text


async def assert_locked(vault: KnowledgeVault, home: VaultId) -> None:
    listed = (await vault.list_vaults(ALICE))[0]
    assert listed.is_locked
    assert "Bees" not in listed.name + listed.description
    with pytest.raises(VaultLocked, match="Unlock it"):
        await vault.search(ALICE, [home], "do bees sleep?")
    with pytest.raises(VaultLocked):
        await vault.list_documents(ALICE, home)
    with pytest.raises(VaultLocked):
        await vault.add_document(ALICE, home, name="new.txt", content=stream(b"x"))
    with pytest.raises(VaultLocked):
        await vault.custody.rotate(ALICE, home, Replacing.VAULT_KEY)


async def test_a_restart_locks_and_passphrase_or_code_open_for_some_hours(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, code = await held(vault)
        assert await finds(vault, home)
        assert (await vault.get_vault(ALICE, home)).mode is OwnerMode.SESSION
    for way in ({"passphrase": PASSPHRASE}, {"code": code}):
        clock = FixedClock()
        async with open_vault(tmp_path, clock=clock) as vault:
            await assert_locked(vault, home)
            await vault.custody.unlock(ALICE, home, hours=2, **way)
            assert await finds(vault, home)
            opened = await vault.get_vault(ALICE, home)
            assert (opened.name, opened.is_locked) == ("Bees", False)
            clock.pass_by(hours=1.9)
            assert await finds(vault, home)
            clock.pass_by(hours=0.2)
            await assert_locked(vault, home)


async def test_the_owner_locks_at_once(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        passage = (await vault.search(ALICE, [home], "bees")).passages[0]
        await vault.custody.lock(ALICE, home)
        await assert_locked(vault, home)
        with pytest.raises(VaultLocked):
            await vault.passages_by_id(ALICE, [passage.passage_id])
        assert not vault._documents._opened, "no data key stays in memory"


async def test_nothing_that_the_server_keeps_opens_a_locked_vault(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        root_key = vault._vaults._keyring.root_key
        async with vault._database.reading() as connection:
            row = (await connection.execute(vault_rows())).one()
            wraps = (await connection.execute(select(vault_wraps))).all()
        assert row.sealed_key == b""
        assert {wrap.kind for wrap in wraps} == {"passphrase", "code"}
        for value in (value for value in row if isinstance(value, bytes) and value):
            for context in (
                ("vault-key", ALICE, home, row.key_version),
                ("search-secret", ALICE, home, row.search_version),
            ):
                with pytest.raises(SealBroken):
                    root_key.open(value, context)


@pytest.mark.parametrize(
    ("way", "error"),
    [
        ({"passphrase": "a hive before the barn"}, UnlockRefused),
        ({"code": codes.new_code()}, UnlockRefused),
        ({"code": "not a code"}, CodeUnreadable),
    ],
)
async def test_what_is_not_the_passphrase_or_the_code_opens_nothing(
    tmp_path: Path, way: dict[str, str], error: type[Exception]
) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        await vault.custody.lock(ALICE, home)
        with pytest.raises(error):
            await vault.custody.unlock(ALICE, home, hours=1, **way)
        await assert_locked(vault, home)
        with pytest.raises(NotFound):
            await vault.custody.unlock(BOB, home, hours=1, passphrase=PASSPHRASE)


@pytest.mark.parametrize("hours", [0, 0.5, 24.5, -1, float("nan")])
async def test_a_vault_opens_for_1_to_24_hours_only(tmp_path: Path, hours: float) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        with pytest.raises(ModeRefused, match="1 to 24 hours"):
            await vault.custody.unlock(ALICE, home, hours=hours, passphrase=PASSPHRASE)


async def test_a_new_passphrase_and_code_end_those_before(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, code = await held(vault)
        with pytest.raises(PassphraseUnusable, match="12 characters"):
            await vault.custody.hold(ALICE, home, passphrase="short", hours=8)
        new = await vault.custody.hold(ALICE, home, passphrase="a hive before the barn", hours=8)
        await vault.custody.lock(ALICE, home)
        for way in ({"passphrase": PASSPHRASE}, {"code": code}):
            with pytest.raises(UnlockRefused):
                await vault.custody.unlock(ALICE, home, hours=1, **way)
        await vault.custody.unlock(ALICE, home, hours=1, code=new)
        assert await finds(vault, home)


async def test_what_was_being_taken_in_waits_for_unlocking(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        added = await vault.add_document(ALICE, home, name="late.txt", content=stream(b"Wasps are late."))
        await vault.custody.lock(ALICE, home)
        await vault.parse(ALICE, added.document.id)
        await vault.index(ALICE, added.document.id)
        assert (ALICE, added.document.id) in await vault.unfinished()
        await vault.custody.unlock(ALICE, home, hours=1, passphrase=PASSPHRASE)
        assert (await vault.get_document(ALICE, added.document.id)).stage is Stage.SEALED
        await vault.parse(ALICE, added.document.id)
        await vault.index(ALICE, added.document.id)
        assert (await vault.get_document(ALICE, added.document.id)).stage is Stage.ACTIVE


async def test_keys_are_replaced_without_anybody_typing_anything(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, code = await held(vault)
        for what in Replacing:
            await vault.custody.rotate(ALICE, home, what)
            await vault.custody.wait(home)
        assert await finds(vault, home)
        root = RootKeeper(
            vault._database, KeyFile(tmp_path / "root.key", data_dir=tmp_path / "data"), FixedClock()
        )
        await root.open()
        await vault.custody.grant(ALICE, home, days=3)
        await root.rotate()
    async with open_vault(tmp_path) as vault:
        assert await finds(vault, home), "the grant followed the new root key"
        await vault.custody.revoke(ALICE, home)
        await assert_locked(vault, home)
        await vault.custody.unlock(ALICE, home, hours=1, code=code)
        assert await finds(vault, home)


async def test_a_grant_lets_the_server_open_the_vault_until_its_date_and_not_longer(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        await vault.custody.grant(ALICE, home, days=7)
        assert (await vault.get_vault(ALICE, home)).mode is OwnerMode.GRANT
    clock = FixedClock()
    clock.pass_by(hours=24 * 6.9)
    async with open_vault(tmp_path, clock=clock) as vault:
        assert await finds(vault, home), "after a restart too"
        clock.pass_by(hours=24 * 0.2)
        await assert_locked(vault, home)
    async with open_vault(tmp_path, clock=clock) as vault:
        async with vault._database.reading() as connection:
            assert (await connection.execute(select(vault_grants))).all() == [], "it is thrown away"
        await assert_locked(vault, home)


async def test_nobody_makes_a_grant_last_longer(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        await vault.custody.grant(ALICE, home, days=1)
        async with vault._database.writing() as connection:
            await connection.execute(
                update(vault_grants).values(expires_at=vault_grants.c.expires_at + 10**12)
            )
    async with open_vault(tmp_path) as vault:
        with pytest.raises(SealBroken):
            await vault.search(ALICE, [home], "do bees sleep?")


async def test_a_revoked_grant_opens_nothing_any_more_not_even_a_kept_copy(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        await vault.custody.grant(ALICE, home, days=7)
        async with vault._database.reading() as connection:
            kept = dict((await connection.execute(select(vault_grants))).one()._mapping)
        await vault.custody.revoke(ALICE, home)
        await assert_locked(vault, home)
        await vault.custody.unlock(ALICE, home, hours=1, passphrase=PASSPHRASE)
        with pytest.raises(ModeRefused, match="no grant"):
            await vault.custody.revoke(ALICE, home)
        async with vault._database.writing() as connection:
            await connection.execute(vault_grants.insert().values(**kept))
        await vault.custody.lock(ALICE, home)
        with pytest.raises(SealBroken):
            await vault.search(ALICE, [home], "do bees sleep?")


async def test_the_server_takes_the_key_back_only_from_an_open_vault(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, code = await held(vault)
        await vault.custody.lock(ALICE, home)
        with pytest.raises(VaultLocked):
            await vault.custody.hand_over(ALICE, home)
        await vault.custody.unlock(ALICE, home, hours=1, code=code)
        await vault.custody.hand_over(ALICE, home)
        with pytest.raises(ModeRefused, match="always open"):
            await vault.custody.unlock(ALICE, home, hours=1, code=code)
        with pytest.raises(ModeRefused, match="always open"):
            await vault.custody.lock(ALICE, home)
    async with open_vault(tmp_path) as vault:
        assert await finds(vault, home)
        async with vault._database.reading() as connection:
            assert (await connection.execute(select(vault_wraps))).all() == []


async def test_a_locked_vault_can_be_deleted_and_is_gone(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        await vault.custody.lock(ALICE, home)
        await vault.delete_vault(ALICE, home)
        assert await vault.list_vaults(ALICE) == []
        assert list((tmp_path / "data" / "originals").iterdir()) == []


async def test_weakened_parameters_of_a_vaults_passphrase_are_refused(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        async with vault._database.writing() as connection:
            weak = json.dumps({"salt": "00" * 16, "iterations": 1, "memory_kib": 8, "lanes": 1})
            await connection.execute(update(vault_wraps).values(parameters=weak))
        with pytest.raises(PassphraseUnusable, match="Restore"):
            await vault.custody.unlock(ALICE, home, hours=1, passphrase=PASSPHRASE)


async def test_somebody_elses_public_half_is_not_sealed_to(tmp_path: Path) -> None:
    from knowledge_vault import crypto

    async with open_vault(tmp_path) as vault:
        home, _ = await held(vault)
        stranger = crypto.recipient_of(bytes(32))
        async with vault._database.writing() as connection:
            await connection.execute(update(vault_wraps).values(sealed_recipient=stranger))
        await vault.custody.rotate(ALICE, home, Replacing.VAULT_KEY)
        await vault.custody.wait(home)
        [rotation] = (await vault.custody.state(ALICE, home)).rotations
        assert rotation.problem is not None
        async with vault._database.reading() as connection:
            assert (await connection.execute(select(vaults.c.key_version))).scalar() == 2


def test_every_mode_says_what_it_promises() -> None:
    assert {promise.mode for promise in PROMISES} == set(OwnerMode)
