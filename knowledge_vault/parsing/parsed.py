"""What a parser finds in a file, and how it crosses from the child process: as JSON, checked on arrival."""

import json
from collections.abc import AsyncIterable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, get_args

from knowledge_vault.parsing.kinds import Kind
from knowledge_vault.values import ChunkSizes, Limits, Page

Structure = Literal["plain", "printed", "markdown", "rows", "code"]
"""How to read the text: paragraphs, paragraphs of a printed page, markdown, one record a line, or lines of a program.

Headings of a printed page were told by their looks: they name what stands under them, and part nothing.
"""
_STRUCTURES = get_args(Structure)


@dataclass(frozen=True)
class Heading:
    """A heading that the text does not mark as one: a function's name, a large line on a page."""

    start: int
    level: int
    """1 is the outermost."""
    title: str


@dataclass(frozen=True)
class Table:
    """A table in running text, a row a line."""

    start: int
    end: int
    header_end: int
    """After its first line, which names the columns."""


@dataclass(frozen=True)
class Part:
    """A stretch of text with a structure of its own: one file of an archive, one attachment of a letter."""

    start: int
    end: int
    structure: Structure
    title: str
    """Stands above all of the part's own headings; may be empty."""


@dataclass(frozen=True)
class Parsed:
    text: str
    """All the text; offsets into it are what citations carry."""
    pages: tuple[Page, ...]
    """In order, without overlap; empty for kinds without pages."""
    structure: Structure
    """Of all the text; where there are parts, theirs count."""
    outline: tuple[Heading, ...] = ()
    """In order. Markdown's own headings are not among them."""
    parts: tuple[Part, ...] = ()
    """In order, without overlap, covering the text; empty when it is of one piece."""
    remarks: tuple[str, ...] = ()
    """What of the file could not be read, a sentence each; the rest was."""
    media_type: str = ""
    """What the file turned out to be, where that is not what it was taken for."""
    sizes: ChunkSizes | None = None
    """How it is to be cut: written down with the text, so that a crash half-way cannot mix two ways of cutting."""
    tables: tuple[Table, ...] = ()
    """In order, without overlap. Markdown's own tables are not among them."""

    def to_json(self) -> bytes:
        value = {
            "text": self.text,
            "pages": [[page.number, page.start, page.end] for page in self.pages],
            "structure": self.structure,
            "tables": [[each.start, each.end, each.header_end] for each in self.tables],
            "outline": [[each.start, each.level, each.title] for each in self.outline],
            "parts": [[each.start, each.end, each.structure, each.title] for each in self.parts],
            "remarks": list(self.remarks),
            "media_type": self.media_type,
            "sizes": None if self.sizes is None else asdict(self.sizes),
        }
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")

    @classmethod
    def from_json(cls, data: bytes) -> "Parsed":
        """Raises:
        ValueError: not what `to_json` writes, or spans that leave the text.
        """
        value = json.loads(data)
        text, structure = value["text"], value["structure"]
        if not isinstance(text, str) or structure not in _STRUCTURES:
            raise ValueError("not a parsed document")
        pages = []
        previous = 0
        for number, start, end in value["pages"]:
            if not (
                type(number) is type(start) is type(end) is int and previous <= start <= end <= len(text)
            ):
                raise ValueError("a page lies outside the text")
            pages.append(Page(number, start, end))
            previous = end
        remarks, media_type = value.get("remarks", []), value.get("media_type", "")
        if not all(isinstance(each, str) for each in (*remarks, media_type)):
            raise ValueError("not a parsed document")
        sizes = value.get("sizes")
        return cls(
            text,
            tuple(pages),
            structure,
            _outline(value.get("outline", []), len(text)),
            _parts(value.get("parts", []), len(text)),
            tuple(remarks),
            media_type,
            None if sizes is None else ChunkSizes(**sizes),
            _tables(value.get("tables", []), len(text)),
        )


def _outline(items: list[list[Any]], length: int) -> tuple[Heading, ...]:
    found: list[Heading] = []
    previous = 0
    for start, level, title in items:
        if not (type(start) is type(level) is int and isinstance(title, str) and previous <= start < length):
            raise ValueError("a heading lies outside the parsed text")
        found.append(Heading(start, level, title))
        previous = start
    return tuple(found)


def _tables(items: list[list[Any]], length: int) -> tuple[Table, ...]:
    found: list[Table] = []
    previous = 0
    for start, end, header_end in items:
        if not (
            type(start) is type(end) is type(header_end) is int
            and previous <= start < header_end <= end <= length
        ):
            raise ValueError("a table lies outside the parsed text")
        found.append(Table(start, end, header_end))
        previous = end
    return tuple(found)


def _parts(items: list[list[Any]], length: int) -> tuple[Part, ...]:
    found: list[Part] = []
    previous = 0
    for start, end, structure, title in items:
        if not (
            type(start) is type(end) is int
            and structure in _STRUCTURES
            and isinstance(title, str)
            and previous == start <= end <= length
        ):
            raise ValueError("a part lies outside the parsed text")
        found.append(Part(start, end, structure, title))
        previous = end
    if found and previous != length:
        raise ValueError("the parts do not cover the parsed text")
    return tuple(found)


class Parser(Protocol):
    async def parse(
        self,
        content: AsyncIterable[bytes],
        *,
        name: str,
        kind: Kind,
        limits: Limits,
        progress: Callable[[float], None] | None = None,
    ) -> Parsed:
        """The file's text. `progress` is told the share that is read, from time to time, by some kinds.

        Raises:
            DocumentRefused: one of its kinds, saying what to do; repeating does not help.
            VaultUnavailable: the parser could not be started.
        """

    async def close(self) -> None: ...
