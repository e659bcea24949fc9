"""Every kind of file is read true to the original, and every bad one is refused with words that help."""

from dataclasses import replace

import pytest

from knowledge_vault.errors import (
    DocumentEmpty,
    DocumentKindUnknown,
    DocumentLocked,
    DocumentRefused,
    DocumentTooLarge,
    DocumentUnreadable,
    DocumentWithoutText,
)
from knowledge_vault.parsing.kinds import last_part, recognise
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.values import Limits
from tests.knowledge_vault.making import a_docx, a_locked_pdf, a_pdf, a_zip, stream


async def read(
    name: str, content: bytes | str, *, limits: Limits | None = None, is_web_page: bool = False
) -> Parsed:
    data = content.encode() if isinstance(content, str) else content
    kind = replace(recognise(name, data[:8192]), is_web_page=is_web_page)
    parser = ParserProcess()
    try:
        return await parser.parse(stream(data), name=name, kind=kind, limits=limits or Limits())
    finally:
        await parser.close()


async def test_a_pdf_gives_each_page_its_text() -> None:
    parsed = await read("bees.pdf", a_pdf("Bees dance.\nBees sleep.", "", "Bees (all) hum."))
    assert [page.number for page in parsed.pages] == [1, 2, 3]
    first, second, third = (parsed.text[page.start : page.end] for page in parsed.pages)
    assert first == "Bees dance.\nBees sleep."
    assert second == ""
    assert third == "Bees (all) hum."


async def test_a_docx_keeps_headings_and_tables() -> None:
    content = a_docx("Hives", "Bees live in hives.", table=[["kind", "honey"], ["carnica", "27 kg"]])
    parsed = await read("hives.docx", content)
    assert "# Hives" in parsed.text
    assert "Bees live in hives." in parsed.text
    assert "| carnica | 27 kg |" in parsed.text
    assert parsed.pages == ()


async def test_html_becomes_text_without_markup_or_addresses() -> None:
    parsed = await read(
        "page.html",
        "<html><head><title>Ducks &amp; drakes</title><meta charset='latin-1'><script>alert(1)</script></head>"
        "<body><h2>Diet</h2><p>They eat <b>grass</b> and <a href='http://x.example/y'>weeds</a>; café.</p>"
        "<table><tr><th>food</th><th>kcal</th></tr><tr><td>ash</td><td>50</td></tr></table></body></html>",
    )
    assert "# Ducks & drakes" in parsed.text
    assert "They eat grass and weeds; café." in parsed.text
    assert "| ash | 50 |" in parsed.text
    assert not [mark for mark in ("x.example", "alert", "<p>", "charset") if mark in parsed.text]


WEB_PAGE = (
    "<html><head><title>Honey</title></head><body>"
    "<header class='site-header'><a href='/'>Home</a> <a href='/shop'>Buy our jars</a></header>"
    "<nav><ul><li><a href='/a'>Sitemenu one</a><li><a href='/b'>Sitemenu two</a></ul></nav>"
    "<main><h1>Honey</h1><p>" + "Bees make honey from nectar and keep it in wax combs. " * 8 + "</p>"
    "<h2>Yields</h2><table><tr><th>kind</th><th>honey</th></tr>"
    "<tr><td>carnica</td><td>27 kg &amp; more</td></tr></table>"
    "<p>Yields differ from year to year.</p></main>"
    "<footer>All rights reserved. <a href='/privacy'>Privacy</a></footer></body></html>"
)


async def test_of_a_page_of_the_web_the_main_part_is_read_with_its_headings_and_tables() -> None:
    saved = await read("honey.html", WEB_PAGE)
    assert "All rights reserved." in saved.text, "a saved file is read whole"
    fetched = await read("honey.html", WEB_PAGE, is_web_page=True)
    assert fetched.text.startswith("# Honey\n\nBees make honey")
    assert "## Yields\n\n| kind | honey |\n" in fetched.text
    assert "\n| carnica | 27 kg & more |\n\nYields differ from year to year." in fetched.text
    assert not [mark for mark in ("Sitemenu", "rights", "Buy our jars") if mark in fetched.text]


@pytest.mark.parametrize(
    "markup",
    [
        "<html><body><div class='sidebar'>"
        + "<p>Opening hours of the library</p>" * 20
        + "</div></body></html>",
        "<html><body><p>Short, and all there is.</p></body></html>",
        "<table><tr><td><table><tr><td>Laid out</td><td>by tables</td></tr></table></td></tr></table>",
        "<<<p>bees",
    ],
)
async def test_a_page_of_the_web_without_a_main_part_is_read_whole(markup: str) -> None:
    whole = await read("page.html", markup)
    assert (await read("page.html", markup, is_web_page=True)).text == whole.text


async def test_markdown_and_plain_text_are_kept_to_the_character() -> None:
    text = "# Title\n\nSome *text* with [a link](http://x.example).\n\n\tIndented."
    assert (await read("a.md", text)).text == text
    assert (await read("a.txt", text)).text == text
    assert (await read("README", text)).text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r"])
