"""Read what a GGUF file says of itself, without loading it: whether we can run it, and how much memory it takes.

The file comes from anywhere. Nothing is read beyond its head, nothing is taken on trust: counts and lengths are
bounded before anything is read by them, and what is not understood is refused with words.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from agent_runtime.errors import ModelFileUnusable
from agent_runtime.models import chatml

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_FIELDS = 10_000
MAX_TENSORS = 100_000
MAX_TEXT_BYTES = 2_000_000
MAX_ITEMS = 4_000_000
MAX_HEAD_BYTES = 256_000_000
WORKING_BYTES = 150_000_000
"""What llama.cpp needs beside the weights and the window, for models of the sizes that run on such machines."""
NO_WRITERS = frozenset({"bert", "clip", "jina-bert-v2", "nomic-bert", "nomic-bert-moe", "t5encoder"})
"""Architectures that write no text: embedders and readers of images."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    30: (1, 2),
}
"""Values in a block and its bytes, for the usual kinds of weights; of others only the beginning is checked."""


@dataclass(frozen=True)
class GgufHead:
    """What matters to us of a file's head."""

    architecture: str
    name: str
    """As whoever made the file called it; may be empty."""
    trained_tokens: int
    """The window that the model was trained for."""
    file_bytes: int
    window_bytes_a_token: int
    """What each token of the window takes beside the weights."""

    def memory_bytes(self, context_tokens: int) -> int:
        """About what the model takes with such a window, or with its own where that is smaller."""
        window = min(context_tokens, self.trained_tokens) * self.window_bytes_a_token
        return self.file_bytes + window + WORKING_BYTES


def check_magic(beginning: bytes, *, name: str) -> None:
    """Refuse a file by its first bytes, before the rest of it has arrived.

    Raises:
        ModelFileUnusable: it does not begin as a GGUF file does.
    """
    if beginning[:4] != MAGIC[: len(beginning[:4])] or len(beginning) < 4:
        raise ModelFileUnusable(
            name,
            reason="it does not begin as a GGUF file does",
            advice="Models for PyTorch or in safetensors must be converted to GGUF first; most are offered so too.",
        )


