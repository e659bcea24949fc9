"""Each kind of file keeps its structure: headings, tables, pages, records, functions, files inside files."""

import pytest

from knowledge_vault.errors import (
    DocumentKindUnknown,
    DocumentTooLarge,
    DocumentUnreadable,
    DocumentWithoutText,
)
from knowledge_vault.parsing import kinds
from knowledge_vault.parsing.kinds import recognise
from knowledge_vault.parsing.process import ParserProcess
from knowledge_vault.parsing.reading.ocr import find_recognizer
from knowledge_vault.values import Limits
from tests.knowledge_vault.making import a_docx, a_locked_pdf, a_pdf, a_zip, stream
from tests.knowledge_vault.office_files import (
    a_letter,
    a_png_head,
    a_pptx,
    a_scanned_pdf,
    an_epub,
    an_odt,
    an_rtf,
    an_xlsx,
)
from tests.knowledge_vault.test_parsing import read

TABLE = [["kind", "honey"], ["carnica", "27 kg"]]


async def test_each_slide_is_a_page() -> None:
    parsed = await read("bees.pptx", a_pptx(("Bees", "They dance."), ("Wasps", "They hunt.")))
    first, second = (parsed.text[page.start : page.end] for page in parsed.pages)
    assert first == "## Bees\n\nThey dance."
    assert second == "## Wasps\n\nThey hunt."


async def test_a_workbook_keeps_its_sheets_and_tables() -> None:
    parsed = await read("hives.xlsx", an_xlsx({"Hives": TABLE, "Costs": [["year", "sum"], ["2026", "310"]]}))
    assert "## Hives" in parsed.text
    assert "| carnica | 27 kg |" in parsed.text
    assert parsed.text.index("## Costs") > parsed.text.index("27 kg")
    assert parsed.structure == "markdown"


async def test_an_odt_keeps_headings_and_tables() -> None:
    parsed = await read("hives.odt", an_odt("Hives", "Bees live in hives.", table=TABLE))
    assert parsed.text.startswith("# Hives\n\nBees live in hives.")
    assert "| carnica | 27 kg |" in parsed.text


async def test_a_book_keeps_its_chapters() -> None:
    parsed = await read("bees.epub", an_epub("Bees", {"One": "Bees dance.", "Two": "Bees sleep."}))
    assert "# One\n\nBees dance." in parsed.text
    assert "# Two\n\nBees sleep." in parsed.text


async def test_rtf_in_any_script_is_read() -> None:
    parsed = await read("bees.rtf", an_rtf("Bees dance.", "Пчёлы спят. 蜜蜂。"))
    assert parsed.text.split() == "Bees dance. Пчёлы спят. 蜜蜂。".split()  # noqa: SIM905


async def test_json_records_read_on_their_own() -> None:
    parsed = await read(
        "hives.json", '[{"hive": 1, "kind": "carnica", "sold": null}, {"hive": 2, "is new": true}]'
    )
    assert parsed.text.split("\n") == ["hive: 1; kind: carnica", "hive: 2; is new: true"]
    lines = await read("hives.jsonl", '{"hive": 1}\n\n{"hive": 2, "who": {"name": "Ana"}}\n')
    assert lines.text.split("\n") == ["hive: 1", "hive: 2; who.name: Ana"]
    nested = await read("hive.json", '{"hive": {"frames": [{"kg": 2}, {"kg": 3}], "tags": ["old", "dry"]}}')
    assert nested.text.split("\n") == ["hive.frames[1].kg: 2", "hive.frames[2].kg: 3", "hive.tags: old, dry"]


