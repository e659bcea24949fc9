"""Make a question of a passage, with the words that answer it: a draft for a person to confirm.

Small models often write no question, or one that the passage does not answer. So what the model wrote is measured by
rules; where it does not do, the question is made of the passage's own words with a gap in them, and is said to be.
"""

import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from agent_runtime import sentences, words
from agent_runtime.ports import ChatMessage, ChatModel, Sampling, TextDelta

READ_CHARACTERS = 900
WORDS = range(4, 31)
"""How many words a question may have; a character of a script without spaces counts as half a word."""
SHARED = 0.5
"""The share of a question's words, question words apart, that must stand in the passage."""
GAP = "____"
_ENDS = ("?", "？", "؟")
_CJK = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True)
class Drafted:
    question: str
    by: Literal["model", "gap"]
    """Whether the model wrote it, or it is the passage's own words with a gap."""
    rests_on: str
    """The sentence of the passage that answers it, exactly as it stands there."""
    expected: tuple[str, ...]
    """Words that a right answer has: numbers and names of that sentence that the question does not say."""


async def draft(passage: str, model: ChatModel) -> Drafted | None:
    """A question that this passage answers; None when nothing in it can be asked for.

    Raises:
        ModelError: there is no model, or it did not answer.
    """
    told = [span.text for span in sentences.split(passage) if _says_something(span.text)]
    if not told:
        return None
    written = await _ask(passage[:READ_CHARACTERS], model)
    if written and (rests_on := _answer_to(written, told)):
        return Drafted(written, "model", rests_on, _news(written, rests_on))
    return _with_gap(told)


async def _ask(passage: str, model: ChatModel) -> str | None:
    """What the model asks about a passage, where that is a question about it."""
    messages = [
        ChatMessage("system", "Write one short question that the text answers."),
        ChatMessage("user", f"Text:\n{passage}\n\nQuestion:"),
    ]
    written = ""
    async with aclosing(model.reply(messages, Sampling(max_tokens=48))) as parts:
        async for part in parts:
            if isinstance(part, TextDelta):
                written += part.text
                if any(end in written for end in _ENDS):
                    break
    line = next((line.strip(" *\"“”'") for line in written.splitlines() if line.strip()), "")
    line = re.sub(r"^(?:question|q)\s*[:.]\s*", "", line, flags=re.IGNORECASE)
    return line if _is_usable(line, passage) else None


def _is_usable(question: str, passage: str) -> bool:
    if not question.endswith(_ENDS) or _length(question) not in WORDS:
        return False
    asked = set(words.content(question))
    return len(asked) >= 2 and words.share(asked, words.content(passage)) >= SHARED


def _length(text: str) -> int:
    return len(_CJK.sub(" ", text).split()) + len(_CJK.findall(text)) // 2


def _says_something(sentence: str) -> bool:
    return _length(sentence) in range(5, 61) and bool(words.numbers(sentence) or words.names(sentence))


def _answer_to(question: str, told: Sequence[str]) -> str | None:
    """The sentence that shares most with the question and says something that it does not."""
    asked = words.content(question)
    best = max(told, key=lambda sentence: words.share(asked, words.content(sentence)))
    is_about = words.share(asked, words.content(best)) >= SHARED
    return best if is_about and _news(question, best) else None


def _news(question: str, sentence: str) -> tuple[str, ...]:
    """Numbers of the sentence that the question does not say; else its names."""
    numbers = [found for found in re.findall(r"\d+(?:[.,:/]\d+)*", sentence) if found not in question]
    if numbers:
        return (numbers[0],)
    asked = set(words.content(question))
    named = words.names(sentence)
    return tuple(
        word
        for word in re.findall(r"[^\W\d_]+", sentence)[1:]
        if words.stem(word.lower()) in named and words.stem(word.lower()) not in asked
    )[:2]


def _with_gap(told: Sequence[str]) -> Drafted | None:
    for sentence in told:
        if expected := _news("", sentence):
            plain = " ".join(sentence.split())
            return Drafted(plain.replace(expected[0], GAP, 1), "gap", sentence, expected[:1])
    return None
