"""The one prompt template there is: ChatML, ours and pinned. A model file's own template is never read.

A template that travels inside a model file is a program by whoever made the file; and a document may
hold text that looks like control tokens. So the template is fixed here, and everything that is not
template is stripped of such text and turned into tokens with special parsing off.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent_runtime.ports import ChatMessage

TURN_BEGINS = "<|im_start|>"
TURN_ENDS = "<|im_end|>"
STOPS = (TURN_ENDS, TURN_BEGINS, "<|endoftext|>")
"""Written out as text by models that miss their own end."""

_ANY_SPECIAL = re.compile(
    r"<\|[^<>|]{1,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>"
)


@dataclass(frozen=True)
class Fixed:
    """Template text, in which control tokens are meant."""

    text: str


@dataclass(frozen=True)
class Untrusted:
    """Text from people, documents or models, in which nothing is a control token."""

    text: str


def render(messages: Sequence[ChatMessage], *, specials: Iterable[str] = ()) -> list[Fixed | Untrusted]:
    """The prompt in pieces, ending where the assistant is to begin."""
    known = tuple(specials)
    pieces: list[Fixed | Untrusted] = []
    for message in messages:
        pieces += [
            Fixed(f"{TURN_BEGINS}{message.role}\n"),
            Untrusted(without_specials(message.content, known)),
            Fixed(f"{TURN_ENDS}\n"),
        ]
    return [*pieces, Fixed(f"{TURN_BEGINS}assistant\n")]


def without_specials(text: str, specials: Iterable[str] = ()) -> str:
    """The text with everything that is written like a control token replaced by a space.

    `specials` are the model's own; the common ones of other families go too. Repeats until nothing is
    left, for what is inside one may join what is around it.
    """
    known = sorted({special for special in specials if special.strip()}, key=len, reverse=True)
    own = re.compile("|".join(re.escape(special) for special in known)) if known else None
    while True:
        cleaned = _ANY_SPECIAL.sub(" ", text)
        if own:
            cleaned = own.sub(" ", cleaned)
        if cleaned == text:
            return text
        text = cleaned
