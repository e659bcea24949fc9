"""Put values into addresses, forms, headers and JSON, each encoded for the place it goes to.

A value stays inside the place that the builder gave it: in an address it can change neither the host nor the path
around it, in JSON neither the names nor the shape, in a header no line. What cannot be made to fit is refused.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from agent_runtime.errors import ValueUnfit
from agent_runtime.insertion import insert, names
from agent_runtime.node_kinds.values import in_words

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")
_BARE = "\ue000"
"""Stands before the name of a value that is to be JSON itself; a template cannot hold it."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"),
        *("keep-alive", "accept-encoding", "idempotency-key", "cookie", "forwarded", "via"),
    }
)
_SECRETS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "x-auth-token"})
MAX_URL_CHARACTERS = 8_000
MAX_HEADER_CHARACTERS = 4_000

Values = Mapping[str, str]


def find_address_fault(template: str) -> str | None:
    """What keeps a template from being an address into which values can be put, in words."""
    if _BARE in template or any(c.isspace() or not c.isprintable() for c in _PLACE.sub("", template)):
        return "An address has no spaces or line breaks: write %20 for a space."
    before, _ = _split(template)
    if names(before):
        return (
            "Values may stand only after the host, as in https://api.example.org/{{name}}: "
            "otherwise whoever writes the value would choose who is asked."
        )
    try:
        parts = urlsplit(_PLACE.sub("x", template))
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return "It is no well-formed address: write it as in https://api.example.org/weather."
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "An address begins with https:// and a host, as in https://api.example.org/weather."
    if "@" in parts.netloc:
        return "Leave name and password out of the address: save them as a secret and choose it below."
    if "#" in template:
        return "Leave out what follows #: it is not sent."
    return None


def address(template: str, values: Values) -> str:
    """The address with its values percent-encoded.

    Raises:
        ValueUnfit: a value would change which place is asked.
    """
    before, rest = _split(template)
    path, mark, query = rest.partition("?")
    segments = []
    for segment in path.split("/"):
        filled = _encoded(segment, values)
        if segment != filled and filled in ("", ".", ".."):
            name = names(segment)[0]
            raise ValueUnfit(
                f"“{name}” stands in the address of a web service and is "
                + ("empty" if filled == "" else f"{filled!r}")
                + ", which would lead to another place. Nothing was sent."
            )
        segments.append(filled)
    url = before + "/".join(segments) + mark + _encoded(query, values)
    if len(url) > MAX_URL_CHARACTERS:
        raise ValueUnfit(
            f"The address of a web service would have over {MAX_URL_CHARACTERS:,} characters: insert less, or send "
            "the text in the body."
        )
    return url


def form(template: str, values: Values) -> str:
    """A form such as `a={{x}}&b=1`, its values percent-encoded."""
    return _encoded(template, values)


def _split(template: str) -> tuple[str, str]:
    """Scheme and host as they stand, and the rest."""
    found = re.match(r"[^/?#]*//[^/?#\\]*", template)
    end = found.end() if found else 0
    return template[:end], template[end:]


def _encoded(template: str, values: Values) -> str:
    return insert(template, {name: quote(value, safe="") for name, value in values.items()})


def is_header_name(name: str) -> bool:
    return bool(_HEADER_NAME.fullmatch(name)) and name.lower() not in _OURS


def find_header_fault(name: str, value: str) -> str | None:
    """What keeps a header from being sent, in words."""
    if not _HEADER_NAME.fullmatch(name):
        return f"{name[:60]!r} cannot be the name of a header: letters, digits and - such as X-Request-Kind."
    if name.lower() in _OURS or name.lower().startswith(("proxy-", "sec-", "x-forwarded-")):
        return f"The header {name} is not for a step to set: remove it."
    if name.lower() in _SECRETS:
        return f"Do not write keys into the header {name}: save a secret, and choose it in this step."
    if not _is_plain(_PLACE.sub("", value)):
        return f"The header {name} may hold letters, digits and signs of ASCII in one line."
    return None


def header(name: str, template: str, values: Values) -> str:
    """A header's value, with values inserted.

    Raises:
        ValueUnfit: a value holds a line break or letters that a header cannot carry.
    """
    filled = insert(template, values).strip()
    if not _is_plain(filled) or len(filled) > MAX_HEADER_CHARACTERS:
        raise ValueUnfit(
            f"A value for the header {name} holds line breaks or letters outside of ASCII, or is too long. "
            "Nothing was sent: send it in the body instead."
        )
    return filled


def _is_plain(text: str) -> bool:
    return all(" " <= character <= "~" for character in text)


def find_json_fault(template: str) -> str | None:
    """What keeps a template from being JSON into which values can be put, in words."""
    try:
        tree = _read(template)
    except ValueUnfit as error:
        return str(error)
    for key in _keys(tree):
        if _PLACE.search(key) or _BARE in key:
            return f"A value cannot be a name in JSON: write the name at {key.replace(_BARE, '')[:40]!r} out."
    return None


def json_with(template: str, values: Mapping[str, Any]) -> Any:
    """JSON with values put in: as text where they stand in quotes, as what they are where they stand bare.

    Raises:
        ValueUnfit: the template is no JSON.
    """
    said = {name: in_words(value) for name, value in values.items()}
    return _filled(_read(template), values, said)


def _read(template: str) -> Any:
    if _BARE in template:
        raise ValueUnfit("It holds a character that cannot be sent: remove it.")
    try:
        return json.loads(_with_bare_marked(template))
    except (ValueError, RecursionError) as error:
        raise ValueUnfit(
            'It is not JSON: check commas and quotes. An example: {"city": "{{text}}", "days": 3}'
        ) from error


def _with_bare_marked(template: str) -> str:
    """Names outside of quotes become quoted marks, so that what is left is JSON."""
    parts: list[str] = []
    place, in_text = 0, False
    while place < len(template):
        character = template[place]
        if in_text and character == "\\":
            parts.append(template[place : place + 2])
            place += 2
            continue
        if character == '"':
            in_text = not in_text
        elif not in_text and (found := _PLACE.match(template, place)):
            parts.append(json.dumps(_BARE + found.group(1)))
            place = found.end()
            continue
        parts.append(character)
        place += 1
    return "".join(parts)


def _filled(tree: Any, values: Mapping[str, Any], said: Values) -> Any:
    if isinstance(tree, dict):
        return {key: _filled(inner, values, said) for key, inner in tree.items()}
    if isinstance(tree, list):
        return [_filled(inner, values, said) for inner in tree]
    if isinstance(tree, str):
        return values.get(tree[1:]) if tree.startswith(_BARE) else insert(tree, said)
    return tree


def _keys(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield key
            yield from _keys(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _keys(inner)
