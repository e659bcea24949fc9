"""The words of a text, reduced so that forms of one word meet, in any script. No dictionaries, no models."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_CJK = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_STEM_CHARACTERS = 5
_NAME_WITH_NUMBER = re.compile(r"\b[A-Z]{1,5}(?:-\d{1,4})+\b")
"""PA-22-150 is one name, not a name and two numbers."""
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_TEXT_COMMON = """
a an the of in on at by to for from with and or but is are was were be been being has have had do
does did it its this that these those as not no than then there their his her he she they we you i
which who whom whose what when where why how many much can could may might will would shall should
if into about after before also such some any all more most other one only so per between during
over under up out der die das den dem des ein eine einer eines und oder ist sind war wie was wer
wo wann in im an auf mit von zu für bei nach aus viele viel welche welcher welches wurde wurden el
la los las un una de del y o que es son fue en con por para se su al cuál qué quién cuántos
cuántas cómo dónde cuándo le les des et ou est sont dans par pour qui quel quelle и в во на с со о
об по к у из за от до не что как кто где когда какой какая какое какие это был была было сколько
для при или а но
"""
"""The words that questions and sentences are held together with; they prove nothing."""
_COMMON = frozenset(_TEXT_COMMON.split())

_TEXT_DENIALS = """
not no never none neither nor without cannot nicht kein keine keinen keinem keiner keines nie niemals ohne nunca jamás
tampoco sin ni ninguno ninguna ningún pas jamais sans aucun aucune не нет ни никогда без нельзя
不 没 沒 无 無 非 未 لا لم لن ليس
"""
"""Words that deny what follows."""
_DENIALS = frozenset(_TEXT_DENIALS.split())
_UNSPACED_DENIAL = re.compile("([不没沒无無非未])")

_ASKS_FOR_NUMBER = re.compile(
    r"how (?:many|much|long|old|far|high|tall|big|large|often|deep|wide|heavy|fast)"
    r"|(?:what|which|by what|in what) (?:year|percent\w*|share|number|age|date|amount|price|length|distance)|\bwhen\b"
    r"|wie ?(?:viel\w*|lang\w*|alt|hoch|weit|oft|groß)|\bwann\b|welche[mns]? jahr"
    r"|cuánt\w+|cuándo|qué año|qué porcentaje|combien|quand|quelle année|quanti|quante|quando"
    r"|скольк\w+|когда|каком году|какой процент|多少|几[年个人次]|哪一?年|何年|何人|いくつ|いくら|كم|متى",
    re.IGNORECASE,
)


def split(text: str) -> list[str]:
    """Lower-cased words in order: letters, digits and the marks on them; CJK and Thai as pairs of characters."""
    normal = _joined(text).lower()
    spaced = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in normal)
    found: list[str] = []
    for word in spaced.split():
        place = 0
        for run in _CJK.finditer(word):
            if word[place : run.start()]:
                found.append(word[place : run.start()])
            characters = run.group()
            found += [characters[i : i + 2] for i in range(len(characters) - 1)] or [characters]
            place = run.end()
        if word[place:]:
            found.append(word[place:])
    return found


def _joined(text: str) -> str:
    return _NAME_WITH_NUMBER.sub(
        lambda name: name.group().replace("-", ""), unicodedata.normalize("NFKC", text)
    )


def content(text: str) -> list[str]:
    """The words that carry meaning, in order, each cut to its stem."""
    return [stem(word) for word in split(text) if word not in _COMMON]


def stem(word: str) -> str:
    """The beginning that the forms of a word share; numbers stay whole."""
    if any(character.isdigit() for character in word):
        return word
    return word[:_STEM_CHARACTERS]


def numbers(text: str) -> set[str]:
    """The numbers in a text, written one way: without grouping marks, so that 1,500 and 1500 are the same."""
    return {_plain(found) for found in _NUMBER.findall(unicodedata.normalize("NFKC", text))}


def names(text: str) -> set[str]:
    """The stems of words with a capital, apart from the first, and of words with several, such as NATO."""
    found = re.findall(r"[^\W_]+", _joined(text))
    return {
        stem(word.lower())
        for place, word in enumerate(found)
        if (word[0].isupper() and place) or sum(character.isupper() for character in word) > 1
        if word.lower() not in _COMMON
    }


def _plain(number: str) -> str:
    grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", number)
    return re.sub(r"[.,]", "", number) if grouped else number


def share(wanted: Iterable[str], offered: Iterable[str]) -> float:
    """How much of `wanted` occurs in `offered`, from 0 to 1; 1 when nothing is wanted."""
    wanted_once, have = set(wanted), set(offered)
    return len(wanted_once & have) / len(wanted_once) if wanted_once else 1.0


def contradict(claim: str, said: str) -> bool:
    """Whether one of two sentences denies what the other says, as far as a word such as "not" shows it.

    Told by what each denies: the word after the denial, where the other has that word and denies nothing of it.
    """
    ours, theirs = _denied(claim), _denied(said)
    return bool((ours - theirs) & set(content(said)) or (theirs - ours) & set(content(claim)))


def _denied(text: str) -> set[str]:
    """The stems of the words that follow a denial, the next that carries a meaning after each."""
    found: set[str] = set()
    denies = False
    plain_text = re.sub("n['’]t\\b", " not", _joined(text).lower())
    for word in _UNSPACED_DENIAL.sub(r" \1 ", plain_text).split():
        plain = "".join(c for c in word if unicodedata.category(c)[0] in "LNM")
        if plain in _DENIALS:
            denies = True
        elif denies and plain and plain not in _COMMON:
            found.add(stem(split(plain)[0]))
            denies = False
    return found


def asks_for_number(question: str) -> bool:
    """Whether a question is after an amount, an age, a year or the like, in the languages we know this of."""
    return bool(_ASKS_FOR_NUMBER.search(question))


def script(text: str) -> str:
    """The script that most letters of a text belong to, as Unicode names it; empty without letters."""
    found = Counter(unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha())
    if any(found[kana] for kana in ("HIRAGANA", "KATAKANA")):
        return "CJK"  # Japanese mixes three
    return found.most_common(1)[0][0] if found else ""
