"""A file is judged by its head before it is taken for a model, whatever that head claims."""

import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_runtime.errors import ModelFileUnusable
from agent_runtime.models import gguf, memory
from backend.settings import Settings

from .gguf_files import a_gguf


def judged(tmp_path: Path, content: bytes) -> gguf.GgufHead:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(content)
    return gguf.read_head(path)


def test_a_head_tells_window_and_memory(tmp_path: Path) -> None:
    head = judged(tmp_path, a_gguf())
    assert (head.architecture, head.name, head.trained_tokens) == ("llama", "Tiny", 1024)
    assert head.window_bytes_a_token == 2 * 2 * 2 * 2 * 16, (
        "keys and values, 2 bytes, 2 layers, 2 heads of 16"
    )
    assert head.memory_bytes(512) < head.memory_bytes(1024) == head.memory_bytes(100_000)


def test_the_packaged_model_is_one_that_fits() -> None:
    head = gguf.read_head(Settings().llm)
    assert head.trained_tokens == 8192
    assert 90e6 < head.memory_bytes(4096) < memory.total_bytes()
    assert memory.free_bytes() <= memory.total_bytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not begin"),
        (b"GG", "does not begin"),
        (b"PK\3\4" + b"\0" * 400, "does not begin"),
        (b"GGUF" + b"\0" * 1000, "version 0"),
        (a_gguf(version=1), "version 1"),
        (a_gguf()[:200], "damaged or cut short"),
        (a_gguf(weights_bytes=3), "cut short: .* bytes of at least"),
        (a_gguf(without=["tokenizer.ggml.tokens"]), "holds no language model"),
        (a_gguf(without=["general.architecture"]), "holds no language model"),
        (a_gguf({"tokenizer.ggml.tokens": ["a", "<|im_start|>"]}), "does not speak ChatML.*add that server"),
        (a_gguf({"general.architecture": "bert"}), "writes no text"),
        (a_gguf({"general.type": "adapter"}), "addition"),
        (a_gguf({"split.count": 3}), "one of 3 parts.*Join"),
    ],
)
def test_what_is_no_model_for_us_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(ModelFileUnusable, match=f"tiny.gguf.*{reason}"):
        judged(tmp_path, content)


@pytest.mark.parametrize(
    "claim",
    [
        struct.pack("<IQQ", 3, 2**60, 1),
        struct.pack("<IQQ", 3, 1, 2**60),
        struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 2**62),
        struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 8, 2**61),
        struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 4, 4_000_000),
        struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<II", 9, 9),
        struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 1) + b"\xff" + struct.pack("<II", 4, 4),
    ],
)
def test_a_head_that_claims_more_than_there_is_takes_no_memory(tmp_path: Path, claim: bytes) -> None:
    with pytest.raises(ModelFileUnusable, match="damaged"):
        judged(tmp_path, b"GGUF" + claim)


@settings(max_examples=150)
@given(at=st.integers(4, 400), byte=st.integers(0, 255), cut=st.integers(0, 500))
def test_however_a_head_is_altered_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: int
) -> None:
    content = bytearray(a_gguf())
    content[at % len(content)] = byte
    path = tmp_path_factory.getbasetemp() / "altered.gguf"
    path.write_bytes(bytes(content[: max(0, len(content) - cut)]))
    with suppress(ModelFileUnusable):
        gguf.read_head(path)


@pytest.mark.parametrize("fields", [{"llama.context_length": 0}, {"llama.attention.head_count": 0}])
def test_what_a_head_does_not_say_is_taken_cautiously(tmp_path: Path, fields: Mapping[str, Any]) -> None:
    head = judged(tmp_path, a_gguf(fields))
    assert head.trained_tokens in (1024, 2048)
    assert head.window_bytes_a_token > 0
