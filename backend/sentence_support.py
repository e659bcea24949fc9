"""Whether the sentences of an answer stand in what they cite, by a rule that a person can apply with a pencil.

It is another rule than the one that answers are made by (`agent_runtime/support.py`), and knows nothing of that one.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.text_likeness import normalised

LEAST_SHARE = 0.5
STEM_LETTERS = 4
"""Forms of one word begin alike: words are compared by so many letters, numbers whole."""
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class SentenceCounts:
    words: int
    """Of the answer, without its citation marks."""
    unmarked: int
    """Sentences that are not marked as not supported."""
    borne_out: int
    """Of those, the ones that stand in what they cite."""
    marked: int
    """Sentences that are marked as not supported."""


def count_sentences(question: str, completion: Mapping[str, Any]) -> SentenceCounts:
    """The sentences of one completion. What says that nothing was found claims nothing, and is not counted."""
    words = word_count(completion["choices"][0]["message"]["content"])
    sentences = completion.get("sentences", ())
    unmarked = [each for each in sentences if each["supported"]]
    if not unmarked and not completion["citations"]:
        return SentenceCounts(words, 0, 0, 0)
    quotes = {citation["number"]: citation["quote"] for citation in completion["citations"]}
    borne_out = [
        stands_in(each["text"], [quotes[number] for number in each["citations"]], question=question)
        for each in unmarked
    ]
    return SentenceCounts(words, len(unmarked), sum(borne_out), len(sentences) - len(unmarked))


def stands_in(sentence: str, quotes: Sequence[str], *, question: str) -> bool:
    """Whether a sentence stands in the words that it cites.

    Every number of it, and every name (a word with a capital, other than the first), stands in what it cites or in the
    question; and of its other words of four letters and more, at least half stand in what it cites, in any form.
    """
    cited, asked = set(_stems(" ".join(quotes))), set(_stems(question))
    found = re.findall(r"[^\W_]+", _UNSPACED.sub(" ", unicodedata.normalize("NFKC", sentence)))
    numbers = {word for word in found if word[0].isdigit()}
    names = {word for word in found[1:] if word[0].isupper()}
    fixed = {stem for word in numbers | names for stem in _stems(word)}
    others = {stem for stem in _stems(sentence) if len(stem) > 3 or _UNSPACED.match(stem)} - fixed
    return fixed <= cited | asked and (not others or len(others & cited) / len(others) >= LEAST_SHARE)


def word_count(text: str) -> int:
    """Words without citation marks; two characters of a script without spaces are one."""
    plain = re.sub(r"\[\d{1,3}\]", " ", text)
    return len(_UNSPACED.sub(" ", plain).split()) + len(_UNSPACED.findall(plain)) // 2


def _stems(text: str) -> list[str]:
    words = _UNSPACED.sub(lambda match: f" {match[0]} ", normalised(text)).split()
    return [word if word.isdigit() else word[:STEM_LETTERS] for word in words]
