"""Office files, books, RTF and HTML as markdown: headings, lists and tables, without addresses, pictures, emphasis."""

import html
import re
import secrets

import kreuzberg

from knowledge_vault.errors import DocumentUnreadable
from knowledge_vault.parsing.kinds import HTML, PPTX
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.parsing.reading.main_content import main_content
from knowledge_vault.parsing.reading.text import clean
from knowledge_vault.values import Page


def read_office(content: bytes, *, media_type: str, name: str) -> Parsed:
    """Raises:
    DocumentUnreadable: it is damaged inside.
    """
    if media_type == PPTX:
        return _read_slides(content, name)
    return Parsed(_extract(content, media_type, name), (), "markdown")


def read_html(markup: str, *, name: str, is_web_page: bool = False) -> Parsed:
    """The body, under the page's title where no heading of the first rank says it.

    Of a page of the web its main part, where that can be told; of a saved file all, since somebody chose it so.
    """
    titled = re.search(r"<title\b[^>]*>([^<]*)</title>", markup, re.IGNORECASE)
    # the text is decoded already: a character set named in the head must not make it be decoded again
    body = re.sub(r"<head\b.*?</head\s*>", "", markup, count=1, flags=re.IGNORECASE | re.DOTALL)
    main = main_content(markup) if is_web_page else None
    text = _extract((main or body).encode("utf-8", "replace"), HTML, name)
    title = " ".join(html.unescape(titled[1]).split()) if titled else ""
    if title and not re.search(r"^# ", text, re.MULTILINE):
        text = f"# {title}\n\n{text}"
    return Parsed(text, (), "markdown")


def _read_slides(content: bytes, name: str) -> Parsed:
    """A page a slide. The library marks where each begins; nobody can guess the mark and forge a page."""
    mark = secrets.token_hex(8)
    marked = _extract(content, PPTX, name, page_mark=mark)
    places = re.compile(rf"\|?[ ]*{mark}-(\d+)-[ |]*\n*")
    parts = places.split(marked)
    text = parts[0].strip()
    pages: list[Page] = []
    for number, body in zip(parts[1::2], parts[2::2], strict=True):
        text += "\n\n" if text else ""
        start = len(text)
        text += body.strip()
        pages.append(Page(int(number), start, len(text)))
    return Parsed(text + "\n", tuple(pages), "markdown")


def _extract(content: bytes, media_type: str, name: str, *, page_mark: str = "") -> str:
    pages = None
    if page_mark:
        pages = kreuzberg.PageConfig(
            extract_pages=True, insert_page_markers=True, marker_format=f"{page_mark}-{{page_num}}-"
        )
    config = kreuzberg.ExtractionConfig(output_format="markdown", use_cache=False, pages=pages)
    try:
        result = kreuzberg.extract_bytes_sync(content, media_type, config=config)
    except kreuzberg.KreuzbergError as error:
        raise DocumentUnreadable(name, reason="its inner structure is damaged") from error
    return _plain_markdown(clean(str(result.content)))


_PICTURE = re.compile(r"\\?!\[([^\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_LINK = re.compile(r"\[((?:[^\[\]\n]|\\[\[\]]|\[[^\[\]\n]*\])*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,3})(?=[^\s*])([^*\n]*[^\s*\\])\1(?![\w*])")
_TABLE_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


def _plain_markdown(text: str) -> str:
    text = _PICTURE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\2", text)
    text = _ESCAPE.sub(r"\1", text)
    text = _TABLE_ROW.sub(lambda row: re.sub(r" {2,}", " ", row[0]), text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
