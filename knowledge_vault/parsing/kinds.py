"""Tell what kind of file this is, from its first bytes and the end of its name. Opens nothing."""

from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from knowledge_vault.errors import DocumentKindUnknown

HEAD_BYTES = 8192
"""How much of the beginning `recognise` wants."""

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BY_ENDING = {
    "pdf": "application/pdf",
    "docx": _DOCX,
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "text/html",
    "md": "text/markdown",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "text": "text/plain",
    "log": "text/plain",
    "rst": "text/plain",
    "": "text/plain",
}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Kind:
    media_type: str

    @property
    def is_binary(self) -> bool:
        return self.media_type in ("application/pdf", _DOCX)


PDF = Kind("application/pdf")
DOCX = Kind(_DOCX)
HTML = Kind("text/html")


def recognise(name: str, head: bytes) -> Kind:
    """The kind of the file called `name` that begins with `head`.

    The bytes decide where they can; a file that says PDF or DOCX by its name but is not one is left to the
    parser, which says that it is damaged.

    Raises:
        DocumentKindUnknown: not one of the kinds that we read.
    """
    ending = PurePosixPath(name).suffix.lower().removeprefix(".")
    if b"%PDF-" in head[:1024]:
        return PDF
    media_type = _BY_ENDING.get(ending)
    if media_type is None:
        raise DocumentKindUnknown(name)
    kind = Kind(media_type)
    if kind.is_binary:
        return kind
    if b"\0" in head and not head.startswith(_UTF16):
        raise DocumentKindUnknown(name)
    beginning = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if media_type == "text/plain" and beginning.startswith((b"<!doctype html", b"<html")):
        return HTML
    return kind


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
