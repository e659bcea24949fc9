"""Put values into a text that a person wrote: `{{question}}` becomes the question, and that is all.

No loops, no conditions, no attributes: what is not the name of a value in double braces stays as it is,
and a value that itself holds braces is not looked at again.
"""

import re
from collections.abc import Collection, Mapping

from agent_runtime.errors import ValueUnfit

MAX_CHARACTERS = 1_000_000
"""Of what comes out: a template may name a long value many times."""
_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")


def insert(template: str, values: Mapping[str, str]) -> str:
    """The template with each `{{name}}` replaced by its value; unknown names become nothing.

    Raises:
        ValueUnfit: it would be too long to be meant.
    """
    length = len(template) + sum(len(values.get(name, "")) for name in _PLACE.findall(template))
    if length > MAX_CHARACTERS:
        raise ValueUnfit(
            f"A text with its values put in would have over {MAX_CHARACTERS:,} characters: insert less."
        )
    return _PLACE.sub(lambda place: values.get(place.group(1), ""), template)


def names(template: str) -> list[str]:
    """The names a template inserts, in order, each once."""
    return list(dict.fromkeys(_PLACE.findall(template)))


def unknown(template: str, known: Collection[str]) -> list[str]:
    """The names a template inserts that nothing will fill."""
    return [name for name in names(template) if name not in known]
