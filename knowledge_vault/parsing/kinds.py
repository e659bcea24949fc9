"""Tell what kind of file this is, from its first bytes and the end of its name. Opens nothing.

The bytes decide where they can: a PDF called `.txt` is read as a PDF, and a program called `.pdf` is refused. Text
has no marks of its own, so there the name says whether it is Markdown, rows, code or prose. What is inside an archive
is told by the reader, in the child process.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from knowledge_vault.errors import DocumentKindUnknown

HEAD_BYTES = 8192
"""How much of the beginning `recognise` wants."""

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
PDF = "application/pdf"
DOCX = _OPEN_XML + "wordprocessingml.document"
PPTX = _OPEN_XML + "presentationml.presentation"
XLSX = _OPEN_XML + "spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
ZIP = "application/zip"
RTF = "application/rtf"
HTML = "text/html"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"
CSV = "text/csv"
TSV = "text/tab-separated-values"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"
LETTER = "message/rfc822"
CODE = "text/x-source"

ZIPPED = {DOCX: "DOCX", PPTX: "PPTX", XLSX: "XLSX", ODT: "ODT", EPUB: "EPUB", ZIP: "ZIP"}
"""The kinds that are archives inside, and what people call them."""
_BINARY = {PDF, RTF, *ZIPPED}

# fmt: off
_CODE_ENDINGS = [
    "py", "pyi", "js", "mjs", "cjs", "jsx", "ts", "tsx", "go", "rs", "java", "kt", "kts", "scala",
    "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "cs", "rb", "php", "swift", "m", "mm", "sql",
    "sh", "bash", "zsh", "ps1", "lua", "pl", "pm", "r", "jl", "ex", "exs", "erl", "hs", "ml",
    "clj", "dart", "sol", "vue", "svelte", "css", "scss", "less", "proto", "graphql", "tf", "gradle", "groovy", "vb",
    "f90",
]
# fmt: on
_BY_ENDING = {
    "pdf": PDF,
    "docx": DOCX,
    "docm": DOCX,
    "pptx": PPTX,
    "xlsx": XLSX,
    "xlsm": XLSX,
    "odt": ODT,
    "epub": EPUB,
    "zip": ZIP,
    "rtf": RTF,
    "html": HTML,
    "htm": HTML,
    "xhtml": HTML,
    "md": MARKDOWN,
    "markdown": MARKDOWN,
    "csv": CSV,
    "tsv": TSV,
    "json": JSON,
    "jsonl": JSON_LINES,
    "ndjson": JSON_LINES,
    "eml": LETTER,
    **dict.fromkeys(_CODE_ENDINGS, CODE),
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An old office container; under the name of a DOCX it holds an encrypted one."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MOST_CONTROLS = 0.02
"""Share of control characters above which bytes are no text."""


@dataclass(frozen=True)
class Kind:
    media_type: str
    is_web_page: bool = False
    """It came from the web by its address: of HTML, only the main part is read."""


def recognise(name: str, head: bytes) -> Kind:
    """The kind of the file called `name` that begins with `head`.

    A file that says PDF or an office kind by its name but is damaged from the first byte on is left to the reader,
    which says so.

    Raises:
        DocumentKindUnknown: not one of the kinds that we read.
    """
    ending = PurePosixPath(name).suffix.lower().removeprefix(".")
    named = _BY_ENDING.get(ending)
    if b"%PDF-" in head[:1024]:
        return Kind(PDF)
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return Kind(_zipped(head, named))
    if head.lstrip()[:5] == b"{\\rtf":
        return Kind(RTF)
    if named in _BINARY:
        if head.startswith(_OLE) or not _is_program(head):
            return Kind(named)
        raise DocumentKindUnknown(name)
    if not is_text(head):
        raise DocumentKindUnknown(name)
    return Kind(_text(head, named))


def _zipped(head: bytes, named: str | None) -> str:
    """The reader looks again, at the list of members: this is for showing."""
    for media_type in (EPUB, ODT):
        if b"mimetype" + media_type.encode() in head[:200]:
            return media_type
    for folder, media_type in ((b"word/", DOCX), (b"ppt/", PPTX), (b"xl/", XLSX)):
        if b"[Content_Types].xml" in head and folder in head:
            return media_type
    return named if named in ZIPPED else ZIP


def _text(head: bytes, named: str | None) -> str:
    beginning = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if named in (None, PLAIN) and beginning.startswith((b"<!doctype html", b"<html")):
        return HTML
    return named or PLAIN


def is_text(head: bytes) -> bool:
    """Whether these bytes may begin a text in some encoding."""
    if head.startswith(_UTF16):
        return True
    if b"\0" in head:
        return False
    controls = sum(byte < 32 and byte not in (9, 10, 11, 12, 13, 27) for byte in head)
    return controls <= _MOST_CONTROLS * len(head)


def _is_program(head: bytes) -> bool:
    return head.startswith((b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!"))


def last_part(name: str) -> str:
    """What remains of a file name that may be a path: its last part, printable, at most 200 characters.

    Never empty: a name with nothing left becomes "document".
    """
    last = PureWindowsPath(PurePosixPath(name.replace("\0", "")).name).name
    cleaned = "".join(character if character.isprintable() else " " for character in last).strip()
    if cleaned in ("", ".", ".."):
        return "document"
    if len(cleaned) <= 200:
        return cleaned
    ending = PurePosixPath(cleaned).suffix[:20]
    return cleaned[: 200 - len(ending)] + ending


def media_types(endings: Collection[str]) -> set[str]:
    """The kinds that endings of file names stand for; media types stay as they are."""
    known = {**_BY_ENDING, "txt": PLAIN}
    wanted = [ending.strip().casefold().removeprefix(".") for ending in endings]
    return {known.get(each, each) for each in wanted}