async def test_code_is_kept_to_the_character_with_its_functions_as_headings() -> None:
    source = "import os\n\nclass Hive:\n    def feed(self):\n        pass\n\nasync def main():\n    pass\n"
    parsed = await read("hive.py", source)
    assert parsed.text == source
    assert [(each.level, each.title) for each in parsed.outline] == [
        (1, "class Hive"),
        (2, "def feed"),
        (1, "def main"),
    ]
    for name, text, titles in (
        (
            "a.go",
            "func (h *Hive) Feed(n int) {\n}\ntype Hive struct {\n}\n",
            ["func (h *Hive) Feed", "type Hive struct"],
        ),
        (
            "a.rs",
            "pub async fn feed() {}\nimpl Hive {\n    fn rest(&self) {}\n}\n",
            ["fn feed", "impl Hive", "fn rest"],
        ),
        ("a.ts", "export class A {}\nexport const feed = async (n: number) => {\n}\n", ["class A", "feed"]),
        ("a.c", "static int feed(int n)\n{\n  if (n) {\n  }\n}\n", ["static int feed"]),
        (
            "a.sql",
            "CREATE OR REPLACE VIEW hives AS SELECT 1;\n",
            ["CREATE OR REPLACE VIEW hives AS SELECT 1"],
        ),
    ):
        assert [each.title for each in (await read(name, text)).outline][: len(titles)] == titles


async def test_a_letter_tells_who_when_and_what_and_names_its_attachments() -> None:
    letter = a_letter(
        "Honey",
        "Dear Bo,\nthe honey is ready.",
        html="<p>ignored twin</p>",
        attachments={"hives.docx": a_docx("Hives", "Bees live in hives."), "song.png": a_png_head()},
    )
    parsed = await read("letter.eml", letter)
    for words in (
        "From: Ana <ana@bees.example>",
        "Subject: Honey",
        "the honey is ready.",
        "Bees live in hives.",
    ):
        assert words in parsed.text
    assert "ignored twin" not in parsed.text
    assert "Attachments: hives.docx, song.png" in parsed.text
    assert [part.title for part in parsed.parts] == ["", "Attachment hives.docx"]
    [remark] = parsed.remarks
    assert "song.png" in remark


async def test_every_file_of_an_archive_is_under_its_path_and_the_unread_ones_are_named() -> None:
    archive = a_zip(
        {
            "notes/bees.md": "# Bees\n\nThey dance.",
            "hives.csv": "hive,honey\n1,27\n",
            "hive.py": "def feed():\n    pass\n",
            "paper.pdf": a_pdf("Bees sleep."),
            "song.png": a_png_head(),
            "locked.pdf": a_locked_pdf(),
            "inner.zip": a_zip({"a.txt": "deep"}),
            "__MACOSX/notes/._bees.md": b"\0",
        }
    )
    parsed = await read("all.zip", archive)
    titles = [part.title for part in parsed.parts]
    assert titles == ["notes/bees.md", "hives.csv", "hive.py", "paper.pdf"]
    texts = [parsed.text[part.start : part.end] for part in parsed.parts]
    for title, text, words in zip(
        titles, texts, ["They dance.", "honey: 27", "def feed", "Bees sleep."], strict=True
    ):
        assert text.startswith(title)
        assert words in text
    [heading] = parsed.outline
    assert parsed.text[heading.start :].startswith("def feed")
    [remark] = parsed.remarks
    assert remark.startswith("3 of its 7 files could not be read")
    for name in ("song.png", "locked.pdf (protected by a password)", "inner.zip"):
        assert name in remark


async def test_an_archive_of_nothing_readable_says_so() -> None:
    with pytest.raises(DocumentUnreadable, match=r"none of its files can be read: song\.png"):
        await read("all.zip", a_zip({"song.png": a_png_head()}))
    with pytest.raises(DocumentWithoutText):
        await read("all.zip", a_zip({}))


