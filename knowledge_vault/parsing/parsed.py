"""What a parser finds in a file, and how it crosses from the child process: as JSON, checked on arrival."""

import json
from dataclasses import dataclass
from typing import Literal, Protocol

from knowledge_vault.parsing.kinds import Kind
from knowledge_vault.values import Limits, Page

Structure = Literal["plain", "markdown", "rows"]
"""How to read the text: paragraphs, markdown, or one record a line."""


@dataclass(frozen=True)
class Parsed:
    text: str
    """All the text; offsets into it are what citations carry."""
    pages: tuple[Page, ...]
    """In order, without overlap; empty for kinds without pages."""
    structure: Structure

    def to_json(self) -> bytes:
        pages = [[page.number, page.start, page.end] for page in self.pages]
        return json.dumps(
            {"text": self.text, "pages": pages, "structure": self.structure}, ensure_ascii=False
        ).encode("utf-8", "surrogatepass")

    @classmethod
    def from_json(cls, data: bytes) -> "Parsed":
        """Raises:
        ValueError: not what `to_json` writes, or spans that leave the text.
        """
        value = json.loads(data)
        text, structure = value["text"], value["structure"]
        if not isinstance(text, str) or structure not in ("plain", "markdown", "rows"):
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
        return cls(text, tuple(pages), structure)


class Parser(Protocol):
    async def parse(self, content: bytes, *, name: str, kind: Kind, limits: Limits) -> Parsed:
        """The file's text.

        Raises:
            DocumentRefused: one of its kinds, saying what to do; repeating does not help.
            VaultUnavailable: the parser could not be started.
        """

    async def close(self) -> None: ...
