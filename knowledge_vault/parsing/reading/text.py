"""Bytes to text, in whatever encoding they were saved."""

import codecs
from collections.abc import Iterable, Iterator

import charset_normalizer

from knowledge_vault.errors import DocumentUnreadable

_SAMPLE_BYTES = 200_000
_DROPPED = {0: None, 2: None, 0xFFFE: None, 0xFFFF: None, 0xFEFF: None}


def decode(content: bytes, name: str) -> str:
    """The text, lines ending in a bare newline.

    Raises:
        DocumentUnreadable: no encoding makes text of it.
    """
    try:
        return clean(content.decode(_certain_encoding(content)))
    except UnicodeDecodeError:
        return clean(content.decode(_guess(content[:_SAMPLE_BYTES], name), "replace"))


def decode_stream(pieces: Iterable[bytes], name: str) -> Iterator[str]:
    """As `decode`, piece by piece: what no sample can tell is replaced, not refused."""
    source = iter(pieces)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= _SAMPLE_BYTES:
            break
    decoder = codecs.getincrementaldecoder(_encoding_of(head, name))("replace")
    for piece in (head, *source) if len(head) < _SAMPLE_BYTES else _chained(head, source):
        yield clean(decoder.decode(piece))
    yield clean(decoder.decode(b"", True))


def _chained(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _encoding_of(head: bytes, name: str) -> str:
    encoding = _certain_encoding(head)
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)  # a character may go on after the sample
    except UnicodeDecodeError:
        return _guess(head, name)
    return encoding


def _certain_encoding(content: bytes) -> str:
    return "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"


def _guess(sample: bytes, name: str) -> str:
    found = charset_normalizer.from_bytes(sample).best()
    if found is None:
        raise DocumentUnreadable(name, reason="the encoding of its text cannot be told")
    return found.encoding


def clean(text: str) -> str:
    """Bare newlines; no NUL, no halves of characters, no marks that a PDF puts at a hyphenated line's end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe\n", "").replace("\x02\n", "")
    return text.translate(_DROPPED).encode("utf-8", "replace").decode("utf-8")