def read_head(path: Path) -> GgufHead:
    """Read and judge the head of a file. Blocking; a tenth of a second for a large vocabulary.

    Raises:
        ModelFileUnusable: it is no model that can be run here; the message says why.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        check_magic(file.read(4), name=path.name)
        try:
            return _Reader(file, path.name, size).head()
        except (struct.error, UnicodeDecodeError, EOFError) as error:
            raise ModelFileUnusable(path.name, reason="its head is damaged or cut short") from error


class _Reader:
    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        self._file, self._name, self._size = file, name, size

    def head(self) -> GgufHead:
        version = self._number("I")
        if version not in VERSIONS:
            raise self._refusal(f"it is of GGUF version {version}, and 2 and 3 are read here")
        tensors, count = self._number("Q"), self._number("Q")
        if tensors > MAX_TENSORS or count > MAX_FIELDS:
            raise self._refusal("its head is damaged")
        fields: dict[str, Any] = {}
        for _ in range(count):
            key = self._text()
            value = self._value(self._number("I"), marks_only=key == "tokenizer.ggml.tokens")
            if self._file.tell() > MAX_HEAD_BYTES:
                raise self._refusal("its head is larger than any model's")
            fields[key] = value
        head = self._judged(fields)
        self._check_weights(tensors, _whole(fields.get("general.alignment")) or 32)
        return head

    def _judged(self, fields: dict[str, Any]) -> GgufHead:
        architecture = str(fields.get("general.architecture") or "")
        if fields.get("general.type", "model") != "model":
            raise self._refusal("it is no model of its own but an addition to one")
        if architecture in NO_WRITERS:
            raise self._refusal(f"it is a model of the kind {architecture!r}, which writes no text")
        if _whole(fields.get("split.count")) > 1:
            raise self._refusal(
                f"it is one of {fields['split.count']} parts",
                advice="Join them with `llama-gguf-split --merge`.",
            )
        marks = fields.get("tokenizer.ggml.tokens")
        if not architecture or not marks:
            raise self._refusal("it holds no language model")
        if not {chatml.TURN_BEGINS, chatml.TURN_ENDS} <= marks:
            raise self._refusal(
                "it does not speak ChatML, the one template that is used in process",
                advice="Choose a Qwen, SmolLM or other ChatML instruct model, or serve this one with llama-server, "
                "vLLM or Ollama and add that server.",
            )
        trained = _whole(fields.get(f"{architecture}.context_length"))
        return GgufHead(
            architecture=architecture,
            name=str(fields.get("general.name") or "")[:200],
            trained_tokens=trained or 2048,
            file_bytes=self._size,
            window_bytes_a_token=_window_bytes(fields, architecture),
        )

    def _check_weights(self, tensors: int, alignment: int) -> None:
        """Whether all the weights that the head names are there."""
        furthest = 0
        for _ in range(tensors):
            self._text()
            dimensions = self._number("I")
            if dimensions > 8:
                raise self._refusal("its head is damaged")
            values = 1
            for _ in range(dimensions):
                values *= self._number("Q")
            block, block_bytes = _BLOCKS.get(self._number("I"), (1, 0))
            furthest = max(furthest, self._number("Q") + values // block * block_bytes)
        begins = -(-self._file.tell() // alignment) * alignment
        if begins + furthest > self._size:
            raise self._refusal(
                f"it is cut short: {self._size:,} bytes of at least {begins + furthest:,}",
                advice="Fetch or send it again.",
            )

    def _value(self, kind: int, *, marks_only: bool = False) -> Any:
        """A value; of the list of tokens the set of those that are looked for, of other lists only their length."""
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _TEXT:
            return self._text()
        if kind != _LIST:
            raise self._refusal("its head is damaged")
        inner, count = self._number("I"), self._number("Q")
        if count > MAX_ITEMS:
            raise self._refusal("its head is damaged")
        if inner in _SCALARS:
            size = struct.calcsize("<" + _SCALARS[inner]) * count
            self._skip(size)
            return count
        if inner != _TEXT:
            raise self._refusal("its head is damaged")
        found: set[str] = set()
        wanted = {mark.encode(): mark for mark in (chatml.TURN_BEGINS, chatml.TURN_ENDS)}
        for _ in range(count):
            item = self._bytes()
            if marks_only and item in wanted:
                found.add(wanted[item])
        return (found | {""}) if marks_only and count else count

    def _number(self, code: str) -> Any:
        [value] = struct.unpack("<" + code, self._exactly(struct.calcsize("<" + code)))
        return value

    def _text(self) -> str:
        return self._bytes().decode()

    def _bytes(self) -> bytes:
        size = self._number("Q")
        if size > MAX_TEXT_BYTES:
            raise self._refusal("its head is damaged")
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        read = self._file.read(size)
        if len(read) < size:
            raise EOFError
        return read

    def _skip(self, size: int) -> None:
        if self._file.tell() + size > self._size:
            raise EOFError
        self._file.seek(size, 1)

    def _refusal(self, reason: str, *, advice: str = "Choose another file.") -> ModelFileUnusable:
        return ModelFileUnusable(self._name, reason=reason, advice=advice)


def _window_bytes(fields: dict[str, Any], architecture: str) -> int:
    """Two vectors of half-precision numbers in each layer; a guess of 200 kB where the head does not say."""

    def of(key: str) -> int:
        return _whole(fields.get(f"{architecture}.{key}"))

    layers, width, heads = of("block_count"), of("embedding_length"), of("attention.head_count")
    if not layers or not width or not heads:
        return 200_000
    shared = of("attention.head_count_kv") or heads
    length = of("attention.key_length") or width // heads
    return 2 * 2 * layers * shared * length


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else 0
