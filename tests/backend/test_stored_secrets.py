"""A stored secret is told to nobody after it was saved, and is sent to no host that it was not saved for."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from backend.database import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.stored_secrets.service import StoredSecrets, origin_of
from backend.stored_secrets.store import stored_secrets
from knowledge_vault.errors import SealBroken
from tests.backend.outside import secrets_in

VALUE = "sk-3f9c-planted-and-never-seen-again"


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[tuple[StoredSecrets, Database]]:
    async with secrets_in(tmp_path) as both:
        yield both


@pytest.fixture
def secrets(kept: tuple[StoredSecrets, Database]) -> StoredSecrets:
    return kept[0]


@pytest.fixture
def database(kept: tuple[StoredSecrets, Database]) -> Database:
    return kept[1]


async def test_a_secret_is_handed_out_for_its_own_hosts_and_its_own_owner_alone(
    secrets: StoredSecrets,
) -> None:
    hosts = ["api.example.org", "https://other.example.org:8443/", "HTTP://plain.example.org"]
    kept = await secrets.add("ada", name="weather", value=VALUE, hosts=hosts)
    assert VALUE not in repr(kept)
    for origin in ("https://api.example.org", "https://other.example.org:8443", "http://plain.example.org"):
        assert await secrets.reveal("ada", "weather", origin=origin) == VALUE
        assert await secrets.reveal("bob", "weather", origin=origin) is None
    for origin in ("http://api.example.org", "https://api.example.org:444", "https://evil.example.org",
                   "https://api.example.org.evil.com", "https://sub.api.example.org", ""):  # fmt: skip
        assert await secrets.reveal("ada", "weather", origin=origin) is None
    assert [each.name for each in await secrets.list_secrets("ada")] == ["weather"]
    assert await secrets.list_secrets("bob") == []


async def test_nothing_of_a_secret_is_readable_in_the_database(
    secrets: StoredSecrets, tmp_path: Path
) -> None:
    await secrets.add("ada", name="weatherstation", value=VALUE, hosts=["api.hidden.example"])
    await secrets.reveal("ada", "weatherstation", origin="https://api.hidden.example")
    with sqlite3.connect(tmp_path / "qanat.db") as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = everything_in(tmp_path)
    for word in (VALUE, "weatherstation", "hidden.example"):
        assert word.encode() not in stored


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_the_hosts_of_a_secret_change_only_together_with_its_value(
    secrets: StoredSecrets, database: Database
) -> None:
    mine = await secrets.add("ada", name="mine", value=VALUE, hosts=["api.example.org"])
    lure = await secrets.add("ada", name="lure", value="harmless and long", hosts=["evil.example.org"])
    await secrets.replace("ada", mine.id, value="a newer long value", hosts=["api2.example.org"])
    assert await secrets.reveal("ada", "mine", origin="https://api.example.org") is None
    assert await secrets.reveal("ada", "mine", origin="https://api2.example.org") == "a newer long value"
    async with database.reading() as connection:
        rows = {row.id: row for row in await connection.execute(stored_secrets.select())}
    async with database.writing() as connection:  # whoever writes to the database exchanges values
        await connection.execute(
            update(stored_secrets).where(stored_secrets.c.id == lure.id).values(value=rows[mine.id].value)
        )
    with pytest.raises(SealBroken):
        await secrets.reveal("ada", "lure", origin="https://evil.example.org")
    with pytest.raises(NotFound):
        await secrets.replace("bob", mine.id, value="mine from now on", hosts=["evil.example.org"])
    with pytest.raises(NotFound):
        await secrets.remove("bob", mine.id)
    await secrets.remove("ada", mine.id)
    assert await secrets.reveal("ada", "mine", origin="https://api2.example.org") is None


@pytest.mark.parametrize(
    ("name", "value", "hosts"),
    [
        ("", VALUE, ["api.example.org"]),
        ("{{text}}", VALUE, ["api.example.org"]),
        ("short", "abc", ["api.example.org"]),
        ("lines", "two\r\nHost: lines", ["api.example.org"]),
        ("letters", "пароль-пароль", ["api.example.org"]),
        ("nowhere", VALUE, []),
        ("path", VALUE, ["api.example.org/only/this"]),
        ("user", VALUE, ["https://me@api.example.org"]),
        ("any", VALUE, ["*.example.org"]),
        ("scheme", VALUE, ["ftp://api.example.org"]),
        ("port", VALUE, ["api.example.org:99999"]),
    ],
)
async def test_what_cannot_be_a_secret_is_refused_with_words(
    secrets: StoredSecrets, name: str, value: str, hosts: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await secrets.add("ada", name=name, value=value, hosts=hosts)
    assert value not in str(refused.value)
    assert await secrets.list_secrets("ada") == []


async def test_two_secrets_of_one_person_have_two_names(secrets: StoredSecrets) -> None:
    await secrets.add("ada", name="weather", value=VALUE, hosts=["api.example.org"])
    with pytest.raises(Conflict):
        await secrets.add("ada", name="Weather", value=VALUE, hosts=["api.example.org"])
    await secrets.add("bob", name="weather", value=VALUE, hosts=["api.example.org"])


def test_an_origin_is_read_one_way() -> None:
    assert origin_of("https://API.Example.org:443/x?y") == "https://api.example.org"
    assert origin_of("https://example.org.:8443") == "https://example.org:8443"
    assert origin_of("http://[::1]:80/") == "http://[::1]"
    for text in ("//example.org", "https://a@example.org", "https://a b", "file:///etc", "https://", "x"):
        assert origin_of(text) is None