async def test_letters_and_archives_inside_each_other_end_somewhere() -> None:
    content = a_zip({"a.txt": "deepest"})
    for _ in range(3):
        content = a_zip({"letter.eml": a_letter("x", "y", attachments={"in.zip": content})})
    assert "deepest" not in (await read("all.zip", content)).text


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "..\\..\\windows\\a.txt",
        "\\\\host\\share\\a.txt",
        "/etc/a.txt",
        "C:\\a.txt",
        "..%2f..%2fa.txt",
    ],
)
async def test_a_path_in_an_archive_is_only_a_heading(path: str) -> None:
    parsed = await read("all.zip", a_zip({path: "Bees."}))
    [part] = parsed.parts
    assert ".." not in part.title.replace("..%2f", "")
    assert not part.title.startswith(("/", "\\"))


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.txt", a_pdf("x"), kinds.PDF),
        ("a.zip", an_odt("x"), kinds.ODT),
        ("a", an_epub("x", {"y": "z"}), kinds.EPUB),
        ("a.dat", a_docx("x"), kinds.DOCX),
        ("report", an_xlsx({"x": [["y"]]}), kinds.XLSX),
        ("a.doc", an_rtf("x"), kinds.RTF),
        ("a", b"<!DOCTYPE html><p>x", kinds.HTML),
        ("a.unknown", b"plain words", kinds.PLAIN),
        ("a.eml", b"From: a@b\n\nx", kinds.LETTER),
        ("a.rs", b"fn main() {}", kinds.CODE),
    ],
)
def test_the_content_decides_over_the_name(name: str, content: bytes, media_type: str) -> None:
    assert recognise(name, content[:8192]).media_type == media_type


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.txt", "a.csv"])
def test_a_program_is_refused_whatever_it_is_called(name: str) -> None:
    with pytest.raises(DocumentKindUnknown):
        recognise(name, b"\x7fELF\x02\x01\x01" + bytes(500))


async def test_a_docx_under_another_name_is_read_and_told_as_one() -> None:
    parsed = await read("a.zip", a_docx("Hives", "Bees."))
    assert parsed.media_type == kinds.DOCX
    assert "# Hives" in parsed.text


async def test_a_csv_beyond_the_limit_is_taken_in_up_to_it_and_says_so() -> None:
    rows = "hive,honey\n" + "".join(f"{number},27\n" for number in range(200_000))
    parsed = await read("hives.csv", rows, limits=Limits(text_characters=1_000_000))
    assert 990_000 < len(parsed.text) <= 1_000_000
    kept = len(parsed.text.split("\n"))
    assert f"only its first {kept:,} rows were taken in" in parsed.remarks[0]


async def test_a_damaged_page_does_not_take_the_others_with_it() -> None:
    content = a_pdf("Bees dance here.", "Bees sleep here.").replace(b"/Contents 6 0 R", b"/Contents 6 0 X")
    assert "Bees dance here." in (await read("a.pdf", content)).text


WORDS = "The bees sleep at night"
RECOGNIZER = find_recognizer()


def a_picture_of(words: str) -> tuple[int, int, bytes]:
    """Black letters on white, as a scanner would see them: a PDF's page, drawn."""
    import pypdfium2

    page = pypdfium2.PdfDocument(a_pdf(words))[0]
    bitmap = page.render(scale=3, grayscale=True)
    dots = bytes(bitmap.buffer)
    rows = [dots[at : at + bitmap.width] for at in range(0, 600 * bitmap.stride, bitmap.stride)]
    return bitmap.width, 600, b"".join(rows)


@pytest.mark.skipif(
    RECOGNIZER is None, reason="tesseract is not installed: make prepare-test installs it on Debian"
)
async def test_a_scanned_page_is_read_by_text_recognition() -> None:
    picture = a_picture_of(WORDS)
    parsed = await read("scan.pdf", a_scanned_pdf(picture, picture))
    assert [parsed.text[page.start : page.end] for page in parsed.pages] == [WORDS, WORDS]
    assert parsed.remarks == ()


async def test_pages_that_stay_pictures_are_counted_in_words() -> None:
    blank = (200, 200, b"\xff" * 40_000)
    with pytest.raises(DocumentWithoutText, match="2 of its 2 pages are pictures without text"):
        await read("scan.pdf", a_scanned_pdf(blank, blank))
    with pytest.raises(DocumentTooLarge, match="more than 1 pages"):
        await read("scan.pdf", a_scanned_pdf(blank, blank), limits=Limits(pages=1))


async def test_a_long_pdf_tells_how_far_its_reading_is() -> None:
    content = a_pdf(*(f"Page {number} tells of bees." for number in range(1, 501)))
    told: list[float] = []
    parser = ParserProcess()
    try:
        parsed = await parser.parse(
            stream(content),
            name="long.pdf",
            kind=recognise("long.pdf", content[:8192]),
            limits=Limits(),
            progress=told.append,
        )
    finally:
        await parser.close()
    assert len(parsed.pages) == 500
    assert parsed.text[parsed.pages[499].start :] == "Page 500 tells of bees."
    assert len(told) > 20
    assert told == sorted(told)
