"""Files made to harm are read or refused in words: nothing hangs, nothing else falls, the server hardly grows.

80 damaged files in `make test`, 1,000 in `make nightly`; the same ones each time.
"""

import asyncio
import io
import random
import zipfile
from collections import Counter
from collections.abc import AsyncIterator

import psutil
import pytest

from knowledge_vault.errors import DocumentRefused
from knowledge_vault.parsing.kinds import recognise
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.values import Limits
from tests.knowledge_vault.making import a_docx, a_pdf, a_zip, stream
from tests.knowledge_vault.office_files import a_letter, a_pptx, an_epub, an_odt, an_rtf, an_xlsx
from tests.knowledge_vault.test_parsing import read
from tests.repository.sources import ROOT

_TABLE = [["kind", "honey"], ["carnica", "27 kg"]]
_MIB = 2**20


def whole_files() -> dict[str, bytes]:
    documents = ROOT / "samples" / "documents"
    return {
        **{
            path.name: path.read_bytes()
            for path in sorted(documents.iterdir())
            if path.suffix in (".pdf", ".docx")
        },
        "bees.pptx": a_pptx(("Bees", "They dance."), ("Wasps", "They hunt.")),
        "hives.xlsx": an_xlsx({"Hives": _TABLE, "Two": _TABLE}),
        "hives.odt": an_odt("Hives", "Bees live.", table=_TABLE),
        "bees.epub": an_epub("Bees", {"One": "Bees dance.", "Two": "Bees sleep."}),
        "bees.rtf": an_rtf("Bees dance.", "Пчёлы спят."),
        "letter.eml": a_letter("Honey", "Ready.", attachments={"h.docx": a_docx("Hives", "Bees.")}),
        "all.zip": a_zip({"a.md": "# A", "b.pdf": a_pdf("Bees."), "c.docx": a_docx("C", "Bees.")}),
    }


def damaged(number: int) -> tuple[str, bytes]:
    """The damaged file of this number: bytes flipped, cut, repeated or made up, in the file or inside its archive."""
    dice = random.Random(number)
    name, content = dice.choice(list(whole_files().items()))
    if content.startswith(b"PK") and dice.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
        victim = dice.choice(list(members))
        inner = members[victim]
        members[victim] = _mutated(inner if isinstance(inner, bytes) else inner.encode(), dice)
        return name, a_zip(members)
    return name, _mutated(content, dice)


