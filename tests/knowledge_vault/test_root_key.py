"""Whatever keeps the root key, it comes back the same; it can be moved, replaced and recovered, and nothing is lost."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from backend.database import Database
from knowledge_vault.errors import (
    CodeUnreadable,
    KeyFileUnusable,
    KeyringUnusable,
    KeyServiceRefused,
    KeyServiceUnavailable,
    PassphraseUnusable,
    PassphraseWrong,
    RecoveryRefused,
    RootKeyUnusable,
    SealBroken,
)
from knowledge_vault.keys import codes
from knowledge_vault.keys.key_file import KeyFile
from knowledge_vault.keys.os_keyring import OsKeyring
from knowledge_vault.keys.passphrase import Passphrase
from knowledge_vault.keys.provider import RootKeyProvider
from knowledge_vault.keys.root import RootKeeper
from knowledge_vault.keys.tenants import TenantKeys
from knowledge_vault.keys.transit import Transit
from knowledge_vault.tables import metadata
from tests.knowledge_vault.key_service import TOKEN, KeyService, key_service
from tests.knowledge_vault.making import ALICE, FixedClock, files_under, open_vault, take_in

Make = Callable[[str], RootKeyProvider]
KINDS = ("file", "passphrase", "keyring", "transit")
PASSPHRASE = "a passphrase of some length"


class SmallKeyring(keyring.backend.KeyringBackend):
    """A keyring of the operating system, as small as one can be."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def service() -> Iterator[KeyService]:
    with key_service() as running:
        yield running


@pytest.fixture
def make(tmp_path: Path, service: KeyService) -> Iterator[Make]:
    """The real providers; all of one test keep the same folder's key."""
    before = keyring.get_keyring()
    keyring.set_keyring(SmallKeyring())
    (tmp_path / "data").mkdir(exist_ok=True)

    def of(kind: str) -> RootKeyProvider:
        if kind == "file":
            return KeyFile(tmp_path / "root.key", data_dir=tmp_path / "data")
        if kind == "passphrase":
            return Passphrase(lambda is_new: PASSPHRASE)
        if kind == "keyring":
            return OsKeyring("a data folder")
        return Transit(service.address, key_name="qanat", token=lambda: TOKEN)

    yield of
    keyring.set_keyring(before)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    (tmp_path / "data").mkdir(exist_ok=True)
    database = Database.at(tmp_path / "data" / "qanat.db")
    async with database.writing() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


def keeper(database: Database, provider: RootKeyProvider) -> RootKeeper:
    return RootKeeper(database, provider, FixedClock())


@pytest.mark.parametrize("kind", KINDS)
async def test_every_provider_gives_back_what_it_was_given_and_notes_no_key(make: Make, kind: str) -> None:
    secret, later = bytes(range(32)), bytes(range(32, 64))
    note = await make(kind).keep([secret])
    assert list(await make(kind).fetch(note)) == [secret]
    assert secret not in note
    assert secret.hex().encode() not in note
    later_note = await make(kind).keep([later, secret])
    assert (await make(kind).fetch(later_note))[0] == later
    assert secret in await make(kind).fetch(note), "a crash before the database knew of the later key"
    assert make(kind).kind == kind
    await make(kind).forget()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_provider_opens_the_same_data_at_every_start(
    make: Make, database: Database, kind: str
) -> None:
    made = await keeper(database, make(kind)).open()
    again = await keeper(database, make(kind)).open()
    assert again.secret == made.secret


@pytest.mark.parametrize("kind", KINDS)
async def test_a_folder_whose_provider_lost_the_key_is_not_given_a_new_one(
    make: Make, database: Database, service: KeyService, tmp_path: Path, kind: str
) -> None:
    await keeper(database, make(kind)).open()
    left_to_do = await make(kind).forget()
    if kind == "file":
        assert "Delete" in left_to_do
        (tmp_path / "root.key").unlink()
    service.rotate()
    service.versions = service.versions[1:]  # what the service wrapped before is nothing to it now
    provider = Passphrase(lambda is_new: "another passphrase") if kind == "passphrase" else make(kind)
    with pytest.raises(RootKeyUnusable):
        await keeper(database, provider).open()


