"""Divide a document's text into the pieces that chunks are made of: sentences, table rows, lines of code, headings.

Every character that is not white space lies in exactly one piece. Pure: knows no tokens and no sizes but one.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_vault.parsing.parsed import Heading, Parsed, Part, Table


@dataclass(frozen=True)
class Piece:
    """A piece that is never cut, unless it alone is too long."""

    start: int
    end: int
    section: int
    """Numbers the stretches between two headings, from 0."""
    path: tuple[str, ...]
    """The headings it stands under, outermost first."""
    begins_section: bool
    begins_paragraph: bool
    header: tuple[int, int] | None = None
    """Where the heading row of its table lies; None outside a table and for that row itself."""


@dataclass(frozen=True)
class _Section:
    start: int
    end: int
    part: Part
    path: tuple[str, ...]
    is_headed: bool


def pieces_of(parsed: Parsed, *, most: int) -> list[Piece]:
    """In order. `most`: a sentence longer than this many characters falls into its lines."""
    found: list[Piece] = []
    number = -1
    part: Part | None = None
    for section in _sections(parsed):
        goes_on = section.part is part and section.part.structure == "printed"
        number, part, is_first = number + (not goes_on), section.part, True
        within = [table for table in parsed.tables if section.start <= table.start < section.end]
        for start, end, begins_paragraph, header in _pieces(parsed.text, section, most, within):
            found.append(
                Piece(
                    start,
                    end,
                    number,
                    section.path,
                    begins_section=is_first and section.is_headed and not goes_on,
                    begins_paragraph=begins_paragraph,
                    header=header,
                )
            )
            is_first = False
    return found


_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^[ \t]*(```|~~~)")


def _sections(parsed: Parsed) -> Iterator[_Section]:
    """Stretches of text under one heading."""
    text = parsed.text
    whole = Part(0, len(text), parsed.structure, "")
    for part in parsed.parts or (whole,):
        above = (part.title,) if part.title else ()
        if part.structure == "markdown":
            headings = _markdown_headings(text, part)
        else:
            headings = [h for h in parsed.outline if part.start <= h.start < part.end]
        yield from _divide(part, headings, above)


def _divide(part: Part, headings: Sequence[Heading], above: tuple[str, ...]) -> Iterator[_Section]:
    path: list[Heading] = []
    start, is_headed = part.start, bool(above)
    for heading in headings:
        if heading.start > start:
            yield _Section(start, heading.start, part, _titles(above, path), is_headed)
        path = [each for each in path if each.level < heading.level] + [heading]
        start, is_headed = heading.start, True
    if part.end > start:
        yield _Section(start, part.end, part, _titles(above, path), is_headed)


def _titles(above: tuple[str, ...], path: Sequence[Heading]) -> tuple[str, ...]:
    return above + tuple(heading.title for heading in path)


def _markdown_headings(text: str, part: Part) -> list[Heading]:
    found: list[Heading] = []
    in_code = False
    for start, end in _lines(text, part.start, part.end):
        line = text[start:end]
        if _FENCE.match(line):
            in_code = not in_code
        elif not in_code and (match := _HEADING.match(line)):
            found.append(Heading(start, len(match[1]), match[2]))
    return found


_Piece = tuple[int, int, bool, tuple[int, int] | None]
"""Start, end, whether a paragraph begins with it, and its table's heading row."""


def _pieces(text: str, section: _Section, most: int, tables: Sequence[Table]) -> Iterator[_Piece]:
    structure, start, end = section.part.structure, section.start, section.end
    if structure in ("rows", "code"):
        for first, last in _bare_lines(text, start, end):
            yield first, last, structure == "rows" or text[max(0, first - 1)] not in " \t", None
        return
    if structure in ("plain", "printed"):
        for table in tables:
            yield from _prose(text, start, table.start, most)
            start = min(table.end, end)
            yield from _rows(text, table.start, start)
        yield from _prose(text, start, end, most)
        return
    for block in _blocks(text, start, end):
        if block.kind == "prose":
            yield from _prose(text, block.start, block.end, most)
            continue
        yield from _rows(text, block.start, block.end, is_table=block.kind == "table")


def _rows(text: str, start: int, end: int, *, is_table: bool = True) -> Iterator[_Piece]:
    header = None
    for number, (first, last) in enumerate(_bare_lines(text, start, end)):
        yield first, last, number == 0, header
        if number == 0 and is_table:
            header = (first, last)


@dataclass(frozen=True)
class _Block:
    start: int
    end: int
    kind: str
    """`prose`, `table`, `code` or `heading`."""


_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


def _blocks(text: str, start: int, end: int) -> Iterator[_Block]:
    """What lies between two offsets of markdown, in order."""
    lines = list(_lines(text, start, end))
    prose_from: int | None = None
    number = 0
    while number < len(lines):
        kind, size = _block_at(text, lines, number)
        first, last = lines[number][0], lines[number + size - 1][1]
        if kind == "prose":
            prose_from = first if prose_from is None else prose_from
        else:
            if prose_from is not None:
                yield _Block(prose_from, first, "prose")
                prose_from = None
            yield _Block(first, last, kind)
        number += size
    if prose_from is not None:
        yield _Block(prose_from, end, "prose")


