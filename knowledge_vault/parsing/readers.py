"""Choose the reader for a file and hold its answer to the limits. Runs in the child process only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from knowledge_vault.errors import (
    DocumentKindUnknown,
    DocumentRefused,
    DocumentTooLarge,
    DocumentUnreadable,
    DocumentWithoutText,
)
from knowledge_vault.parsing.kinds import (
    CODE,
    CSV,
    EPUB,
    HEAD_BYTES,
    HTML,
    JSON,
    JSON_LINES,
    LETTER,
    MARKDOWN,
    PDF,
    RTF,
    TSV,
    ZIP,
    ZIPPED,
    recognise,
)
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.parsing.reading.archives import kind_of_zip, read_zip
from knowledge_vault.parsing.reading.code import read_code
from knowledge_vault.parsing.reading.letters import read_letter
from knowledge_vault.parsing.reading.ocr import Recognizer
from knowledge_vault.parsing.reading.office import read_html, read_office
from knowledge_vault.parsing.reading.pdf import read_pdf
from knowledge_vault.parsing.reading.rows import read_csv, read_json, read_json_lines
from knowledge_vault.parsing.reading.text import decode
from knowledge_vault.values import Limits

_DEEPEST = 2
"""An archive in a letter is opened, and a letter in an archive; what is inside those once more is not."""


@dataclass(frozen=True)
class Reader:
    """Reads files, also those inside files."""

    limits: Limits
    recognizer: Recognizer | None
    progress: Callable[[float], None]
    depth: int = 0
    is_web_page: bool = False
    """The file itself is one, not what may be inside it."""

    def read(self, pieces: Iterable[bytes], *, name: str, media_type: str) -> Parsed:
        """The text of a file whose kind is known by its beginning.

        Raises:
            DocumentRefused: it cannot be read, or is over a limit.
        """
        if media_type in (CSV, TSV):
            parsed = read_csv(pieces, name=name, limits=self.limits)
        else:
            parsed = self._read_whole(b"".join(pieces), name, media_type)
        if not any(character.isalnum() for character in parsed.text):
            raise DocumentWithoutText(name)
        if len(parsed.text) > self.limits.text_characters:
            raise DocumentTooLarge(
                name, reason=f"it has more than {self.limits.text_characters:,} characters of text"
            )
        return parsed

    def _read_whole(self, content: bytes, name: str, media_type: str) -> Parsed:
        limits = self.limits
        if media_type == PDF:
            return read_pdf(
                content, name=name, limits=limits, recognizer=self.recognizer, progress=self.progress
            )
        if media_type in ZIPPED:
            return self._read_zipped(content, name, media_type)
        if media_type == RTF:
            return read_office(content, media_type=RTF, name=name)
        if media_type == LETTER:
            self._go_deeper(name, "it is a letter")
            return read_letter(content, name=name, limits=limits, read_member=self._read_member)
        text = decode(content, name)
        if media_type == HTML:
            return read_html(text, name=name, is_web_page=self.is_web_page)
        if media_type == JSON:
            return read_json(text, name=name, limits=limits)
        if media_type == JSON_LINES:
            return read_json_lines(text, name=name, limits=limits)
        if media_type == CODE:
            return read_code(text)
        return Parsed(text, (), "markdown" if media_type == MARKDOWN else "plain")

    def _read_zipped(self, content: bytes, name: str, media_type: str) -> Parsed:
        found = kind_of_zip(content, name=name, media_type=media_type, limits=self.limits)
        if found == ZIP:
            self._go_deeper(name, "it is an archive")
            parsed = read_zip(content, name=name, limits=self.limits, read_member=self._read_packed)
        else:
            parsed = read_office(content, media_type=found, name=name)
            if found == EPUB and not parsed.text.strip():
                raise DocumentUnreadable(name, reason="this EPUB has no chapter that can be read")
        return replace(parsed, media_type=found)

    def _go_deeper(self, name: str, what: str) -> None:
        if self.depth >= _DEEPEST:
            raise DocumentTooLarge(name, reason=f"{what} too deep inside others")

    def _read_packed(self, name: str, content: bytes) -> Parsed:
        if recognise(name, content[:HEAD_BYTES]).media_type == ZIP:
            raise DocumentKindUnknown(name)
        return self._read_member(name, content)

    def _read_member(self, name: str, content: bytes) -> Parsed:
        if not content:
            raise DocumentWithoutText(name)
        kind = recognise(name, content[:HEAD_BYTES])
        inner = replace(self, depth=self.depth + 1, progress=_untold, is_web_page=False)
        return inner.read([content], name=name, media_type=kind.media_type)


def _untold(_share: float) -> None:
    """A file inside another says nothing of how far it is."""


def describe(error: DocumentRefused) -> dict[str, str]:
    """The error as the parent rebuilds it: its class, and the one fact beside the name that some carry."""
    return {"refused": type(error).__name__, "reason": str(getattr(error, "reason", ""))}