async def test_text_in_old_encodings_is_read(encoding: str) -> None:
    text = "Пчёлы танцуют, чтобы показать дорогу к цветам. Пчёлы спят ночью в улье. " * 5
    assert (await read("bees.txt", text.encode(encoding))).text == text


async def test_csv_rows_read_on_their_own() -> None:
    parsed = await read(
        "hives.csv", 'hive;honey;note\r\n1;27;"dry; warm"\r\n2;;\r\n\r\n3;31;"two\nlines"\r\n'
    )
    assert parsed.structure == "rows"
    assert parsed.text.split("\n") == [
        "hive: 1; honey: 27; note: dry; warm",
        "hive: 2",
        "hive: 3; honey: 31; note: two lines",
    ]


BOMB: dict[str, str | bytes] = {
    "[Content_Types].xml": "<Types/>",
    "word/document.xml": b"<w:document>" + b"A" * (210 * 2**20) + b"</w:document>",
}


@pytest.mark.parametrize(
    ("name", "content", "expected", "advice"),
    [
        ("a.pdf", a_pdf("Bees.")[:200], DocumentUnreadable, "save it again"),
        ("a.pdf", b"this is no PDF at all", DocumentUnreadable, "save it again"),
        ("a.pdf", a_locked_pdf(), DocumentLocked, "without the password"),
        ("a.pdf", a_pdf("", "", ""), DocumentWithoutText, "OCR"),
        ("a.docx", a_docx("Bees")[:300], DocumentUnreadable, "save it again"),
        ("a.docx", a_zip({"other.xml": "<a/>"}), DocumentUnreadable, "save it again"),
        ("a.docx", a_zip({"word/document.xml": "<w:document"}), DocumentRefused, "add"),
        ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), DocumentLocked, "without the password"),
        ("a.txt", b"", DocumentEmpty, "add it again"),
        ("a.txt", " \n\t -- \n", DocumentWithoutText, "OCR"),
        ("a.csv", "\n\n", DocumentWithoutText, "OCR"),
        ("a.exe", b"MZ\x90\0", DocumentKindUnknown, "PDF, DOCX"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", DocumentKindUnknown, "PDF, DOCX"),
    ],
)
async def test_a_bad_file_is_refused_with_advice(
    name: str, content: bytes | str, expected: type[DocumentRefused], advice: str
) -> None:
    with pytest.raises(expected, match=advice) as refused:
        await read(name, content)
    assert repr(name) in str(refused.value)


async def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    bomb = a_zip(BOMB)
    assert len(bomb) < 2**20
    with pytest.raises(DocumentTooLarge, match="zip bomb"):
        await read("bomb.docx", bomb)


async def test_a_zip_bomb_that_lies_about_its_size_dies_alone() -> None:
    bomb = a_zip({**BOMB, "word/document.xml": b"<w:document>" + b"<w:p/>" * 10_000_000})
    with pytest.raises(DocumentRefused):
        await read("bomb.docx", bomb, limits=Limits(archive_bytes=2**40, archive_ratio=10**9, wall_s=20))


async def test_a_document_with_too_many_pages_is_refused() -> None:
    with pytest.raises(DocumentTooLarge, match="more than 2 pages"):
        await read("a.pdf", a_pdf("one", "two", "three"), limits=Limits(pages=2))


async def test_a_reader_that_takes_too_long_is_ended() -> None:
    with pytest.raises(DocumentTooLarge, match="took over"):
        await read("a.pdf", a_pdf("Bees"), limits=Limits(wall_s=0.001, recognition_s=0))


async def test_a_reader_that_takes_too_much_memory_is_ended() -> None:
    rows = "a,b\n" + "x,y\n" * 3_000_000
    with pytest.raises(DocumentTooLarge):
        await read("a.csv", rows, limits=Limits(memory_bytes=200 * 2**20))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("\\\\server\\share\\a.txt", "a.txt"),
        ("a\0b.txt", "ab.txt"),
        ("line\nbreak.txt", "line break.txt"),
        ("..", "document"),
        ("", "document"),
        ("/", "document"),
        ("пчёлы.txt", "пчёлы.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_file_name_is_reduced_to_its_last_part(name: str, kept: str) -> None:
    assert last_part(name) == kept


def test_what_a_child_claims_is_checked() -> None:
    for claim in (
        b'{"text": "ab", "pages": [[1, 0, 3]], "structure": "plain"}',
        b'{"text": "ab", "pages": [[1, 1, 2], [2, 0, 1]], "structure": "plain"}',
        b'{"text": 7, "pages": [], "structure": "plain"}',
        b'{"text": "ab", "pages": [], "structure": "pickle"}',
    ):
        with pytest.raises(ValueError, match=r"page|parsed"):
            Parsed.from_json(claim)