def _block_at(text: str, lines: Sequence[tuple[int, int]], number: int) -> tuple[str, int]:
    """The kind of the block whose first line this is, and how many lines it has."""

    def line(at: int) -> str:
        return text[lines[at][0] : lines[at][1]]

    def run(at: int, belongs: str) -> int:
        while at < len(lines) and line(at).lstrip().startswith(belongs):
            at += 1
        return at

    if fence := _FENCE.match(line(number)):
        at = number + 1
        while at < len(lines) and not line(at).lstrip().startswith(fence[1]):
            at += 1
        return "code", min(at + 1, len(lines)) - number
    has_rule = number + 1 < len(lines) and "|" in line(number) and _TABLE_RULE.match(line(number + 1))
    if has_rule and line(number).lstrip().startswith("|"):
        return "table", run(number + 1, "|") - number
    return ("heading" if _HEADING.match(line(number)) else "prose"), 1


_STOP = r"[.!?…؟۔։።।॥။៕។]+"
_AFTER = r"[\"'”’»)\]」』）]*"
_SENTENCE_END = re.compile(
    rf"(?P<spaced>{_STOP}{_AFTER})(?=\s)|[。！？｡]+[\"'”’»)\]」』）]*|(?P<paragraph>(?<=\S)\n(?=[ \t]*\n))"
)
_BLANK_LINE = re.compile(r"[^\S\n]*\n[^\S\n]*\n")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[„“\"'«])(?:[^\W\d_]|[^\W\d_]\.[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|No|Nos|Nr|vs|etc|cf|al|Fig|Figs|"
    r"Eq|Vol|Ch|Sec|pp|ca|approx|bzw|usw|Abs|Art|Núm|núm|Sra|Ud|Uds|гл|рис|стр|см|ст|ул|тыс|млн|млрд|им|проф)\.$"
)


def _prose(text: str, start: int, end: int, most: int) -> Iterator[_Piece]:
    """Sentences between two offsets, without the white space around them."""
    position, begins_paragraph = start, True
    for cut, ends_paragraph in [*_sentence_ends(text, start, end), (end, True)]:
        span = _bare(text, position, cut)
        if span is not None:
            for first, last in [span] if span[1] - span[0] <= most else _bare_lines(text, *span):
                yield first, last, begins_paragraph, None
                begins_paragraph = False
            begins_paragraph = ends_paragraph
        position = cut


def _sentence_ends(text: str, start: int, end: int) -> Iterator[tuple[int, bool]]:
    for match in _SENTENCE_END.finditer(text, start, end):
        cut = match.end()
        if match["spaced"] is None:
            yield cut, match["paragraph"] is not None
            continue
        if _BLANK_LINE.match(text, cut, end):
            yield cut, True
        elif not _goes_on(text, match.start(), cut, end):
            yield cut, False


def _goes_on(text: str, dot: int, cut: int, end: int) -> bool:
    """Whether the stop belongs to an abbreviation: a small letter follows, or it is a known one."""
    following = next(
        (character for character in text[cut : min(cut + 20, end)] if not character.isspace()), ""
    )
    if following.islower():
        return True
    return text[dot] == "." and cut == dot + 1 and bool(_ABBREVIATION.search(text[max(0, dot - 12) : cut]))


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Lines between two offsets, without their newlines. Only a newline ends one."""
    position = start
    while position < end:
        cut = text.find("\n", position, end)
        cut = end if cut < 0 else cut
        yield position, cut
        position = cut + 1


def _bare_lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for line in _lines(text, start, end):
        span = _bare(text, *line)
        if span is not None:
            yield span


def _bare(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The stretch without white space around it; None when nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def halves(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Two parts of a piece that is too long, cut near its middle: between words where there are some, else
    between characters as people see them. One part when it cannot be divided."""
    middle = (start + end) // 2
    from_ = (start + middle) // 2
    space = max(text.rfind(mark, from_, middle) for mark in " \t\n\u200b、，；,;")
    cut = whole_character(text, space + 1 if space >= 0 else middle, start)
    if cut == start:
        cut = _next_character(text, middle, end)
    if cut == end:
        cut = middle  # one character with more marks than fit anywhere
    parts = [_bare(text, start, cut), _bare(text, cut, end)]
    return [part for part in parts if part is not None]


_JOINER = "\u200d"


def whole_character(text: str, at: int, least: int) -> int:
    """The last offset up to `at` that does not part a character from its marks; `least` when there is none."""
    while at > least and _is_joined(text, at):
        at -= 1
    return at


def _next_character(text: str, at: int, end: int) -> int:
    while at < end and _is_joined(text, at):
        at += 1
    return at


def _is_joined(text: str, at: int) -> bool:
    """Whether the characters before and after the offset are one to a reader."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if unicodedata.category(after)[0] == "M" or _JOINER in (before, after):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff":  # skin tones
        return True
    if _is_flag_letter(before) and _is_flag_letter(after):
        run = at
        while run > 0 and _is_flag_letter(text[run - 1]):
            run -= 1
        return (at - run) % 2 == 1
    return (
        ("\u0e40" <= before <= "\u0e44")  # Thai vowels written before their consonant
        or after in "\u0e30\u0e32\u0e33\u0e45"  # and after it
        or ("\u1100" <= before <= "\u115f" and "\u1160" <= after <= "\u11a7")  # Hangul from its letters
        or ("\u1160" <= before <= "\u11a7" and "\u11a8" <= after <= "\u11ff")
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
