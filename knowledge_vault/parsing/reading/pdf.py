"""PDF: each page's text in reading order, larger lines as headings, pictures of pages through text recognition."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

from knowledge_vault.errors import (
    DocumentLocked,
    DocumentTooLarge,
    DocumentUnreadable,
    DocumentWithoutText,
)
from knowledge_vault.parsing.parsed import Parsed, Table
from knowledge_vault.parsing.reading.glyphs import Look, bookmarks, looks_of
from knowledge_vault.parsing.reading.layout import Line, headings, tables
from knowledge_vault.parsing.reading.ocr import Recognizer
from knowledge_vault.parsing.reading.text import clean
from knowledge_vault.values import Limits, Page

_DOTS_PER_INCH = 300
_MOST_DOTS = 12_000_000
_TEXTLESS = 8
"""A page with fewer letters than this beside a picture is a picture."""


@dataclass
class _Findings:
    """What came out of the pages so far."""

    texts: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    length: int = 0
    pictures: int = 0
    recognized: int = 0
    damaged: list[int] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def add(self, number: int, text: str, looks: Sequence[Look]) -> None:
        if self.texts:
            self.texts.append("\n\n")
            self.length += 2
        self.texts.append(text)
        self.pages.append(Page(number, self.length, self.length + len(text)))
        here = list(_lines(text, looks, number - 1, self.length))
        self.tables += tables(here)
        self.lines += here
        self.length += len(text)


def read_pdf(
    content: bytes,
    *,
    name: str,
    limits: Limits,
    recognizer: Recognizer | None,
    progress: Callable[[float], None],
) -> Parsed:
    """Raises:
    DocumentRefused: damaged, locked, too many pages, or without any text.
    """
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentLocked(name) from error
        raise DocumentUnreadable(name, reason="this PDF is damaged") from error
    count = len(document)
    if count > limits.pages:
        raise DocumentTooLarge(name, reason=f"it has more than {limits.pages:,} pages")
    found = _Findings()
    until = time.monotonic() + limits.recognition_s
    for number in range(1, count + 1):
        try:
            text, looks = _page_text(
                document[number - 1], found, recognizer if time.monotonic() < until else None
            )
        except pypdfium2.PdfiumError:
            text, looks = "", []
            found.damaged.append(number)
        found.add(number, text, looks)
        if found.length > limits.text_characters:
            raise DocumentTooLarge(
                name, reason=f"it has more than {limits.text_characters:,} characters of text"
            )
        progress(number / count)
    if len(found.damaged) == count:
        raise DocumentUnreadable(name, reason="every page of this PDF is damaged")
    text = "".join(found.texts)
    remarks = _remarks(found, count, recognizer)
    if found.pictures and not any(character.isalnum() for character in text):
        raise DocumentWithoutText(name, reason=remarks[0])
    outline = headings(found.lines, bookmarks(document))
    return Parsed(
        text, tuple(found.pages), "printed", outline, tables=tuple(found.tables), remarks=tuple(remarks)
    )


def _page_text(
    page: pypdfium2.PdfPage, found: _Findings, recognizer: Recognizer | None
) -> tuple[str, Sequence[Look]]:
    """A page's text and how its lines look, as far as that is known."""
    textpage = page.get_textpage()
    raw = textpage.get_text_bounded()
    text = clean(raw)
    if sum(character.isalnum() for character in text) >= _TEXTLESS or not _has_picture(page):
        return text, looks_of(textpage, raw)
    found.pictures += 1
    if recognizer is None:
        return text, []
    recognized = clean(recognizer.read(*_picture(page)))
    if any(character.isalnum() for character in recognized):
        found.recognized += 1
        return recognized, []
    return text, []


def _lines(text: str, looks: Sequence[Look], page: int, offset: int) -> Iterator[Line]:
    """The page's lines as they look; none where cleaning changed how many there are."""
    if len(looks) != text.count("\n") + 1:
        return
    at = offset
    for content, look in zip(text.split("\n"), looks, strict=True):
        if content.strip() and look.size:
            yield Line(at, content, page, look.size, look.is_bold, look.cells)
        at += len(content) + 1


def _has_picture(page: pypdfium2.PdfPage) -> bool:
    return any(True for _ in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3))


def _picture(page: pypdfium2.PdfPage) -> tuple[int, int, bytes]:
    """Width, height and a byte of grey per dot."""
    width, height = page.get_size()
    scale = min(_DOTS_PER_INCH / 72, (_MOST_DOTS / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    dots = bytes(bitmap.buffer)
    rows = (dots[at : at + bitmap.width] for at in range(0, bitmap.height * bitmap.stride, bitmap.stride))
    return bitmap.width, bitmap.height, b"".join(rows)


def _remarks(found: _Findings, count: int, recognizer: Recognizer | None) -> list[str]:
    told: list[str] = []
    missed = found.pictures - found.recognized
    if missed:
        are = "page is a picture" if missed == 1 else "pages are pictures"
        if recognizer is None:
            why = (
                "Run text recognition (OCR) over the file, or install tesseract-ocr on the server; "
                "then delete this document and add the file again."
            )
        else:
            why = "Text recognition (OCR) found nothing on them, or ran out of time."
        told.append(f"{missed} of its {count} {are} without text and could not be read. {why}")
    if found.damaged:
        numbers = ", ".join(map(str, found.damaged[:20]))
        told.append(f"{len(found.damaged)} of its {count} pages are damaged and were left out: {numbers}.")
    return told
