"""Several files' texts as one document's, each under its own name and with its own structure."""

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge_vault.errors import DocumentTooLarge
from knowledge_vault.parsing.parsed import Heading, Parsed, Part, Table
from knowledge_vault.values import Limits


@dataclass(frozen=True)
class Named:
    title: str
    parsed: Parsed


def joined(files: Sequence[Named], *, remarks: Sequence[str], name: str, limits: Limits) -> Parsed:
    """One after the other, each behind a line with its title. Their pages are left out: numbers would repeat.

    Raises:
        DocumentTooLarge: together they have too much text.
    """
    texts: list[str] = []
    parts: list[Part] = []
    outline: list[Heading] = []
    tables: list[Table] = []
    told = list(remarks)
    at = 0
    for file in files:
        title = f"{file.title}\n\n" if file.title else ""
        text = f"{title}{file.parsed.text.strip()}\n\n"
        if at + len(text) > limits.text_characters:
            raise DocumentTooLarge(
                name, reason=f"its files have more than {limits.text_characters:,} characters of text"
            )
        skipped = len(file.parsed.text) - len(file.parsed.text.lstrip())
        shift = at + len(title) - skipped
        end = at + len(text)
        outline += [
            Heading(max(at, each.start + shift), each.level, each.title) for each in file.parsed.outline
        ]
        tables += [
            Table(each.start + shift, each.end + shift, each.header_end + shift)
            for each in file.parsed.tables
        ]
        inner = file.parsed.parts or (Part(0, 0, file.parsed.structure, ""),)
        for number, part in enumerate(inner):
            is_last = number == len(inner) - 1
            parts.append(
                Part(
                    at if number == 0 else parts[-1].end,
                    end if is_last else min(end, part.end + shift),
                    part.structure,
                    " › ".join(each for each in (file.title, part.title) if each),
                )
            )
        told += [f"{file.title}: {remark}" if file.title else remark for remark in file.parsed.remarks]
        texts.append(text)
        at = end
    return Parsed(
        "".join(texts), (), "plain", tuple(outline), tuple(parts), tuple(told), tables=tuple(tables)
    )
