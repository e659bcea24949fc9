"""What travels along edges: words, passages, answers with their citations, and named values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from pydantic import TypeAdapter

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


@dataclass(frozen=True)
class Data:
    """Named values, as a step set them or a model found them."""

    fields: Mapping[str, Any]
    """JSON by name."""


Value: TypeAlias = str | Passages | Answer | Data


def as_text(value: Value) -> str:
    """The value as words: an answer's text, the passages' texts one after the other, named values line by line."""
    if isinstance(value, Data):
        return "\n".join(f"{name}: {in_words(field)}" for name, field in value.fields.items())
    if isinstance(value, Passages):
        return "\n\n".join(passage.text for passage in value.items)
    return value.text if isinstance(value, Answer) else value


def in_words(field: Any) -> str:
    """One JSON value as a person would write it: texts bare, lists of texts line by line, numbers without `.0`."""
    if field is None:
        return ""
    if isinstance(field, str):
        return field
    if isinstance(field, float) and field.is_integer() and abs(field) < 1e15:
        return str(int(field))
    if isinstance(field, list) and all(isinstance(item, str) for item in field):
        return "\n".join(field)
    return json.dumps(field, ensure_ascii=False)


def as_json(value: Value) -> Any:
    """The value for the trace of a run."""
    if isinstance(value, Data):
        return {"type": "values", "values": dict(value.fields)}
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
    return asdict(passage)


_PASSAGES = TypeAdapter(tuple[Passage, ...])
_SENTENCES = TypeAdapter(tuple[AnswerSentence, ...])
_CITATIONS = TypeAdapter(tuple[Citation, ...])


def from_json(written: Any) -> Value:
    """Undo `as_json`; what a person changed in between is checked like anything that comes from outside.

    Raises:
        ValueError: it is no value of a run.
    """
    match written:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "values", "values": dict(fields)}:
            return Data(fields)
        case {"type": "passages", "passages": list(items)}:
            return Passages(_PASSAGES.validate_python(items))
        case {"type": "answer", "text": str(text)}:
            sentences = _SENTENCES.validate_python(written.get("sentences", []))
            if any(text[each.start : each.end] != each.text for each in sentences):
                raise ValueError("its sentences are not those of its text")
            return Answer(
                text=text,
                sentences=sentences,
                citations=_CITATIONS.validate_python(written.get("citations", [])),
                found=bool(written.get("found", True)),
                quoted=bool(written.get("quoted", False)),
            )
    raise ValueError("this is no text, no passages, no answer and no named values")


def is_object(text: str) -> bool:
    """Whether a text is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def only_text(values: Sequence[Value]) -> str:
    """The first value as words; empty when none arrived."""
    return as_text(values[0]) if values else ""
