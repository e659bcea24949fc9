"""The other ways in which a text's words are asked for: without accents, an identifier whole, and its parts.

What is found here is kept beside a text's words, never in place of them, so that chunks
that were cut before a spelling was known are found as they always were.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from knowledge_vault.words import WITHOUT_SPACES, Language, split_words, stem

_LETTERS = {"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ё": "е"}
_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "\u0640": ""}
"""As Lucene's normalization of Arabic and Persian has it."""
_MARKS = (
    (0x0300, 0x036F),  # accents that stand for themselves
    (0x0591, 0x05C7),  # vowel signs of Hebrew
    (0x064B, 0x065F),  # and of Arabic
    (0x0670, 0x0670),
)
_ACCENTED = ("LATIN", "GREEK")
"""Scripts whose accents people leave out. In others a mark makes another letter, as in й, or belongs to the word."""


class _Plain(dict[int, str]):
    """What `str.translate` makes of each character, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = made = _plain_character(chr(code))
        return made


def _plain_character(character: str) -> str:
    if character in _LETTERS or character in _ARABIC:
        return _LETTERS.get(character) or _ARABIC.get(character, "")
    if any(first <= ord(character) <= last for first, last in _MARKS):
        return ""
    if unicodedata.name(character, "?").split()[0] in _ACCENTED:
        apart = unicodedata.normalize("NFD", character)
        return "".join(each for each in apart if not unicodedata.combining(each)) or character
    return character


_PLAIN = _Plain()


def plain(words: Sequence[str]) -> Sequence[str]:
    """The same folded words without the marks that people leave out; one for each, equal where there are none."""
    joined = " ".join(words)
    made = joined.translate(_PLAIN)
    return words if made == joined else made.split(" ")


_WHOLE = re.compile(r"[^\W_]+(?:[-_./:@#,+][^\W_]+)+")
_RUN = re.compile(r"\w+")
_IS_MIXED = re.compile(r"[^\W\d_]\d|\d[^\W\d_]|[a-z][A-Z]|[A-Z][A-Z][a-z]|\w_\w")
_PART = re.compile(r"\d+|[A-Z]+(?![a-z])|[^\W\d_][^\W\d_A-Z]*")


def wholes(text: str) -> list[str]:
    """Numbers and identifiers with what joins their parts, folded: "AB-1234/56", "v2.3.1", "ada@example.org"."""
    found = _WHOLE.findall(unicodedata.normalize("NFKC", text))
    return [each.lower() for each in found if "@" in each or "_" in each or any(map(str.isdigit, each))]


def parts(text: str, words: Iterable[str]) -> list[str]:
    """What snake_case, camelCase and GSA2022 are put together of, folded, where it is not among the words anyway."""
    known = set(words)
    return [
        part
        for run in _RUN.findall(unicodedata.normalize("NFKC", text))
        if _IS_MIXED.search(run) and not WITHOUT_SPACES.search(run)
        for part in map(str.lower, _PART.findall(run))
        if part not in known
    ]


_PART_OF = "part of {}"
"""How a part is kept, apart from the word that it looks like: "retry" of "on_retry" makes the word no commoner. No word
has a space."""


@dataclass(frozen=True)
class ChunkWords:
    usual: Sequence[str]
    """Stems in their order."""
    other: Sequence[str]
    """Other spellings, identifiers whole and in parts, for none of which a text is longer."""


def words_of(text: str, language: Language) -> ChunkWords:
    """The words of a chunk as they are kept."""
    words = split_words(text)
    stems = stem(words, language)
    known = set(words)
    without_marks = [
        each
        for each, usual in zip(stem(plain(words), language), stems, strict=True)
        if each and each != usual
    ]
    split = [_PART_OF.format(each) for each in stem(parts(text, known), language)]
    return ChunkWords(stems, [*without_marks, *split, *(each for each in wholes(text) if each not in known)])


def also_asked(text: str, words: Sequence[str], language: Language) -> Mapping[str, str]:
    """What a question may be found by beside its `words` (not stemmed): parts of identifiers, and its own ones.

    Each with the word that it may weigh no more than: a part is rarer than the word that it looks like.
    """
    known = set(words)
    own = stem(parts(text, known), language)
    split = {_PART_OF.format(each): each for each in [*stem(words, language), *own]}
    return {each: each for each in (*own, *wholes(text)) if each not in known} | split
