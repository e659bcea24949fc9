"""How the lines of a PDF's page look: how large and bold their letters are, and where stretches of them begin.

Looks at few characters of each line, so that reading a file takes little longer with it.
"""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from knowledge_vault.parsing.reading.layout import Bookmark

_BOLD = 600
_APART = 1.3
"""Stretches of a line whose gap is this many times its letters' size stand in columns."""
_MOST_IN_COLUMNS = 100
"""Characters in a line; a longer one is running text."""
_MOST_BOOKMARKS = 5_000
_JOINED = ("\ufffe\r\n", "\x02\r\n")
"""Where a line's end is taken away, since it parts a word: the next line goes on."""


@dataclass(frozen=True, slots=True)
class Look:
    size: float
    """In points; 0 where nothing is known."""
    is_bold: bool
    cells: tuple[float, ...]


_UNKNOWN = Look(0.0, False, ())


def looks_of(textpage: pypdfium2.PdfTextPage, text: str) -> Sequence[Look]:
    """Of each line of the page's text; empty where its characters cannot be told apart one by one."""
    if len(text) != textpage.count_chars():
        return []
    for joined in _JOINED:
        text = text.replace(joined, " " * len(joined))
    found: list[Look] = []
    at = 0
    for line in text.split("\r\n"):
        found.append(_look(textpage, line, at))
        at += len(line) + 2
    return found


def _look(textpage: pypdfium2.PdfTextPage, line: str, at: int) -> Look:
    bare = line.strip()
    if not bare:
        return _UNKNOWN
    first = at + line.index(bare[0])
    last = first + len(bare) - 1
    raw = textpage.raw
    if pdfium.FPDFText_GetUnicode(raw, first) != ord(bare[0]):
        return _UNKNOWN
    size, size_at_end = (_size(raw, index) for index in (first, last))
    is_bold = _is_bold(raw, first) and _is_bold(raw, last)
    return Look(min(size, size_at_end), is_bold, tuple(_cells(raw, bare, first, size)))


def _size(raw: object, index: int) -> float:
    """As it is on the page, also where the letters are scaled by a matrix."""
    size = float(pdfium.FPDFText_GetFontSize(raw, index))
    matrix = pdfium.FS_MATRIX()
    if pdfium.FPDFText_GetMatrix(raw, index, matrix):
        return size * float((matrix.c**2 + matrix.d**2) ** 0.5)
    return size


def _is_bold(raw: object, index: int) -> bool:
    if pdfium.FPDFText_GetFontWeight(raw, index) >= _BOLD:
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(raw, index, name, 128, flags)
    return any(mark in name.value.lower() for mark in (b"bold", b"black", b"heavy"))


def _cells(raw: object, bare: str, first: int, size: float) -> Iterator[float]:
    yield _edge(raw, first)[0]
    if len(bare) > _MOST_IN_COLUMNS:
        return
    space = bare.find(" ")
    while space >= 0:
        following = space + 1
        while following < len(bare) and bare[following] == " ":
            following += 1
        begins = _edge(raw, first + following)[0]
        if begins - _edge(raw, first + space - 1)[1] > _APART * size > 0:
            yield begins
        space = bare.find(" ", following)


_LEFT, _RIGHT, _BOTTOM, _TOP = (ctypes.c_double() for _ in range(4))
"""Made once: a child reads one page after the other."""
_BOX = (ctypes.byref(_LEFT), ctypes.byref(_RIGHT), ctypes.byref(_BOTTOM), ctypes.byref(_TOP))


def _edge(raw: object, index: int) -> tuple[float, float]:
    """Where a character begins and ends, from the left."""
    pdfium.FPDFText_GetCharBox(raw, index, *_BOX)
    return _LEFT.value, _RIGHT.value


def bookmarks(document: pypdfium2.PdfDocument) -> Sequence[Bookmark]:
    """The document's own table of contents; empty where it has none that can be read."""
    found: list[Bookmark] = []
    try:
        for each in document.get_toc(max_depth=6):
            place = each.get_dest()
            page = place.get_index() if place is not None else None
            if page is not None:
                found.append(Bookmark(page, each.level, each.get_title()))
            if len(found) >= _MOST_BOOKMARKS:
                break
    except (pypdfium2.PdfiumError, UnicodeError):
        return []
    return found
