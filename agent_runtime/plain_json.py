"""Values of a run as plain JSON and back. Only what is named here is ever built from bytes.

Plain JSON stays what it is. Everything else is an object whose one extra field, "!", names its sort; a mapping that
has such a field itself, or keys that are no text, is written as pairs. An unknown sort is refused, never guessed.
"""

import base64
import dataclasses
import json
from typing import Any

from pydantic import BaseModel

from agent_runtime.events import AnswerSentence, Citation, LeftOutPassage
from agent_runtime.node_kinds.values import Answer, Data, Passages
from agent_runtime.ports import NotReady, NotReadyDocument, PageSpan, Passage, Ranks

SORT = "!"
RECORDS: dict[str, type[Any]] = {
    "answer": Answer,
    "citation": Citation,
    "data": Data,
    "left_out_passage": LeftOutPassage,
    "not_ready": NotReady,
    "not_ready_document": NotReadyDocument,
    "page_span": PageSpan,
    "passage": Passage,
    "passages": Passages,
    "ranks": Ranks,
    "sentence": AnswerSentence,
}
"""Our own values by the name they are stored under; a name stays when a class is renamed."""
_NAMES = {cls: name for name, cls in RECORDS.items()}


class NotPlain(ValueError):
    """The value is of a sort that is not stored, or the bytes hold a sort that is not built."""


def encode(value: Any) -> bytes:
    """Raises NotPlain for a value of a sort that is not stored."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def decode(stored: bytes) -> Any:
    """Raises NotPlain when the bytes are not what `encode` writes."""
    try:
        return _built(json.loads(stored))
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise NotPlain("These bytes are no stored value of a run.") from error


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str() if type(value) in (type(None), bool, int, float, str):
            return value
        case list() if type(value) is list:
            return [_plain(item) for item in value]
        case tuple() if type(value) is tuple:
            return {SORT: "tuple", "items": [_plain(item) for item in value]}
        case set() | frozenset():
            return {SORT: "set", "items": sorted((_plain(item) for item in value), key=json.dumps)}
        case bytes():
            return {SORT: "bytes", "base64": base64.b64encode(value).decode()}
        case BaseException():  # its message may hold a document's words, and nobody reads it from here
            return {SORT: "error", "name": type(value).__name__}
        case dict():
            if SORT in value or not all(type(key) is str for key in value):
                return {SORT: "pairs", "items": [[_plain(key), _plain(item)] for key, item in value.items()]}
            return {key: _plain(item) for key, item in value.items()}
    if name := _NAMES.get(type(value)):
        return {SORT: name, "fields": {key: _plain(item) for key, item in _fields(value).items()}}
    raise NotPlain(f"A run cannot keep a {type(value).__name__}: add it to agent_runtime/plain_json.py.")


def _fields(value: Any) -> dict[str, Any]:
    names = type(value).model_fields if isinstance(value, BaseModel) else _dataclass_fields(value)
    return {name: getattr(value, name) for name in names}


def _dataclass_fields(value: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(value)]


def _built(value: Any) -> Any:
    if isinstance(value, list):
        return [_built(item) for item in value]
    if not isinstance(value, dict):
        return value
    if SORT not in value:
        return {key: _built(item) for key, item in value.items()}
    match value[SORT]:
        case "tuple":
            return tuple(_built(item) for item in value["items"])
        case "set":
            return {_built(item) for item in value["items"]}
        case "bytes":
            return base64.b64decode(value["base64"], validate=True)
        case "error":
            return str(value["name"])
        case "pairs":
            return {_built(key): _built(item) for key, item in value["items"]}
        case name:
            return RECORDS[name](**{key: _built(item) for key, item in value["fields"].items()})
