"""What contracts are told and what they answer, as bytes and back. Pure; reads the compiled artifacts once.

An `Interface` is one contract's ABI. Structs go in as tuples, in the order of Solidity, and come out as
dictionaries by field name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

ARTIFACTS = Path(__file__).parent / "contracts" / "artifacts"
_PANICS = {0x01: "an assertion failed", 0x11: "a number overflowed", 0x12: "a division by zero"}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on chain, decoded."""

    contract: str
    name: str
    arguments: Mapping[str, Any]
    block_number: int
    block_hash: str
    log_index: int
    transaction_hash: str


class Interface:
    """One contract's functions, events and errors."""

    def __init__(self, name: str, abi: Sequence[Mapping[str, Any]], bytecode: bytes) -> None:
        self.name, self.bytecode = name, bytecode
        self._functions = {entry["name"]: entry for entry in abi if entry["type"] == "function"}
        self._events = {keccak(text=_signature(e)): e for e in abi if e["type"] == "event"}
        self._errors = {keccak(text=_signature(e))[:4]: e for e in abi if e["type"] == "error"}
        none: Mapping[str, Any] = {"inputs": []}
        self._constructor = next((e for e in abi if e["type"] == "constructor"), none)

    def call(self, function: str, *arguments: Any) -> bytes:
        """The data of a call."""
        return self.selector(function) + encode(_types(self._functions[function]["inputs"]), arguments)

    def selector(self, function: str) -> bytes:
        return keccak(text=_signature(self._functions[function]))[:4]

    def result(self, function: str, data: bytes) -> Any:
        """What a call returned: the value itself where there is one, a tuple where there are more."""
        outputs = self._functions[function]["outputs"]
        values = tuple(
            _struct(output, value)
            for output, value in zip(outputs, decode(_types(outputs), data), strict=True)
        )
        return values[0] if len(values) == 1 else values

    def creation(self, *arguments: Any) -> bytes:
        """The data of the transaction that deploys the contract."""
        return self.bytecode + encode(_types(self._constructor["inputs"]), arguments)

    def event(self, topics: Sequence[str], data: str) -> tuple[str, dict[str, Any]] | None:
        """Name and arguments of a log entry; None when it is no event of this contract."""
        words = [bytes.fromhex(topic.removeprefix("0x")) for topic in topics]
        entry = self._events.get(words[0]) if words else None
        if entry is None:
            return None
        indexed = [field for field in entry["inputs"] if field["indexed"]]
        plain = [field for field in entry["inputs"] if not field["indexed"]]
        values: dict[str, Any] = {}
        for field, word in zip(indexed, words[1:], strict=True):
            values[field["name"]] = _readable(field["type"], decode([field["type"]], word)[0])
        decoded = decode(_types(plain), bytes.fromhex(data.removeprefix("0x")))
        for field, value in zip(plain, decoded, strict=True):
            values[field["name"]] = _struct(field, value)
        return entry["name"], values

    def error(self, data: bytes) -> str | None:
        """A revert in words, such as `PriceAboveLimit(price=5, maxPrice=3)`; None when it is not ours."""
        entry = self._errors.get(data[:4])
        if entry is None:
            return None
        values = decode(_types(entry["inputs"]), data[4:])
        named = (
            f"{field['name']}={_readable(field['type'], value)}"
            for field, value in zip(entry["inputs"], values, strict=True)
        )
        return f"{entry['name']}({', '.join(named)})"


@lru_cache
def interface(name: str) -> Interface:
    """The compiled contract `name`."""
    artifact = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return Interface(name, artifact["abi"], bytes.fromhex(artifact["bytecode"].removeprefix("0x")))


def revert_in_words(data: str | None, message: str, *names: str) -> str:
    """Why a contract refused, from the data of its revert, trying the errors of the contracts `names`."""
    content = bytes.fromhex(data.removeprefix("0x")) if data else b""
    if content[:4] == keccak(text="Error(string)")[:4]:
        return str(decode(["string"], content[4:])[0])
    if content[:4] == keccak(text="Panic(uint256)")[:4]:
        return _PANICS.get(decode(["uint256"], content[4:])[0], "the contract panicked")
    for name in names:
        if (words := interface(name).error(content)) is not None:
            return words
    return message


def _types(fields: Sequence[Mapping[str, Any]]) -> list[str]:
    return [collapse_if_tuple(dict(field)) for field in fields]


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(_types(entry['inputs']))})"


def _readable(kind: str, value: Any) -> Any:
    """Addresses with their checksum, bytes as `0x…`, the rest as it is."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if kind == "address":
        return to_checksum_address(value)
    if isinstance(value, tuple | list):
        inner = kind[: kind.rindex("[")] if kind.endswith("]") else ""
        return type(value)(_readable(inner, item) for item in value)
    return value


def _struct(field: Mapping[str, Any], value: Any) -> Any:
    if field["type"] == "tuple":
        return {c["name"]: _struct(c, v) for c, v in zip(field["components"], value, strict=True)}
    return _readable(field["type"], value)
