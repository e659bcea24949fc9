"""Turn text into the words that keyword search compares: folded, cut and stemmed as each language wants it.

Words are compared within one stemming language: a document is stemmed in the language it is in, a question in
each language that the vault holds, so that neither a wrong guess about a short question nor a mixture of
languages in one vault loses a match.
"""

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import NewType

Language = NewType("Language", str)
"""A stemming language; `UNSTEMMED` holds all others together."""

UNSTEMMED = Language("none")
_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "nb": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
WITHOUT_SPACES = re.compile(
    r"[\u3005\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+"
)
"""Runs of kana, Chinese characters, Thai, Lao, Burmese and Khmer: no spaces tell their words apart, so pairs of
characters must do."""

_SAMPLE = 4000
_UNSURE = 25.0
"""A guess at a question's language that leads by less, as a logarithm, is no more than a guess: four words of
Spanish lie up to so far from Spanish."""
_local = threading.local()


def language_of(text: str) -> Language:
    """The stemming language of a document, by its beginning, middle and end; loads 70 MB on first use."""
    sample = text if len(text) <= 3 * _SAMPLE else _ends_and_middle(text)
    if not any(character.isalpha() for character in sample):
        return UNSTEMMED
    import py3langid

    code, _ = py3langid.classify(sample)
    return Language(_STEMMERS.get(code, UNSTEMMED))


def is_same_language(question: str, text: str, language: Language) -> bool:
    """Whether a question is in the language of a text of that stemming language; loads as `language_of`.

    A few words are easily taken for a rare language: the likeliest of those with a stemmer counts then.
    """
    if script_of(question) != script_of(text):
        return False
    guessed = language_of(question)
    return language in (guessed, _likeliest_stemmed(question) if guessed == UNSTEMMED else guessed)


def _likeliest_stemmed(question: str) -> Language:
    import py3langid

    ranked = py3langid.rank(question[:_SAMPLE])
    code, score = next((code, score) for code, score in ranked if code in _STEMMERS)
    return Language(_STEMMERS[code]) if ranked[0][1] - score < _UNSURE else UNSTEMMED


def script_of(text: str) -> str:
    """What most of a text's letters are written in, such as "LATIN"; empty without letters."""
    names = Counter(_script(character) for character in text[:_SAMPLE] if character.isalpha())
    return names.most_common(1)[0][0] if names else ""


@cache
def _script(character: str) -> str:
    return unicodedata.name(character, "?").split()[0]


def _ends_and_middle(text: str) -> str:
    middle = len(text) // 2
    return " ".join((text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:]))


def split_words(text: str) -> list[str]:
    """Folded words in order, not stemmed; pairs of characters where a script has no spaces.

    Combining marks belong to words: without them Hindi falls to pieces at every vowel sign.
    """
    spaced = unicodedata.normalize("NFKC", text).lower().translate(_SPACED)
    if not WITHOUT_SPACES.search(spaced):
        return spaced.split()
    words: list[str] = []
    for run in spaced.split():
        position = 0
        for match in WITHOUT_SPACES.finditer(run):
            if match.start() > position:
                words.append(run[position : match.start()])
            found = match[0]
            words += [found[at : at + 2] for at in range(len(found) - 1)] or [found]
            position = match.end()
        if position < len(run):
            words.append(run[position:])
    return words


class _Spaced(dict[int, str]):
    """What `str.translate` makes of each character, found out when it is first met: itself in words, else a space."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        is_in_words = character == "_" or unicodedata.category(character)[0] in "LNM"
        self[code] = made = character if is_in_words else " "
        return made


_SPACED = _Spaced()


def stem(words: Sequence[str], language: Language) -> list[str]:
    if language == UNSTEMMED:
        return list(words)
    stemmers = _local.__dict__.setdefault("stemmers", {})  # one per thread: they keep state while they work
    if language not in stemmers:
        import Stemmer

        stemmers[language] = Stemmer.Stemmer(language)
    stemmed: list[str] = stemmers[language].stemWords(list(words))
    return stemmed


def share_without_spaces(words: list[str]) -> float:
    """How much of a question is in a script without spaces: 0 to 1."""
    return sum(1 for word in words if WITHOUT_SPACES.match(word)) / len(words) if words else 0.0