def _mutated(content: bytes, dice: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(dice.choice((1, 3, 20))):
        if not data:
            break
        at = dice.randrange(len(data))
        size = dice.randrange(1, max(2, len(data) // 8))
        match dice.randrange(6):
            case 0:
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size]
            case 3:
                data[at : at + 4] = dice.randbytes(4)
            case 4:
                data[at:at] = dice.choice((b"<w:p>" * 500, b"[" * 3000, b"\xff" * 64, b"9" * 40, b"\0" * 9))
            case _:
                del data[at:]
    return bytes(data)


async def take_all(numbers: range) -> Counter[str]:
    """How each damaged file ended. Raises whatever is not a refusal."""
    parser = ParserProcess()
    ended: Counter[str] = Counter()
    traps: list[str] = []
    waiting = asyncio.Semaphore(2)

    async def take(number: int) -> None:
        name, content = damaged(number)
        async with waiting:
            try:
                kind = recognise(name, content[:8192])
                await parser.parse(
                    stream(content), name=name, kind=kind, limits=Limits(wall_s=30, recognition_s=10)
                )
                ended["read"] += 1
            except DocumentRefused as error:
                ended[error.title] += 1
                if repr(name) not in str(error) or "took over" in str(error):
                    traps.append(f"{number}: {error}")

    try:
        before = psutil.Process().memory_info().rss
        await asyncio.gather(*(take(number) for number in numbers))
        assert psutil.Process().memory_info().rss - before < 50 * _MIB
    finally:
        await parser.close()
    assert traps == []
    return ended


async def test_damaged_files_are_read_or_refused_in_words() -> None:
    ended = await take_all(range(80))
    assert ended.total() == 80
    assert ended["read"] > 5
    assert ended["Damaged file"] > 5


@pytest.mark.nightly
@pytest.mark.timeout(3600)
async def test_a_thousand_damaged_files_are_read_or_refused_in_words() -> None:
    ended = await take_all(range(1000))
    print(dict(ended))
    assert ended.total() == 1000


def a_bomb(name: str) -> bytes:
    """An archive of the kind that unpacks to 210 MiB."""
    whole = {"a.zip": a_zip({"a.txt": "x"}), **whole_files()}
    source = next(content for each, content in whole.items() if each.endswith(name.rpartition(".")[2]))
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        members: dict[str, str | bytes] = {each: archive.read(each) for each in archive.namelist()}
    return a_zip({**members, "word/bomb.xml": b"A" * (210 * _MIB)})


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx", "a.odt", "a.epub", "a.zip"])
async def test_a_bomb_of_every_zipped_kind_is_refused_before_it_unpacks(name: str) -> None:
    with pytest.raises(DocumentRefused, match="zip bomb"):
        await read(name, a_bomb(name))


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(
        f'<!ENTITY {after} "{f"&{before};" * 10}">'
        for before, after in zip("bcdefghi", "cdefghij", strict=True)
    )
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(("head", "entity"), [(LAUGHS, "&j;"), (OUTSIDE, "&x;")], ids=["laughs", "outside"])
@pytest.mark.parametrize("name", ["bees.pptx", "hives.xlsx", "hives.odt", "bees.epub", "emergency-plan.docx"])
async def test_entities_neither_multiply_nor_fetch(name: str, head: str, entity: str) -> None:
    words = {"bees.pptx": "They dance.", "emergency-plan.docx": "</w:t>", "bees.epub": "Bees dance."}.get(
        name, "carnica"
    )
    with zipfile.ZipFile(io.BytesIO(whole_files()[name])) as archive:
        members: dict[str, str | bytes] = {}
        for each in archive.namelist():
            text = archive.read(each).decode("utf-8", "replace")
            if words in text:
                body = text.partition("?>")[2] if text.startswith("<?xml") else text
                text = head + body.replace(words, entity + words, 1)
            members[each] = text
    try:
        found = (await read(name, a_zip(members))).text
    except DocumentRefused:
        return
    assert "root:" not in found
    assert len(found) < 20_000


class Rows:
    """A CSV of any size that nobody ever holds."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.sent = 0

    async def stream(self) -> AsyncIterator[bytes]:
        yield b"hive,honey,note\n"
        piece = b"".join(b"%d,27,the bees were quiet all the long day\n" % number for number in range(20_000))
        while self.sent < self.size:
            self.sent += len(piece)
            yield piece


async def take_rows(size: int, limits: Limits) -> tuple[int, str]:
    """By how much this process grew at most while it took the rows in, and what was remarked."""
    parser = ParserProcess()
    process = psutil.Process()
    rows = Rows(size)
    try:
        before = most = process.memory_info().rss
        reading = asyncio.create_task(
            parser.parse(rows.stream(), name="a.csv", kind=recognise("a.csv", b"hive,honey\n"), limits=limits)
        )
        while not reading.done():
            await asyncio.wait({reading}, timeout=0.05)
            most = max(most, process.memory_info().rss)
        return most - before, (await reading).remarks[0]
    finally:
        await parser.close()


async def test_a_csv_larger_than_any_memory_needs_little_of_it() -> None:
    grown, remark = await take_rows(200 * _MIB, Limits(text_characters=1_000_000, memory_bytes=300 * _MIB))
    assert "rows were taken in" in remark
    assert grown < 50 * _MIB


@pytest.mark.nightly
@pytest.mark.timeout(900)
async def test_a_gigabyte_of_csv_needs_no_more_memory_than_its_first_part() -> None:
    small, _ = await take_rows(100 * _MIB, Limits())
    large, remark = await take_rows(1024 * _MIB, Limits())
    print(f"grown by {small // _MIB} MiB for 100 MiB, {large // _MIB} MiB for 1 GiB: {remark}")
    assert large < small + 50 * _MIB
