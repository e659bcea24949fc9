"""Cut a document's text into chunks that can be found, read and cited on their own. Pure: text in, spans out.

Cuts fall at headings, else between paragraphs, else between sentences, rows or lines, and inside one of those only
when it alone is too long. Chunks of one section overlap a little, so that what straddles a cut is whole in one of
them. Each chunk also knows its *parent*: the section around it, as much as a reader or a model can take at once.
A search finds the chunk and reads the parent: `text[span.parent_start : span.parent_end]` of the document's text.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.pieces import Piece, halves, pieces_of
from knowledge_vault.values import ChunkSizes

CountTokens = Callable[[Sequence[str]], Sequence[int]]
_MOST_HEADING = 300
_MOST_LEAD = 300


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    page: int | None
    heading: str
    lead: str
    """The heading row of the table in whose middle the chunk begins: embedded with it; else empty."""
    parent_start: int
    parent_end: int
    """The section around the chunk: the whole of it, and of the sections above it, as far as they fit."""


@dataclass(frozen=True)
class _Unit:
    """A piece, or a part of one, that fits into a chunk."""

    start: int
    end: int
    tokens: int
    of: Piece
    is_first: bool
    """The first part of its piece."""

    @property
    def begins_section(self) -> bool:
        return self.is_first and self.of.begins_section

    @property
    def begins_paragraph(self) -> bool:
        return self.is_first and self.of.begins_paragraph


def chunk(parsed: Parsed, count_tokens: CountTokens, *, sizes: ChunkSizes | None = None) -> list[Span]:
    """The chunks in order; every character that is not white space lies in at least one of them.

    No span begins or ends with white space, and none is longer than `sizes` allows.
    """
    sizes = sizes or ChunkSizes()
    text = parsed.text
    pieces = pieces_of(parsed, most=sizes.characters)
    counts = count_tokens([text[piece.start : piece.end] for piece in pieces])
    units = [
        unit
        for piece, tokens in zip(pieces, counts, strict=True)
        for unit in _fit(_Unit(piece.start, piece.end, tokens, piece, True), text, sizes, count_tokens)
    ]
    page_starts = [page.start for page in parsed.pages]
    parents = _Parents(pieces, sizes.parent_characters)

    def page_of(position: int) -> int | None:
        found = bisect_right(page_starts, position) - 1
        return parsed.pages[found].number if found >= 0 else None

    spans = []
    for group in _pack(units, sizes):
        first, last = group[0], group[-1]
        header = first.of.header
        parent_start, parent_end = parents.around(first.start, last.end)
        spans.append(
            Span(
                first.start,
                last.end,
                page_of(first.start),
                " › ".join(first.of.path)[:_MOST_HEADING],
                text[header[0] : header[1]][:_MOST_LEAD] if header else "",
                parent_start,
                parent_end,
            )
        )
    return spans


def _fit(unit: _Unit, text: str, sizes: ChunkSizes, count_tokens: CountTokens) -> list[_Unit]:
    """The unit, or halves of it, until each fits."""
    is_small = unit.end - unit.start <= sizes.characters and unit.tokens <= sizes.tokens
    parts = [] if is_small else halves(text, unit.start, unit.end)
    if len(parts) < 2:
        return [unit]
    fitting: list[_Unit] = []
    for start, end in parts:
        (tokens,) = count_tokens([text[start:end]])
        part = _Unit(start, end, tokens, unit.of, unit.is_first and start == unit.start)
        fitting += _fit(part, text, sizes, count_tokens)
    return fitting


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
        if _tokens([earlier, *kept, unit]) > sizes.tokens or earlier.of.section != unit.of.section:
            break
        kept.insert(0, earlier)
    return kept


class _Parents:
    """Finds what to read around a chunk."""

    def __init__(self, pieces: Sequence[Piece], most: int) -> None:
        self._pieces = pieces
        self._starts = [piece.start for piece in pieces]
        self._most = most

    def around(self, start: int, end: int) -> tuple[int, int]:
        """The largest of the sections that the stretch lies in that fits, else as much of the least one as fits."""
        first, last = self._at(start), self._at(end - 1)
        path = self._pieces[first].path
        found = start, end
        own: tuple[int, int] | None = None
        for depth in range(len(path), -1, -1):
            section = self._under(path[:depth], first, last)
            own = own or section
            span = self._pieces[section[0]].start, self._pieces[section[1]].end
            if span[1] - span[0] > self._most:
                break
            found = min(start, span[0]), max(end, span[1])
        if found == (start, end) and own is not None:
            return self._window(first, last, own, start, end)
        return found

    def _at(self, position: int) -> int:
        return max(0, bisect_right(self._starts, position) - 1)

    def _under(self, path: tuple[str, ...], first: int, last: int) -> tuple[int, int]:
        """The pieces around first..last that stand under these headings, as far as the budget could ever reach."""
        depth, low, high = len(path), first, last
        start, end = self._pieces[first].start, self._pieces[last].end

        def belongs(number: int) -> bool:
            return 0 <= number < len(self._pieces) and self._pieces[number].path[:depth] == path

        while belongs(low - 1) and start - self._pieces[low].start <= self._most:
            low -= 1
        while belongs(high + 1) and self._pieces[high].end - end <= self._most:
            high += 1
        return low, high

    def _window(
        self, first: int, last: int, within: tuple[int, int], start: int, end: int
    ) -> tuple[int, int]:
        """Grow to both sides, piece by piece, while it fits."""
        low, high = first, last
        begin, finish = start, end
        is_growing = True
        while is_growing:
            is_growing = False
            if low > within[0] and finish - self._pieces[low - 1].start <= self._most:
                low -= 1
                begin, is_growing = self._pieces[low].start, True
            if high < within[1] and self._pieces[high + 1].end - begin <= self._most:
                high += 1
                finish, is_growing = self._pieces[high].end, True
        return begin, finish
