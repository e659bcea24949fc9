"""Cut a text into sentences, in many scripts, with the exact place of each. Rules only, no model."""

import re
from dataclasses import dataclass

from agent_runtime.events import AnswerSentence

_WIDE = "。！？｡．"
_SPACED = ".!?…؟۔।॥"
_CLOSING = "\"'”’»)]}」』）】›"
_END = re.compile(
    rf"[{_WIDE}]+[{re.escape(_CLOSING)}]*"  # wide marks need no space after them
    rf"|[{re.escape(_SPACED)}]+[{re.escape(_CLOSING)}]*(?=\s|$)"
    r"|\s*\n[ \t]*\n+|\n(?=[ \t]*(?:[-*•#|]|\d+[.)]))|\n"
)
_TEXT_SHORT = """
mr mrs ms dr prof st jr sr vs etc no nos vol fig figs approx ca cf al inc ltd co corp dept est gen
gov hon lt col sgt capt maj rev mt ft sec ch pp p ed eds eg ie i.e e.g u.s u.k a.m p.m bzw ggf usw
z.b d.h u.a nr str bd abb vgl evtl jan feb mar apr jun jul aug sep sept oct nov dec т.е т.д т.п г
гг др см стр рис им ул sra srta dra pág núm ej
"""
"""What is written with a point in the middle of a sentence."""
_SHORT = frozenset(_TEXT_SHORT.split())
_TEXT_AFTER_ORDINAL = """
januar februar märz april mai juni juli august september oktober november dezember jahrhundert jahr
"""
"""Before these a German number ends in a point that ends no sentence."""
_AFTER_ORDINAL = frozenset(_TEXT_AFTER_ORDINAL.split())
MAX_SENTENCE_CHARACTERS = 600
_FULL_LINE_CHARACTERS = 120
_SHORT_LINE = 0.7
"""A line shorter than this share of the longest is a heading, a row or the end of a paragraph."""


@dataclass(frozen=True)
class Span:
    """`text_of_document[start:end] == text`."""

    text: str
    start: int
    end: int


def split(text: str) -> list[Span]:
    """The sentences in order, without the spaces around them; empty for a text of spaces.

    Headings, list items and table lines stand for themselves. A sentence longer than 600 characters is
    cut at a comma, a semicolon or a space.
    """
    spans: list[Span] = []
    begin = 0
    longest = min(_FULL_LINE_CHARACTERS, max(len(line) for line in text.split("\n")))
    for mark in _END.finditer(text):
        if mark.group().startswith(".") and _is_within(text, begin, mark.start(), mark.end()):
            continue
        if mark.group() == "\n" and _is_wrapped(text, mark.start(), longest):
            continue
        spans += _trimmed(text, begin, mark.end())
        begin = mark.end()
    return spans + _trimmed(text, begin, len(text))


def _is_within(text: str, begin: int, dot: int, after: int) -> bool:
    """Whether a point belongs to an abbreviation, an initial or a short number instead of ending a sentence."""
    word = re.search(r"[^\s(\[\"“«]*$", text[begin:dot])
    token = word.group().lower() if word else ""
    following = text[after : after + 2].lstrip()
    if following[:1].islower():
        return True
    if token in _SHORT or (len(token) == 1 and token.isalpha() and token.isascii()):
        return bool(following)
    if not (token.isdigit() and len(token) <= 2 and following):
        return False
    word_after = re.match(r"\s*(\w+)", text[after:])
    is_date = word_after is not None and word_after.group(1).lower() in _AFTER_ORDINAL
    return is_date or text[begin:dot].strip() == token


def _is_wrapped(text: str, place: int, longest: int) -> bool:
    """Whether a line break only wraps a sentence, as in PDF: after a full line, or before small letters."""
    line = text[text.rfind("\n", 0, place) + 1 : place].strip()
    following = text[place + 1 : place + 20].lstrip(" \t")[:1]
    if following in "-*•#|" and following:
        return False
    return following.islower() or line.endswith((",", "-", "–")) or len(line) >= _SHORT_LINE * longest


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    spans: list[Span] = []
    while end - start > MAX_SENTENCE_CHARACTERS:
        window = text[start : start + MAX_SENTENCE_CHARACTERS]
        cut = max(window.rfind(mark) for mark in (";", ",", "，", "、", "；", " ", "\n"))
        cut = cut + 1 if cut > 0 else MAX_SENTENCE_CHARACTERS
        spans += _trimmed(text, start, start + cut)
        start += cut
        while start < end and text[start].isspace():
            start += 1
    return [*spans, Span(text[start:end], start, end)] if end > start else spans


def unsupported_sentences(text: str) -> list[AnswerSentence]:
    """The sentences of a text that was checked against nothing."""
    return [
        AnswerSentence(text=span.text, start=span.start, end=span.end, supported=False, citations=[])
        for span in split(text)
    ]
