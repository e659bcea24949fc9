"""Make a question of a passage, with the words that answer it: a draft for a person to confirm.

Small models often write no question, or one that the passage does not answer. So what the model wrote is measured by
rules; where it does not do, the question is made of the passage's own words with a gap in them, and is said to be.
"""

import re
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from agent_runtime import sentences, words
from agent_runtime.ports import ChatMessage, ChatModel, Sampling, TextDelta

ASKED_SENTENCES = 2
"""So many sentences of a passage the model is asked about before its words are used with a gap."""
EXAMPLES = (
    ("The library opens at nine on weekdays.", "When does the library open on weekdays?"),
    (
        "A colony needs about 15 kilograms of honey for the winter.",
        "How much honey does a colony need for the winter?",
    ),
    ("The church was painted by Anna Berg.", "Who painted the church?"),
)
"""Small models do far better when they see how it is done."""
WORDS = range(4, 31)
"""How many words a question may have; a character of a script without spaces counts as half a word."""
SHARED = 0.6
"""The share of a question's words, question words apart, that must stand in the sentence."""
GAP = "____"
_ENDS = ("?", "？", "؟")
_ASKS_WHO = re.compile(r"\b(?:who|whom|whose|wer|wem|wen|quién|qui|кто|кому|кем)\b|谁|誰", re.IGNORECASE)
_CJK = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Drafted:
    question: str
    by: Literal["model", "gap"]
    """Whether the model wrote it, or it is the passage's own words with a gap."""
    rests_on: str
    """The sentence of the passage that answers it, exactly as it stands there."""
    expected: tuple[str, ...]
    """A right answer has one of these at least: numbers or names of that sentence that the question does not say."""


async def draft(passage: str, model: ChatModel, *, besides: Collection[str] = ()) -> Drafted | None:
    """A question that this passage answers; None when nothing in it can be asked for.

    Sentences of `besides` are left out: they have their question.

    Raises:
        ModelError: there is no model, or it did not answer.
    """
    told = [
        span.text
        for span in sentences.split(passage)
        if span.text not in besides and _says_something(span.text)
    ]
    for sentence in told[:ASKED_SENTENCES]:
        written = await _ask(sentence, model)
        if _is_usable(written, sentence):
            return Drafted(written, "model", sentence, _expected(written, sentence))
    return _with_gap(told)


async def _ask(sentence: str, model: ChatModel) -> str:
    """The one line that the model writes when it is shown how others asked for a sentence."""
    shown = [
        message
        for example, question in EXAMPLES
        for message in (ChatMessage("user", f"Text: {example}"), ChatMessage("assistant", question))
    ]
    messages = [
        ChatMessage("system", "Write one short question that the text answers."),
        *shown,
        ChatMessage("user", f"Text: {' '.join(sentence.split())}"),
    ]
    written = ""
    async with aclosing(model.reply(messages, Sampling(max_tokens=48))) as parts:
        async for part in parts:
            if isinstance(part, TextDelta):
                written += part.text
                if any(end in written for end in _ENDS):
                    break
    line = next((line.strip(" *\"“”'") for line in written.splitlines() if line.strip()), "")
    return re.sub(r"^(?:question|q)\s*[:.]\s*", "", line, flags=re.IGNORECASE)


def _is_usable(question: str, sentence: str) -> bool:
    """Whether it is a question about this sentence, for a number or a person that the sentence tells.

    Of other questions rules cannot say whether the sentence answers them.
    """
    if not question.endswith(_ENDS) or _length(question) not in WORDS:
        return False
    asked = set(words.content(question))
    shared = asked & set(words.content(sentence))
    return len(shared) >= 2 and len(shared) >= SHARED * len(asked) and bool(_expected(question, sentence))


def _length(text: str) -> int:
    return len(_CJK.sub(" ", text).split()) + len(_CJK.findall(text)) // 2


def _says_something(sentence: str) -> bool:
    """A whole sentence, no row of a table, with a number or a name that can be asked for."""
    if "|" in sentence or not sentence.rstrip("\"'”’»)」』").endswith((".", "!", "。", "！", "।", "۔")):
        return False
    return _length(sentence) in range(5, 61) and bool(words.numbers(sentence) or words.names(sentence))


def _expected(question: str, sentence: str) -> tuple[str, ...]:
    """What the sentence tells of what is asked for: numbers or names that the question does not say."""
    if words.asks_for_number(question):
        return tuple(number for number in _numbers(sentence) if number not in question)
    return _names(sentence, besides=question) if _ASKS_WHO.search(question) else ()


def _numbers(sentence: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+(?:[.,:/]\d+)*", sentence))


def _names(sentence: str, *, besides: str = "") -> tuple[str, ...]:
    said, named = set(words.content(besides)), words.names(sentence)
    written = [(word, words.stem(word.lower())) for word in re.findall(r"[^\W\d_]+", sentence)[1:]]
    return tuple(word for word, stem in written if stem in named and stem not in said)


def _with_gap(told: Sequence[str]) -> Drafted | None:
    for sentence in told:
        if expected := _numbers(sentence) or _names(sentence):
            plain = " ".join(sentence.split())
            return Drafted(plain.replace(expected[0], GAP, 1), "gap", sentence, expected[:1])
    return None
