"""Nothing that a document says, or is called, can be read from the disk: not now, not in logs, not after deletion."""

import base64
import logging
import os
import re
import tempfile
from pathlib import Path

import pytest

from knowledge_vault.values import Stage
from tests.knowledge_vault.making import (
    ALICE,
    a_docx,
    a_pdf,
    files_under,
    open_vault,
    stream,
    take_in,
)

CANARY = "zanzibar quicksilver marmalade"
WORDS = CANARY.split()


def forms(text: str) -> list[bytes]:
    """The text as it might lie about: in other encodings, capitals, and base64 at each alignment."""
    raw = text.encode()
    found = [
        raw,
        raw.upper(),
        raw.title(),
        text.encode("utf-16-le"),
        text.encode("utf-32-le"),
        raw.hex().encode(),
    ]
    for shift in range(3):
        encoded = base64.b64encode(b"x" * shift + raw)
        found.append(encoded[4 if shift else 0 : -4])
    return found


def assert_unreadable(folder: Path) -> None:
    readable = re.compile(b"|".join(re.escape(form) for word in WORDS for form in forms(word)))
    paths = files_under(folder)
    assert paths
    for path in paths:
        found = readable.search(path.read_bytes().strip(b"\0"))
        assert found is None, f"{found[0]!r} can be read in {path.relative_to(folder)}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "base64", "hex"])
def test_the_search_for_readable_words_finds_them(tmp_path: Path, encoding: str) -> None:
    text = f"the {CANARY} is here"
    data = {"base64": base64.b64encode(text.encode()), "hex": text.encode().hex().encode()}
    (tmp_path / "leak").write_bytes(bytes(5000) + data.get(encoding, text.encode("utf-8")) + bytes(5000))
    if encoding == "utf-16-le":
        (tmp_path / "leak").write_bytes(text.encode(encoding))
    with pytest.raises(AssertionError, match="can be read in leak"):
        assert_unreadable(tmp_path)


async def test_a_planted_sentence_is_nowhere_on_the_disk(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    data = tmp_path / "data"
    sentence = f"The {CANARY} is planted here. "
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name=CANARY, description=sentence)).id
        taken = [
            await take_in(vault, home, f"{CANARY}.txt", sentence * 200),
            await take_in(vault, home, f"{CANARY}.pdf", a_pdf(sentence, sentence)),
            await take_in(vault, home, "c.docx", a_docx(CANARY, sentence)),
            await take_in(vault, home, "d.csv", f"name,{WORDS[0]}\nx,{CANARY}\n"),
            await take_in(vault, home, f"{CANARY}.pdf", a_pdf("")),
        ]
        assert [document.stage for document in taken] == [Stage.ACTIVE] * 4 + [Stage.FAILED]
        await vault.add_document(ALICE, home, name="late.txt", content=stream(sentence.encode() * 7))
        found = await vault.search(ALICE, [home], f"where is the {CANARY}?")
        assert CANARY in found.passages[0].text
        assert_unreadable(data)
        assert_unreadable_except_root_key(tmp_path)
        for document in taken:
            await vault.delete_document(ALICE, document.id)
        assert_unreadable(data)
    assert_unreadable(data)
    for word in WORDS:
        assert word not in caplog.text.lower()
    assert files_under(temporary) == []


def assert_unreadable_except_root_key(folder: Path) -> None:
    assert {path.name for path in files_under(folder) if path.parent == folder} == {"root.key"}


async def test_deleting_a_document_destroys_its_key_everywhere(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        document = await take_in(vault, home, "bees.txt", "Bees sleep at night. " * 50)
        sealed_key = await _sealed_key(vault, document.id)
        assert any(sealed_key in path.read_bytes() for path in files_under(tmp_path))
        await vault.delete_document(ALICE, document.id)
        assert not any(sealed_key in path.read_bytes() for path in files_under(tmp_path))


async def _sealed_key(vault: object, document_id: str) -> bytes:
    from sqlalchemy import select

    from knowledge_vault.tables import document_keys

    async with vault._database.reading() as connection:  # type: ignore[attr-defined]
        found = await connection.scalar(
            select(document_keys.c.sealed_key).where(document_keys.c.document_id == document_id)
        )
    assert isinstance(found, bytes)
    return found


async def test_only_the_owner_may_open_the_folders(tmp_path: Path) -> None:
    async with open_vault(tmp_path) as vault:
        home = (await vault.create_vault(ALICE, name="Bees")).id
        await take_in(vault, home, "bees.txt", "Bees sleep at night.")
        for folder in (tmp_path / "data" / "originals", tmp_path / "data" / "index"):
            assert os.stat(folder).st_mode & 0o077 == 0
        for path in files_under(tmp_path / "data" / "index") + files_under(tmp_path / "data" / "originals"):
            assert os.stat(path).st_mode & 0o077 == 0
