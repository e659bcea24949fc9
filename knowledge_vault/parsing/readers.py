"""Read each kind of file. Runs in the child process only: a hostile file meets this code, no key is near."""

import csv
import html
import io
import re
import zipfile
from collections.abc import Iterator

from knowledge_vault.errors import (
    DocumentLocked,
    DocumentRefused,
    DocumentTooLarge,
    DocumentUnreadable,
    DocumentWithoutText,
)
from knowledge_vault.parsing.parsed import Parsed, Structure
from knowledge_vault.values import Limits, Page

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An old office container; under the name of a DOCX it holds an encrypted one."""


def read(content: bytes, *, name: str, media_type: str, limits: Limits) -> Parsed:
    """The text of a file whose kind is known.

    Raises:
        DocumentRefused: it cannot be read, or is over a limit.
    """
    structure: Structure = "plain"
    pages: tuple[Page, ...] = ()
    if media_type == "application/pdf":
        text, pages = _read_pdf(content, name, limits)
    elif media_type.endswith("wordprocessingml.document"):
        text, structure = _read_docx(content, name, limits), "markdown"
    elif media_type == "text/html":
        text, structure = _read_html(_decode(content, name), name), "markdown"
    elif media_type in ("text/csv", "text/tab-separated-values"):
        text, structure = _read_rows(_decode(content, name), name, limits), "rows"
    else:
        text = _decode(content, name)
        structure = "markdown" if media_type == "text/markdown" else "plain"
    if not any(character.isalnum() for character in text):
        raise DocumentWithoutText(name)
    if len(text) > limits.text_characters:
        raise DocumentTooLarge(name, reason=f"it has more than {limits.text_characters:,} characters of text")
    return Parsed(text, pages, structure)


def _read_pdf(content: bytes, name: str, limits: Limits) -> tuple[str, tuple[Page, ...]]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentLocked(name) from error
        raise DocumentUnreadable(name, reason="this PDF is damaged") from error
    if len(document) > limits.pages:
        raise DocumentTooLarge(name, reason=f"it has more than {limits.pages:,} pages")
    parts: list[str] = []
    pages: list[Page] = []
    length = 0
    for number in range(1, len(document) + 1):
        if parts:
            parts.append("\n\n")
            length += 2
        try:
            text = _clean(document[number - 1].get_textpage().get_text_bounded())
        except pypdfium2.PdfiumError as error:
            raise DocumentUnreadable(name, reason=f"page {number} of this PDF is damaged") from error
        parts.append(text)
        pages.append(Page(number, length, length + len(text)))
        length += len(text)
        if length > limits.text_characters:
            raise DocumentTooLarge(
                name, reason=f"it has more than {limits.text_characters:,} characters of text"
            )
    return "".join(parts), tuple(pages)


def _read_docx(content: bytes, name: str, limits: Limits) -> str:
    if content.startswith(_OLE):
        raise DocumentLocked(name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DocumentUnreadable(name, reason="this DOCX is damaged") from error
    unpacked = sum(member.file_size for member in members)
    if len(members) > limits.archive_members or unpacked > limits.archive_bytes:
        raise DocumentTooLarge(
            name,
            reason=f"it unpacks to {unpacked // 2**20:,} MiB in {len(members):,} parts, as a zip bomb does",
        )
    if unpacked > 10 * 2**20 and unpacked > limits.archive_ratio * len(content):
        raise DocumentTooLarge(
            name, reason=f"it unpacks to {unpacked // len(content):,} times its size, as a zip bomb does"
        )
    if any(member.flag_bits & 1 for member in members):
        raise DocumentLocked(name)
    if "word/document.xml" not in names:
        raise DocumentUnreadable(name, reason="this DOCX has no text part")
    return _extract(content, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", name)


def _read_html(markup: str, name: str) -> str:
    """The body as markdown, under the page's title where no heading of the first rank says it."""
    titled = re.search(r"<title\b[^>]*>([^<]*)</title>", markup, re.IGNORECASE)
    # the text is decoded already: a character set named in the head must not make it be decoded again
    body = re.sub(r"<head\b.*?</head\s*>", "", markup, count=1, flags=re.IGNORECASE | re.DOTALL)
    text = _extract(body.encode("utf-8", "replace"), "text/html", name)
    title = " ".join(html.unescape(titled[1]).split()) if titled else ""
    if title and not re.search(r"^# ", text, re.MULTILINE):
        return f"# {title}\n\n{text}"
    return text


def _extract(content: bytes, media_type: str, name: str) -> str:
    """Headings, lists and tables as markdown, without links' addresses, pictures and emphasis."""
    import kreuzberg

    config = kreuzberg.ExtractionConfig(output_format="markdown", use_cache=False)
    try:
        result = kreuzberg.extract_bytes_sync(content, media_type, config=config)
    except kreuzberg.KreuzbergError as error:
        raise DocumentUnreadable(name, reason="its inner structure is damaged") from error
    return _plain_markdown(_clean(str(result.content)))


_PICTURE = re.compile(r"!\[([^\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
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


def _read_rows(text: str, name: str, limits: Limits) -> str:
    """One line per record, each value behind its column's name, so that a row makes sense on its own."""
    csv.field_size_limit(1_000_000)
    lines: list[str] = []
    length = 0
    try:
        for line in _records(text):
            lines.append(line)
            length += len(line) + 1
            if length > limits.text_characters:
                raise DocumentTooLarge(
                    name, reason=f"its rows make more than {limits.text_characters:,} characters of text"
                )
    except csv.Error as error:
        raise DocumentUnreadable(name, reason=f"its rows cannot be told apart ({error})") from error
    return "\n".join(lines)


def _records(text: str) -> Iterator[str]:
    sample = text[:20_000]
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(sample, delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if "\t" in sample.partition("\n")[0] else csv.excel
    rows = csv.reader(io.StringIO(text, newline=""), dialect)
    header = [cell.strip() for cell in next(rows, [])]
    is_empty = True
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        named = [
            f"{header[column]}: {cell}" if column < len(header) and header[column] else cell
            for column, cell in enumerate(cells)
            if cell
        ]
        if named:
            is_empty = False
            yield "; ".join(named)
    if is_empty and any(header):
        yield "; ".join(cell for cell in header if cell)


def _decode(content: bytes, name: str) -> str:
    """The text in whatever encoding it was saved, lines ending in a bare newline."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return _clean(content.decode(encoding))
    except UnicodeDecodeError:
        pass
    import charset_normalizer

    guess = charset_normalizer.from_bytes(content[:200_000]).best()
    if guess is None:
        raise DocumentUnreadable(name, reason="the encoding of its text cannot be told")
    return _clean(content.decode(guess.encoding, "replace"))


def _clean(text: str) -> str:
    """Bare newlines; no NUL, no halves of characters, no marks that a PDF puts at a hyphenated line's end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe\n", "").replace("\x02\n", "")
    text = text.translate({0: None, 2: None, 0xFFFE: None, 0xFFFF: None, 0xFEFF: None})
    return text.encode("utf-8", "replace").decode("utf-8")


def describe(error: DocumentRefused) -> dict[str, str]:
    """The error as the parent rebuilds it: its class, and the one fact beside the name that some carry."""
    return {"refused": type(error).__name__, "reason": str(getattr(error, "reason", ""))}
