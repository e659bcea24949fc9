"""What travels along edges: words, passages, and answers with their citations."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from agent_runtime.events import AnswerSentence, Citation
from agent_runtime.ports import Passage


@dataclass(frozen=True)
class Passages:
    """What a search found, best first."""

    items: tuple[Passage, ...]


@dataclass(frozen=True)
class Answer:
    """An answer with the sentences it is made of and the words it rests on."""

    text: str
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    found: bool = True
    """False when it says that nothing relevant was found."""
    quoted: bool = False
    """True when it is a quotation, because the model's own words were not supported."""


Value: TypeAlias = str | Passages | Answer


def as_text(value: Value) -> str:
    """The value as words: an answer's text, the passages' texts one after the other."""
    if isinstance(value, Passages):
        return "\n\n".join(passage.text for passage in value.items)
    return value.text if isinstance(value, Answer) else value


def as_json(value: Value) -> Any:
    """The value for the trace of a run."""
    if isinstance(value, Passages):
        return {"type": "passages", "passages": [_passage(p) for p in value.items]}
    if isinstance(value, Answer):
        return {
            "type": "answer",
            "text": value.text,
            "found": value.found,
            "quoted": value.quoted,
            "citations": [citation.model_dump(mode="json") for citation in value.citations],
            "sentences": [sentence.model_dump(mode="json") for sentence in value.sentences],
        }
    return {"type": "text", "text": value}


def _passage(passage: Passage) -> dict[str, Any]:
    fields = asdict(passage)
    del fields["pages"]
    return fields


def only_text(values: Sequence[Value]) -> str:
    """The first value as words; empty when none arrived."""
    return as_text(values[0]) if values else ""
