"""Small GGUF files, right and wrong, without any weights worth the name."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

TOKENS = ["a", "b", "<|im_start|>", "<|im_end|>"]
FIELDS: Mapping[str, Any] = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "llama.context_length": 1024,
    "llama.block_count": 2,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.scores": [0.5, 0.5, 0.5, 0.5],
    "tokenizer.ggml.tokens": TOKENS,
}


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def value(item: Any) -> bytes:
    if isinstance(item, str):
        return struct.pack("<I", 8) + text(item)
    if isinstance(item, bool):
        return struct.pack("<I?", 7, item)
    if isinstance(item, int):
        return struct.pack("<II", 4, item)
    if isinstance(item, list) and item and isinstance(item[0], str):
        return struct.pack("<IIQ", 9, 8, len(item)) + b"".join(text(each) for each in item)
    assert isinstance(item, list)
    return struct.pack("<IIQ", 9, 6, len(item)) + b"".join(struct.pack("<f", each) for each in item)


def a_gguf(
    fields: Mapping[str, Any] | None = None,
    *,
    without: Sequence[str] = (),
    version: int = 3,
    weights_bytes: int = 4 * 32,
) -> bytes:
    """A head with one tensor of 32 numbers, and so many bytes behind it."""
    told = {name: each for name, each in {**FIELDS, **(fields or {})}.items() if name not in without}
    head = b"GGUF" + struct.pack("<IQQ", version, 1, len(told))
    head += b"".join(text(name) + value(each) for name, each in told.items())
    head += text("token_embd.weight") + struct.pack("<IQIQ", 1, 32, 0, 0)
    head += b"\0" * (-len(head) % 32)
    return head + b"\1" * weights_bytes
