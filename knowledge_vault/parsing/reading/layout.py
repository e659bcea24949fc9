"""What of a printed document is a heading or a table, told by how its lines look. Pure: knows no PDF.

Careful rather than complete: a line that is wrongly taken for a heading cuts a passage in two and stands over what is
not its matter, a heading that is missed is read as the line it is. No character of the text is changed.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_vault.parsing.parsed import Heading, Table

_LARGER = 1.15
"""A heading's letters are at least this much larger than the body's, or as large and bold."""
_BODY_SHARE = 0.15
"""Of all letters: what so many are printed in is body text, and headings are larger than all of it."""
_MOST_TITLE = 150
_MOST_TITLE_LINES = 3
_MOST_SHARE = 0.2
"""Of all lines: where more look like headings, looks say nothing here."""
_LEAST_REPEATED = 3
"""On more pages than this, and on a fifth of all, a line is a running header."""
_FEWEST_BOOKMARKS = 3
_MOST_LEVELS = 4
_LEAST_ROWS = 3
_ALIGNED = 3.0
"""Points by which the cells of a column may begin apart."""
_NO_TITLE = re.compile(r"(\.{4,}|…|[,;:]$|(?<!\d)\.$|^[•●▪◦*–—-]\s|https?://|@|^\w+ \d+ \w+ \d+$)")


@dataclass(frozen=True, slots=True)
class Line:
    start: int
    """Offset in the document's text."""
    text: str
    page: int
    """From 0."""
    size: float
    """Of its letters, in points."""
    is_bold: bool
    cells: tuple[float, ...]
    """Where on the page each stretch of it begins that stands apart from the one before; one for running text."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Bookmark:
    """An entry of the document's own table of contents."""

    page: int
    level: int
    """From 0."""
    title: str


def headings(lines: Sequence[Line], bookmarks: Sequence[Bookmark]) -> tuple[Heading, ...]:
    """In order: by the document's own table of contents where its entries are found on their pages, else by looks."""
    by_title = list(_bookmarked(lines, bookmarks))
    if len(by_title) >= _FEWEST_BOOKMARKS and 2 * len(by_title) >= len(bookmarks):
        return tuple(sorted(set(by_title), key=lambda each: each.start))
    return _by_looks(lines)


def _bookmarked(lines: Sequence[Line], bookmarks: Sequence[Bookmark]) -> Iterator[Heading]:
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    taken: set[int] = set()
    for bookmark in bookmarks:
        title = _plain(bookmark.title)
        if not title:
            continue
        on_page = [line for line in pages.get(bookmark.page, ()) if line.start not in taken]
        exact = [line for line in on_page if _plain(line.text) == title]
        # a title over two lines begins with the first; a number before it may be missing in either
        near = [
            line
            for line in on_page
            if len(_plain(line.text)) >= 4
            and (title.startswith(_plain(line.text)) or _plain(line.text).startswith(title))
            and len(line.text) <= _MOST_TITLE
        ]
        if found := next(iter(exact or sorted(near, key=lambda line: (-line.size, line.start))), None):
            taken.add(found.start)
            yield Heading(found.start, bookmark.level + 1, " ".join(bookmark.title.split())[:_MOST_TITLE])


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalpha())


def _by_looks(lines: Sequence[Line]) -> tuple[Heading, ...]:
    letters: Counter[float] = Counter()
    bold_letters = 0
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
        bold_letters += len(line.text) * line.is_bold
    if not letters:
        return ()
    most = max(letters.values())
    body = max(
        size for size, count in letters.items() if count >= _BODY_SHARE * letters.total() or count == most
    )
    bold_tells = bold_letters < 0.2 * letters.total()
    repeated = _repeated(lines)
    found = [
        line
        for line in _standing_apart(lines)
        if (line.size >= _LARGER * body or (bold_tells and line.is_bold and line.size >= body))
        and _may_be_title(line)
        and _without_numbers(line.text) not in repeated
    ]
    if not found or len(found) > max(3, _MOST_SHARE * len(lines)):
        return ()
    looks = sorted({_look(line) for line in found}, reverse=True)
    level_of = {look: min(level, _MOST_LEVELS) for level, look in enumerate(looks, start=1)}
    return tuple(_joined(found, level_of))


def _standing_apart(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines with no more than two others of their look beside them: more are a paragraph."""
    run: list[Line] = []
    for line in lines:
        if run and (line.start > run[-1].end + 1 or _look(line) != _look(run[-1])):
            if len(run) <= _MOST_TITLE_LINES:
                yield from run
            run = []
        run.append(line)
    if len(run) <= _MOST_TITLE_LINES:
        yield from run


def _look(line: Line) -> tuple[int, bool]:
    return round(line.size), line.is_bold


def _may_be_title(line: Line) -> bool:
    text = line.text.strip()
    return (
        2 < len(text) <= _MOST_TITLE
        and len(line.cells) == 1
        and sum(character.isalpha() for character in text) * 2 >= len(text)
        and not _NO_TITLE.search(text)
    )


def _repeated(lines: Sequence[Line]) -> set[str]:
    """Lines that stand on many pages, whatever number is in them: running headers and footers."""
    pages = len({line.page for line in lines})
    seen = {(_without_numbers(line.text), line.page) for line in lines}
    counts = Counter(text for text, _ in seen)
    return {text for text, count in counts.items() if count > max(_LEAST_REPEATED, pages / 5)}


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "#", " ".join(text.split()))


def _joined(found: Sequence[Line], level_of: dict[tuple[int, bool], int]) -> Iterator[Heading]:
    """Lines of one look that follow each other are one heading."""
    at = 0
    while at < len(found):
        first, title = found[at], found[at].text.strip()
        last = first
        while (
            at + 1 < len(found)
            and found[at + 1].start <= last.end + 1
            and _look(found[at + 1]) == _look(first)
            and len(title) + len(found[at + 1].text) < _MOST_TITLE
        ):
            at += 1
            last = found[at]
            title = f"{title} {last.text.strip()}"
        if not title[0].islower():  # the end of a line that was no title
            yield Heading(first.start, level_of[_look(first)], title)
        at += 1


def tables(lines: Sequence[Line]) -> Iterator[Table]:
    """Runs of lines on one page whose cells stand in the same columns; the first line of each is its heading row."""
    run: list[Line] = []
    for line in lines:
        if run and (
            line.page != run[-1].page or line.start > run[-1].end + 1 or not _same_columns(run[0], line)
        ):
            yield from _table(run)
            run = []
        if len(line.cells) >= 2:
            run.append(line)
    yield from _table(run)


def _same_columns(first: Line, line: Line) -> bool:
    """All cells but the first may be missing; none stands where the heading row has no column."""
    if len(line.cells) < 2 or len(line.cells) > len(first.cells):
        return False
    return all(any(abs(cell - column) <= _ALIGNED for column in first.cells) for cell in line.cells)


def _table(run: Sequence[Line]) -> Iterator[Table]:
    if len(run) >= _LEAST_ROWS and _names_columns(run[0]):
        yield Table(run[0].start, run[-1].end, run[0].end)


def _names_columns(first: Line) -> bool:
    """A form's names stand beside their values: there the first row says nothing of the others."""
    return ":" not in first.text and (
        first.is_bold or not any(character.isdigit() for character in first.text)
    )