@pytest.mark.parametrize("before", KINDS)
@pytest.mark.parametrize("after", KINDS)
async def test_the_root_key_moves_between_any_two_providers(
    make: Make, database: Database, tmp_path: Path, before: str, after: str
) -> None:
    moving = keeper(database, make(before))
    made = await moving.open()
    await moving.move(make(after))
    assert (await keeper(database, make(after)).open()).secret == made.secret
    if before != after:
        with pytest.raises(RootKeyUnusable, match=f"QANAT_ROOT_KEY_PROVIDER={after}"):
            await keeper(database, make(before)).open()
        if before != "file":
            assert not list(await make(before).fetch(b"")), "the provider before keeps no copy"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_rotation_replaces_the_root_key_and_loses_nothing(
    make: Make, database: Database, kind: str
) -> None:
    rotating = keeper(database, make(kind))
    root_key = await rotating.open()
    first = root_key.secret
    keys = TenantKeys(root_key, database)
    sealed = (await keys.sealer("alice")).seal(b"a question", "message", 1)
    code = await rotating.new_recovery()
    assert await rotating.rotate() == 1
    assert root_key.secret != first, "whoever holds the key holds the new one"
    again = keeper(database, make(kind))
    opened = await again.open()
    assert opened.secret == root_key.secret
    assert (await again.keeping()).version == 2
    assert (await TenantKeys(opened, database).sealer("alice")).open(sealed, "message", 1) == b"a question"
    assert (await keeper(database, make(kind)).recover(code)).secret == opened.secret


async def test_a_rotation_that_stops_half_way_leaves_the_old_key_in_force(
    make: Make, database: Database
) -> None:
    made = await keeper(database, make("file")).open()
    await make("file").keep([bytes(32), made.secret])  # and here the power goes
    assert (await keeper(database, make("file")).open()).secret == made.secret


