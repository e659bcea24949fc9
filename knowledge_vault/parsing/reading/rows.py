"""CSV, TSV, JSON: one record a line, each value behind its name, so that a line makes sense on its own."""

import csv
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from knowledge_vault.errors import DocumentTooLarge, DocumentUnreadable
from knowledge_vault.parsing.parsed import Parsed
from knowledge_vault.parsing.reading.text import decode_stream
from knowledge_vault.values import Limits

_MOST_FIELD = 1_000_000
_SAMPLE = 20_000


def read_csv(pieces: Iterable[bytes], *, name: str, limits: Limits) -> Parsed:
    """The rows that fit into the limit of text; a remark says how many when there are more.

    Reads piece by piece: what it holds does not grow with the file.
    """
    csv.field_size_limit(_MOST_FIELD)
    lines: list[str] = []
    length = 0
    try:
        for line in _records(decode_stream(pieces, name)):
            if length + len(line) >= limits.text_characters:
                remark = (
                    f"It has more text than the {limits.text_characters:,} characters that one document may have: "
                    f"only its first {len(lines):,} rows were taken in. Split it to have them all."
                )
                return Parsed("\n".join(lines), (), "rows", remarks=(remark,))
            lines.append(line)
            length += len(line) + 1
    except csv.Error as error:
        raise DocumentUnreadable(name, reason=f"its rows cannot be told apart ({error})") from error
    return Parsed("\n".join(lines), (), "rows")


def _records(texts: Iterator[str]) -> Iterator[str]:
    sample = ""
    for text in texts:
        sample += text
        if len(sample) >= _SAMPLE:
            break
    rows = csv.reader(_lines(itertools.chain([sample], texts)), _dialect(sample[:_SAMPLE]))
    header = [cell.strip() for cell in next(rows, [])]
    is_empty = True
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        named = [
            f"{header[column]}: {cell}" if column < len(header) and header[column] else cell
            for column, cell in enumerate(cells)
            if cell
        ]
        if named:
            is_empty = False
            yield "; ".join(named)
    if is_empty and any(header):
        yield "; ".join(cell for cell in header if cell)


def _dialect(sample: str) -> type[csv.Dialect]:
    try:
        return csv.Sniffer().sniff(sample, delimiters=",;\t|")
    except csv.Error:
        return csv.excel_tab if "\t" in sample.partition("\n")[0] else csv.excel


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Lines with their newlines; one longer than any field may be is handed on in parts, for `csv` to refuse."""
    rest = ""
    for text in texts:
        whole, newline, last = (rest + text).rpartition("\n")
        if newline:
            for line in whole.split("\n"):
                yield line + "\n"
            rest = last
        else:
            rest = last
            if len(rest) > 2 * _MOST_FIELD:
                yield rest
                rest = ""
    if rest:
        yield rest


def read_json(text: str, *, name: str, limits: Limits) -> Parsed:
    """A list of records becomes a line a record; anything else a line a value, behind the path to it.

    Raises:
        DocumentUnreadable: not JSON.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise DocumentUnreadable(name, reason=f"it is not well-formed JSON ({error})") from error
    if isinstance(value, list) and value and all(_is_flat(item) for item in value):
        return _gathered(map(_flat_line, value), name, limits)
    return _gathered(_paths(value, ""), name, limits)


def read_json_lines(text: str, *, name: str, limits: Limits) -> Parsed:
    """A line a record. Raises as `read_json`, naming the line."""

    def lines() -> Iterator[str]:
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError as error:
                raise DocumentUnreadable(
                    name, reason=f"its line {number:,} is not well-formed JSON ({error})"
                ) from error
            yield _flat_line(value) if _is_flat(value) else "; ".join(_paths(value, ""))

    return _gathered(lines(), name, limits)


def _gathered(lines: Iterable[str], name: str, limits: Limits) -> Parsed:
    kept: list[str] = []
    length = 0
    for line in lines:
        if line:
            kept.append(line)
            length += len(line) + 1
        if length > limits.text_characters:
            raise DocumentTooLarge(
                name, reason=f"its values make more than {limits.text_characters:,} characters of text"
            )
    return Parsed("\n".join(kept), (), "rows")


def _is_flat(value: Any) -> bool:
    return isinstance(value, dict) and not any(isinstance(each, dict | list) for each in value.values())


def _flat_line(value: dict[str, Any]) -> str:
    shown = ((key, _shown(each)) for key, each in value.items())
    return "; ".join(f"{_shown(key)}: {text}" for key, text in shown if text)


def _paths(value: Any, path: str) -> Iterator[str]:
    """A line a value, depth first; no recursion, so that no nesting is too deep."""
    waiting: list[tuple[str, Any]] = [(path, value)]
    while waiting:
        place, each = waiting.pop()
        if isinstance(each, dict):
            waiting += reversed(
                [(f"{place}.{key}" if place else str(key), item) for key, item in each.items()]
            )
        elif isinstance(each, list):
            if each and not any(isinstance(item, dict | list) for item in each):
                yield f"{place}: " + ", ".join(text for item in each if (text := _shown(item)))
            else:
                waiting += reversed(
                    [(f"{place}[{number}]", item) for number, item in enumerate(each, start=1)]
                )
        elif text := _shown(each):
            yield f"{place}: {text}" if place else text


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else " ".join(str(value).split())
