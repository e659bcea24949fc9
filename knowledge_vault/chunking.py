"""Cut a document's text into chunks that can be found, read and cited on their own. Pure: text in, spans out.

Cuts fall at headings, else between paragraphs, else between sentences, and inside a sentence only when it
alone is too long. Chunks of one section overlap a little, so that what straddles a cut is whole in one of them.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge_vault.parsing.parsed import Parsed

CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True)
class ChunkSizes:
    """Measured best on real documents: retrieval.md §3.4."""

    characters: int = 1600
    tokens: int = 480
    """The embedder reads 512, less its prompt, marks and the heading."""
    overlap: float = 0.12
    """Of `characters`, taken over from the end of the chunk before."""
    least: int = 400
    """A section shorter than this is joined with the next instead of standing alone."""


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    page: int | None
    heading: str


@dataclass(frozen=True)
class _Unit:
    """A sentence, a row, a line of code or a heading: what is never cut, unless it alone is too long."""

    start: int
    end: int
    tokens: int
    heading: str
    begins_section: bool


def chunk(parsed: Parsed, count_tokens: CountTokens, *, sizes: ChunkSizes | None = None) -> list[Span]:
    """The chunks in order; every character that is not white space lies in at least one of them.

    No span begins or ends with white space, and none is longer than `sizes` allows.
    """
    sizes = sizes or ChunkSizes()
    pieces = [
        (piece, heading, is_headed and number == 0)
        for start, end, heading, is_headed in _sections(parsed)
        for number, piece in enumerate(
            _pieces(parsed.text, start, end, parsed.structure == "rows", sizes.characters)
        )
    ]
    counts = count_tokens([parsed.text[start:end] for (start, end), _, _ in pieces])
    units = [
        unit
        for ((start, end), heading, begins), tokens in zip(pieces, counts, strict=True)
        for unit in _fit(_Unit(start, end, tokens, heading, begins), parsed.text, sizes, count_tokens)
    ]
    page_starts = [page.start for page in parsed.pages]

    def page_of(position: int) -> int | None:
        found = bisect_right(page_starts, position) - 1
        return parsed.pages[found].number if found >= 0 else None

    return [
        Span(group[0].start, group[-1].end, page_of(group[0].start), group[0].heading)
        for group in _pack(units, sizes)
    ]


_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^[ \t]*(```|~~~)")


def _sections(parsed: Parsed) -> Iterator[tuple[int, int, str, bool]]:
    """Stretches of text under one heading, as start, end, heading path, and whether a heading begins them."""
    if parsed.structure != "markdown":
        yield 0, len(parsed.text), "", False
        return
    path: list[tuple[int, str]] = []
    start, is_headed, in_code = 0, False, False
    position = 0
    for line in parsed.text.splitlines(keepends=True):
        if _FENCE.match(line):
            in_code = not in_code
        found = None if in_code else _HEADING.match(line.rstrip("\n"))
        if found:
            if position > start:
                yield start, position, _join(path), is_headed
            level = len(found[1])
            path = [item for item in path if item[0] < level] + [(level, found[2])]
            start, is_headed = position, True
        position += len(line)
    if position > start:
        yield start, position, _join(path), is_headed


def _join(path: Sequence[tuple[int, str]]) -> str:
    return " › ".join(title for _, title in path)[:300]


_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s)|[。！？｡][」』”’）]*|(?<=\S)\n(?=[ \t]*\n)")
_LINE_END = re.compile(r"\n")


def _pieces(text: str, start: int, end: int, by_lines: bool, most: int) -> Iterator[tuple[int, int]]:
    """Sentences (or lines) between two offsets, without the white space around them."""
    pattern = _LINE_END if by_lines else _SENTENCE_END
    position = start
    cuts = [match.end() for match in pattern.finditer(text, start, end)]
    for cut in [*cuts, end]:
        first = _skip_space(text, position, cut)
        last = cut
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            if last - first <= most:
                yield first, last
            else:
                yield from _lines_of(text, first, last)
        position = cut


def _lines_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch with no sentence end for long: a table, a list, code. By lines, then."""
    position = start
    while position < end:
        cut = text.find("\n", position, end)
        cut = end if cut < 0 else cut
        first = _skip_space(text, position, cut)
        last = cut
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            yield first, last
        position = cut + 1


def _skip_space(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start


def _fit(unit: _Unit, text: str, sizes: ChunkSizes, count_tokens: CountTokens) -> list[_Unit]:
    """The unit, or halves of it, cut at white space where there is some, until each fits."""
    if unit.end - unit.start < 2 or (
        unit.end - unit.start <= sizes.characters and unit.tokens <= sizes.tokens
    ):
        return [unit]
    middle = (unit.start + unit.end) // 2
    before = text.rfind(" ", (unit.start + middle) // 2, middle)
    cut = before + 1 if before >= 0 else middle
    parts: list[_Unit] = []
    for start, end in ((unit.start, cut), (cut, unit.end)):
        first, last = _skip_space(text, start, end), end
        while last > first and text[last - 1].isspace():
            last -= 1
        if first < last:
            (tokens,) = count_tokens([text[first:last]])
            part = _Unit(first, last, tokens, unit.heading, unit.begins_section and first == unit.start)
            parts += _fit(part, text, sizes, count_tokens)
    return parts


def _pack(units: Sequence[_Unit], sizes: ChunkSizes) -> Iterator[list[_Unit]]:
    group: list[_Unit] = []
    for unit in units:
        if group and _is_full(group, unit, sizes):
            yield group
            group = [] if unit.begins_section else _tail(group, unit, sizes)
        group.append(unit)
    if group:
        yield group


def _is_full(group: Sequence[_Unit], unit: _Unit, sizes: ChunkSizes) -> bool:
    length = unit.end - group[0].start
    if length > sizes.characters or _tokens(group) + unit.tokens > sizes.tokens:
        return True
    return unit.begins_section and group[-1].end - group[0].start >= sizes.least


def _tokens(group: Sequence[_Unit]) -> int:
    return sum(unit.tokens for unit in group)


def _tail(group: Sequence[_Unit], unit: _Unit, sizes: ChunkSizes) -> list[_Unit]:
    """The last units of a full chunk that the next one repeats; fewer when the next unit needs the room."""
    kept: list[_Unit] = []
    for earlier in reversed(group[1:]):
        if group[-1].end - earlier.start > sizes.characters * sizes.overlap:
            break
        if unit.end - earlier.start > sizes.characters:
            break
        if _tokens([earlier, *kept, unit]) > sizes.tokens or earlier.heading != unit.heading:
            break
        kept.insert(0, earlier)
    return kept