async def test_a_vault_stays_open_and_found_through_a_rotation(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await take_in(vault, home, "bees.txt", "Bees sleep at night.")
        database = vault._database  # type: ignore[attr-defined]
        rotating = keeper(database, KeyFile(tmp_path / "root.key", data_dir=tmp_path / "data"))
        before = (await rotating.open()).secret
        assert await rotating.rotate() == 1, "the vault's key; everything else hangs on that"
        assert rotating.root_key.secret != before
    async with open_vault(tmp_path) as vault:
        found = await vault.search(ALICE, [home], "do bees sleep?")
        assert found.passages[0].text == "Bees sleep at night."


async def test_a_rotation_refuses_to_leave_a_damaged_key_behind(tmp_path: Path) -> None:
    from sqlalchemy import update

    from knowledge_vault.tables import vaults

    async with open_vault(tmp_path) as vault:
        await vault.create_vault(ALICE, name="Bees")
        database = vault._database  # type: ignore[attr-defined]
        async with database.writing() as connection:
            await connection.execute(update(vaults).values(sealed_key=b"x" * 104))
        rotating = keeper(database, KeyFile(tmp_path / "root.key", data_dir=tmp_path / "data"))
        before = (await rotating.open()).secret
        with pytest.raises(SealBroken):
            await rotating.rotate()
        assert rotating.root_key.secret == before
    assert (tmp_path / "root.key").read_text().split()[-1] == before.hex()


async def test_the_recovery_key_opens_the_data_where_the_root_key_is_lost(
    make: Make, database: Database, tmp_path: Path
) -> None:
    first = keeper(database, make("file"))
    made = await first.open()
    code = await first.new_recovery()
    (tmp_path / "root.key").unlink()
    with pytest.raises(KeyFileUnusable, match="qanat keys recover"):
        await keeper(database, make("file")).open()
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    await keeper(database, make("file")).recover(f"  {typed}\n")
    assert (await keeper(database, make("file")).open()).secret == made.secret
    await keeper(database, make("passphrase")).recover(code)
    assert (await keeper(database, make("passphrase")).open()).secret == made.secret


async def test_the_recovery_key_is_kept_nowhere(make: Make, database: Database, tmp_path: Path) -> None:
    first = keeper(database, make("file"))
    await first.open()
    code = await first.new_recovery()
    secret = codes.secret_of(code)
    for path in files_under(tmp_path):
        content = path.read_bytes()
        assert not any(
            form in content
            for form in (code.encode(), code.replace("-", "").encode(), secret, secret.hex().encode())
        )


async def test_a_new_recovery_key_ends_the_one_before(make: Make, database: Database) -> None:
    first = keeper(database, make("file"))
    await first.open()
    with pytest.raises(RecoveryRefused, match="No recovery key"):
        await first.recover(codes.new_code())
    old, new = await first.new_recovery(), await first.new_recovery()
    with pytest.raises(RecoveryRefused, match="a newer one was made"):
        await first.recover(old)
    await first.recover(new)


@pytest.mark.parametrize("at", [0, 5, 12, 38])
async def test_a_mistyped_recovery_key_is_told_from_a_wrong_one(at: int) -> None:
    code = codes.new_code()
    other = "2" if code[at] != "2" else "3"
    with pytest.raises(CodeUnreadable):
        codes.secret_of(code[:at] + other + code[at + 1 :])
    with pytest.raises(CodeUnreadable):
        codes.secret_of(code[:-1])


async def test_a_wrong_passphrase_is_refused_and_changes_nothing(database: Database) -> None:
    made = await keeper(database, Passphrase(lambda is_new: PASSPHRASE)).open()
    with pytest.raises(PassphraseWrong):
        await keeper(database, Passphrase(lambda is_new: PASSPHRASE + "!")).open()
    assert (await keeper(database, Passphrase(lambda is_new: PASSPHRASE)).open()).secret == made.secret


async def test_a_short_passphrase_is_not_taken(database: Database) -> None:
    with pytest.raises(PassphraseUnusable, match="12 characters"):
        await keeper(database, Passphrase(lambda is_new: "short")).open()


@pytest.mark.parametrize(
    "change", [{"iterations": 1}, {"memory_kib": 8}, {"memory_kib": 2**40}, {"lanes": 0}, {"salt": "00"}]
)
async def test_weakened_parameters_of_a_passphrase_are_refused(change: dict[str, object]) -> None:
    provider = Passphrase(lambda is_new: PASSPHRASE)
    note = json.loads(await provider.keep([bytes(32)]))
    note["argon2id"] |= change
    with pytest.raises(PassphraseUnusable, match="Restore the database"):
        await provider.fetch(json.dumps(note).encode())


async def test_a_machine_without_a_keyring_is_told_what_else_there_is() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    try:
        with pytest.raises(KeyringUnusable, match="file or passphrase"):
            await OsKeyring("a data folder").keep([bytes(32)])
    finally:
        keyring.set_keyring(before)


async def test_the_key_service_may_rotate_its_own_key(database: Database, service: KeyService) -> None:
    transit = Transit(service.address, key_name="qanat", token=lambda: TOKEN)
    first = keeper(database, transit)
    made = await first.open()
    service.rotate()
    assert (await keeper(database, transit).open()).secret == made.secret
    await first.rewrap(transit)
    service.versions[0] = service.versions[1]  # the old version is trimmed away
    assert (await keeper(database, transit).open()).secret == made.secret


async def test_a_key_service_that_says_no_or_nothing_is_reported_so(service: KeyService) -> None:
    note = await Transit(service.address, key_name="qanat", token=lambda: TOKEN).keep([bytes(32)])
    with pytest.raises(KeyServiceRefused, match="permission denied"):
        await Transit(service.address, key_name="qanat", token=lambda: "stolen").fetch(note)
    with pytest.raises(KeyServiceRefused, match="encryption key not found"):
        await Transit(service.address, key_name="other", token=lambda: TOKEN).fetch(note)
    service.is_sealed = True
    with pytest.raises(KeyServiceUnavailable, match="Vault is sealed"):
        await Transit(service.address, key_name="qanat", token=lambda: TOKEN).fetch(note)
    with pytest.raises(KeyServiceUnavailable, match="did not answer"):
        await Transit("http://127.0.0.1:9", key_name="qanat", token=lambda: TOKEN).fetch(note)
